/** How an execution gets on beside its plan. */
import type { Timeline } from '../api/types';

export interface Pace {
  /** How much of the planned work is done, and how much should be by now, of 100. */
  done: number;
  due: number;
  /** How much later than planned the whole is to be expected; less than nothing: sooner. */
  slipMs: number;
  likelyEndAt: string;
}

/** Weighs each task by its estimate; none where there is nothing to weigh, or it did not begin. */
export function paceOf({ tasks, forecast }: Timeline, now: number): Pace | null {
  let [all, done, due] = [0, 0, 0];
  for (const { planned_ms, planned_start_at, ended_at } of tasks) {
    all += planned_ms;
    if (ended_at) done += planned_ms;
    const start = planned_start_at ? Date.parse(planned_start_at) : Number.NaN;
    if (!Number.isNaN(start)) due += Math.min(Math.max(now - start, 0), planned_ms);
  }
  if (all === 0) return null;
  const share = (it: number): number => Math.round((it / all) * 100);
  const { slip_ms: slipMs, likely_end_at: likelyEndAt } = forecast;
  return { done: share(done), due: share(due), slipMs, likelyEndAt };
}

/** How many there were in each of so many equal parts of a time. */
export function buckets(moments: readonly number[], from: number, to: number, count: number) {
  const found = new Array<number>(count).fill(0);
  const width = Math.max((to - from) / count, 1);
  for (const at of moments) {
    if (at < from || at > to) continue;
    const place = Math.min(Math.floor((at - from) / width), count - 1);
    found[place] = (found[place] ?? 0) + 1;
  }
  return found;
}
