/** Something that is read from the server, kept, and read again. */
import { refusal, type Refused } from '../api/client';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<Refused | null>(null);
  isLoading = $state(false);
  private turn = 0;
  private due: ReturnType<typeof setTimeout> | undefined;
  private dueAt = 0;

  constructor(private readonly read: () => Promise<T>) {}

  /** Reads it; an answer that was overtaken by a later question is not taken. */
  refresh = async (): Promise<void> => {
    clearTimeout(this.due);
    this.due = undefined;
    this.turn += 1;
    const turn = this.turn;
    this.isLoading = true;
    try {
      const data = await this.read();
      if (turn !== this.turn) return;
      this.data = data;
      this.error = null;
    } catch (error) {
      if (turn === this.turn) this.error = refusal(error);
    } finally {
      if (turn === this.turn) this.isLoading = false;
    }
  };

  /** Reads it a little later: many wishes in that time are one question, the most urgent counts. */
  soon(ms: number): void {
    const at = Date.now() + ms;
    if (this.due !== undefined && this.dueAt <= at) return;
    clearTimeout(this.due);
    this.dueAt = at;
    this.due = setTimeout(() => void this.refresh(), ms);
  }

  stop(): void {
    clearTimeout(this.due);
    this.due = undefined;
    this.turn += 1;
  }
}
