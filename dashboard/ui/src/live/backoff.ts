/** How long to wait before connecting again. */

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;

/** Doubles with each failure; a little chance keeps many pages from coming at once. */
export function wait(failures: number, chance: number): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(whole * (0.8 + 0.4 * chance));
}
