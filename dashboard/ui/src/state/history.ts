/** The whole story of an execution, in order: what the auditor steps through. */
import { executions, PAGE } from '../api/calls';
import type { RecordedEvent } from '../api/types';

/** How many events are stepped through at most; further back, the address names a version. */
const EVENTS_MAX = 20_000;

export async function eventsOf(id: string): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await executions.events(id, { order: 'asc', limit: PAGE, cursor });
    all.push(...page.events);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && all.length < EVENTS_MAX);
  return all;
}
