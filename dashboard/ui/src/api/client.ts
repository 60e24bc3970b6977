/** The way to the server: every call, its refusals as one kind of error. */
import createClient from 'openapi-fetch';
import type { paths } from './schema';
import type { Problem } from './types';

/** The server said no, or nothing. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }

  get isUnreachable(): boolean {
    return this.problem.status === 0;
  }
}

const proof: { csrf: string | null } = { csrf: null };

/** What every write of a session sends. */
export function setProof(csrf: string | null): void {
  proof.csrf = csrf;
}

/** Told when a call is refused since nobody is logged in. */
export const onUnauthorized: { tell: () => void } = { tell: () => {} };

/** The position of this page's last write: what it reads next must show it. */
const written: { position: number | undefined } = { position: undefined };

/** What a read waits for; nothing when another moment is read, or nothing was written. */
export function afterWrite(as_of?: string): { min_position?: number } {
  return as_of === undefined && written.position !== undefined
    ? { min_position: written.position }
    : {};
}

export const api = createClient<paths>({ baseUrl: location.origin });

api.use({
  onRequest({ request }) {
    if (request.method === 'GET') return request;
    if (proof.csrf !== null) request.headers.set('AX-CSRF', proof.csrf);
    const isRehearsal = new URL(request.url).searchParams.get('dry_run') === 'true';
    const isPlain = /\/(session|tickets|links)$/.test(new URL(request.url).pathname);
    if (!isRehearsal && !isPlain) request.headers.set('Idempotency-Key', crypto.randomUUID());
    return request;
  },
  onResponse({ request, response }) {
    const position = Number(response.headers.get('ax-position'));
    if (request.method !== 'GET' && response.ok && position > (written.position ?? 0)) {
      written.position = position;
    }
  },
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What the server answered; what it refused is thrown. */
export async function ok<T>(call: Promise<Answered<T>>): Promise<T> {
  return (await okAt(call)).data;
}

/** The same, with the position of the log that the answer shows. */
export async function okAt<T>(call: Promise<Answered<T>>): Promise<{ data: T; position: number }> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused(unreachable());
  }
  if (answered.response.ok) {
    const position = Number(answered.response.headers.get('ax-position'));
    return { data: answered.data as T, position };
  }
  if (answered.response.status === 401) onUnauthorized.tell();
  throw new Refused(problemOf(answered.error, answered.response));
}

function unreachable(): Problem {
  return {
    type: 'about:blank',
    title: 'The server cannot be reached',
    status: 0,
    code: 'unreachable',
    detail: 'The server does not answer. This page comes back by itself when it does.',
    instance: '',
    request_id: '',
    retryable: true,
  };
}

function problemOf(said: unknown, response: Response): Problem {
  const request_id = response.headers.get('x-request-id') ?? '';
  const known = typeof said === 'object' && said !== null && 'code' in said;
  if (known)
    return { ...(said as Problem), request_id: (said as Problem).request_id || request_id };
  return {
    type: 'about:blank',
    title: response.statusText || 'The request failed',
    code: 'unknown',
    status: response.status,
    detail: `The server answered ${response.status}.`,
    instance: '',
    request_id,
    retryable: response.status >= 500,
  };
}

/** What went wrong, whatever was thrown. */
export function refusal(error: unknown): Refused {
  if (error instanceof Refused) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Refused({ ...unreachable(), title: 'The page made a mistake', code: 'page', detail });
}
