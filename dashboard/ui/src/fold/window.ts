/** Virtual rows: which of many rows are in sight. */

/** How many rows beyond the edge are drawn too. */
const BEYOND = 6;

export interface Slice {
  first: number;
  last: number;
  /** The height of what lies before. */
  above: number;
}

/** The rows in sight; those that are taller than others are named with their height. */
export function inSight(
  count: number,
  rowHeight: number,
  scrolled: number,
  height: number,
  tall: ReadonlyMap<number, number> = new Map(),
): Slice {
  const tops = [...tall.entries()].sort(([a], [b]) => a - b);
  const topOf = (row: number): number =>
    tops.reduce((sum, [at, own]) => (at < row ? sum + own - rowHeight : sum), row * rowHeight);
  const rowAt = (y: number): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (topOf(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const first = Math.max(0, rowAt(Math.max(0, scrolled)) - BEYOND);
  const last = Math.min(count, rowAt(Math.max(0, scrolled + height)) + 1 + BEYOND);
  return { first, last, above: topOf(first) };
}
