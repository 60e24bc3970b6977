/** Another timeline to lay beside one: of the same execution at another moment, or of another
 * execution of the plan. */
import { executions } from '../api/calls';
import type { Execution, Timeline } from '../api/types';
import { compared, thenOf, type Beside, type Compared } from '../fold/beside';
import { timed, type Interval, type Timed } from '../fold/gantt';
import { Resource } from './resource.svelte';

interface Other {
  timeline: Timeline;
  /** When it began, where it is another execution. */
  began: string | null;
}

export class Comparison {
  readonly other: Resource<Other>;
  private readonly spans: Timed[] = $derived.by(() => timed(this.other.data?.timeline.tasks ?? []));

  constructor(
    readonly beside: Beside,
    id: string,
  ) {
    this.other = new Resource(() => read(beside, id));
  }

  /** The tasks of the other one by this one's clock. */
  tasks(began: string | null): Map<string, Interval> {
    const other = this.other.data?.began ?? null;
    const shift =
      this.beside.of !== 'execution' || other === null || began === null
        ? 0
        : Date.parse(began) - Date.parse(other);
    return thenOf(this.spans, shift);
  }

  /** What is different; none while it is on its way. */
  against(now: readonly Timed[], then: ReadonlyMap<string, Interval>): Compared | null {
    return this.other.data === null ? null : compared(now, then);
  }
}

async function read(beside: Beside, id: string): Promise<Other> {
  switch (beside.of) {
    case 'now':
      return { timeline: await executions.timeline(id), began: null };
    case 'moment':
      return { timeline: await executions.timeline(id, beside.at), began: null };
    case 'execution': {
      const [timeline, execution] = await Promise.all([
        executions.timeline(beside.id),
        executions.get(beside.id),
      ]);
      return { timeline, began: execution.started_at ?? null };
    }
  }
}

/** With what an execution can be compared. */
export interface Choice {
  value: string;
  word: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BACK: { ms: number; word: string }[] = [
  { ms: 10 * MINUTE, word: '10 minutes ago' },
  { ms: HOUR, word: 'an hour ago' },
  { ms: 24 * HOUR, word: 'a day ago' },
  { ms: 7 * 24 * HOUR, word: 'a week ago' },
];

/** The moments of an execution that can be gone back to. */
export function momentsOf(execution: Execution, isPast: boolean, now: number): Choice[] {
  if (isPast) return [{ value: 'now', word: 'now' }];
  const begun = execution.started_at ?? null;
  const first = begun ? [{ value: begun, word: 'when it began' }] : [];
  const age = now - Date.parse(execution.created_at);
  const back = BACK.filter(({ ms }) => ms < age).map(({ ms, word }) => ({
    value: new Date(now - ms).toISOString(),
    word,
  }));
  return [...first, ...back];
}
