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
  | { view: 'own'; id: string }
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
  agents: (query: Query = {}) => address('/agents', query),
  agent: (id: string) => `/agents/${part(id)}`,
  /** A plan that an agent brought. */
  own: (id: string, query: Query = {}) => address(`/agent-plans/${part(id)}`, query),
  auditor: (id: string | null = null, query: Query = {}) =>
    address(id === null ? '/auditor' : `/auditor/${part(id)}`, query),
  operator: (query: { tab?: TabOfOperator } & Query = {}) => address('/operator', query),
  login: () => '/login',
} as const;

export type TableOfWorkspace = 'executions' | 'plans' | 'agents' | 'blockers' | 'feed';
export type TableOfExecution = 'tasks' | 'blockers' | 'feed' | 'events';
export type FileFormat = 'csv' | 'json';

/** The addresses of files that the server makes. */
export const file = {
  workspace: (of: TableOfWorkspace, format: FileFormat) => address('/api/export', { of, format }),
  execution: (id: string, of: TableOfExecution, format: FileFormat) =>
    address(`/api/executions/${part(id)}/export`, { of, format }),
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
    case 'agent-plans':
      return id === null ? { view: 'nowhere' } : { view: 'own', id };
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
