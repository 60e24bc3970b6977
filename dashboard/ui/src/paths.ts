/** Every address of the dashboard, and back: the one place that knows them. */

export type TabOfExecution = 'tasks' | 'timeline' | 'activity' | 'risks';
export type TabOfOperator = 'windows' | 'webhooks' | 'keys' | 'metrics';

export type Place =
  | { view: 'executions' }
  | { view: 'execution'; id: string }
  | { view: 'plans' }
  | { view: 'plan'; id: string }
  | { view: 'inbox' }
  | { view: 'agents' }
  | { view: 'agent'; id: string }
  | { view: 'auditor'; id: string | null }
  | { view: 'operator' }
  | { view: 'login' }
  | { view: 'nowhere' };

type Query = Record<string, string | number | null | undefined>;

/** Puts an address together; what is null stands nowhere. */
export function address(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') words.set(name, String(value));
  }
  const text = words.toString();
  return text === '' ? path : `${path}?${text}`;
}

const part = encodeURIComponent;

export const to = {
  executions: (query: Query = {}) => address('/executions', query),
  execution: (id: string, query: { tab?: TabOfExecution; task?: string } & Query = {}) =>
    address(`/executions/${part(id)}`, query),
  plans: (query: Query = {}) => address('/plans', query),
  plan: (id: string) => `/plans/${part(id)}`,
  inbox: (query: Query = {}) => address('/inbox', query),
  agents: () => '/agents',
  agent: (id: string) => `/agents/${part(id)}`,
  auditor: (id: string | null = null, query: Query = {}) =>
    address(id === null ? '/auditor' : `/auditor/${part(id)}`, query),
  operator: (query: { tab?: TabOfOperator } & Query = {}) => address('/operator', query),
  login: () => '/login',
} as const;

/** The place that a path names. */
export function placeOf(path: string): Place {
  const [first = '', second, third] = path
    .split('/')
    .filter((it) => it !== '')
    .map(decoded);
  if (third !== undefined) return { view: 'nowhere' };
  const id = second ?? null;
  switch (first) {
    case '':
    case 'executions':
      return id === null ? { view: 'executions' } : { view: 'execution', id };
    case 'plans':
      return id === null ? { view: 'plans' } : { view: 'plan', id };
    case 'agents':
      return id === null ? { view: 'agents' } : { view: 'agent', id };
    case 'auditor':
      return { view: 'auditor', id };
    case 'inbox':
    case 'operator':
    case 'login':
      return id === null ? { view: first } : { view: 'nowhere' };
    default:
      return { view: 'nowhere' };
  }
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
