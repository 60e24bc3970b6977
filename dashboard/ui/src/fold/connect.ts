/** The lines by which an agent is connected: to be copied into a terminal. */

export interface Connection {
  origin: string;
  id: string;
  /** Actions, with commas between. */
  actions: string;
  /** Its key, or what stands for it; none where the server has no keys. */
  key: string | null;
}

/** A line for each step, by what it does. */
export interface Step {
  what: string;
  line: string;
}

/** What a shell takes as one word, whatever stands in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function actionsOf(text: string): string[] {
  return text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
}

/** Makes itself known, asks for work, says that it is done. */
export function steps({ origin, id, actions, key }: Connection): Step[] {
  const ask = (path: string) => quoted(`${origin}/api${path}`);
  const shown = key === null ? '' : ` \\\n  -H ${quoted(`Authorization: Bearer ${key}`)}`;
  const json = (value: unknown): string =>
    ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(value))}`;
  const known = { agent_id: id, name: id, capabilities: actionsOf(actions) };
  const done = { agent_id: id, task_id: 'TASK', lease: 'LEASE', event_type: 'task_complete' };
  const work = `/agents/${encodeURIComponent(id)}/work?wait=30`;
  return [
    {
      what: 'It makes itself known',
      line: `curl -X POST ${ask('/agents/register')}${shown}${json(known)}`,
    },
    { what: 'It asks for work, and waits up to 30 s for some', line: `curl ${ask(work)}${shown}` },
    {
      what: 'It says that the task is done, with what the answer named',
      line: `curl -X POST ${ask('/executions/EXECUTION/events')}${shown}${json(done)}`,
    },
  ];
}
