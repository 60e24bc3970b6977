// A client of PlanExe-AX: commands and questions, live streams, and an agent's loop of work. Nothing
// beyond fetch. Every write bears an idempotency key, so that it can be sent again when its answer
// was lost, and counts once.

export type Json = Record<string, any>;
export type Verdict = "ok" | "pause" | "cancel" | "lost" | "reset";

/** What is wished of a write. */
export interface Terms {
  key?: string;
  reason?: string;
  dryRun?: boolean;
}

/** A task in an agent's hands. */
export interface Task extends Json {
  execution_id: string;
  task_id: string;
  lease: string;
  attempt: number;
}

const URL_OF_SERVER = "http://127.0.0.1:8000";
/** How long an answer may take, beside what was asked to be waited for. */
const ANSWER_MS_MAX = 30_000;
/** How long a stream may be silent: a server says something every 15 seconds. */
const SILENCE_MS_MAX = 45_000;
/** What is waited before something is sent again, the first time; it doubles. */
const WAIT_MS = 200;
const WAIT_MS_MAX = 10_000;
/** How long an event of a stream may be. */
const EVENT_CHARS_MAX = 8 * 1024 * 1024;

/** The server refused: `code` is a stable word, `detail` says what is wrong this time. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors: Json[];
  readonly nextActions: string[];
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, told: Json, retryAfter: string | null) {
    super(told.detail || told.title || told.code);
    this.name = "Problem";
    this.status = status;
    this.code = told.code ?? "";
    this.detail = told.detail ?? "";
    this.requestId = told.request_id ?? "";
    this.errors = told.errors ?? [];
    this.nextActions = told.next_actions ?? [];
    this.retryable = told.retryable === true || status === 429;
    const seconds = Number(retryAfter ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  }
}

/** Nobody answers, or what answers is no server of this kind. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** Thrown by whoever works: the task failed. */
export class WorkFailed extends Error {
  readonly how: { errorType?: string; retryable?: boolean; needsPerson?: boolean };

  constructor(message: string, how: { errorType?: string; retryable?: boolean; needsPerson?: boolean } = {}) {
    super(message);
    this.how = how;
  }
}

/** Thrown by whoever works: the task cannot go on before somebody helps. */
export class Blocked extends Error {
  readonly suggestions: string[];

  constructor(message: string, suggestions: string[] = []) {
    super(message);
    this.suggestions = suggestions;
  }
}

/** Thrown by whoever works: the task is given back. */
export class Release extends Error {}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The way to a server. */
export class Client {
  readonly url: string;
  #key: string | undefined;
  #triesMax: number;
  /** The position of the last write: what is read afterwards has seen it. */
  #written = 0;

  constructor(url = URL_OF_SERVER, key?: string, triesMax = 5) {
    const parsed = new URL(url);
    if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
      throw new TypeError(`${url} is no address of a server`);
    }
    this.url = url.replace(/\/+$/, "");
    this.#key = key;
    this.#triesMax = triesMax;
  }

  /** The same, with another key; with this one's, where there is none. */
  withKey(key: string | null | undefined): Client {
    return new Client(this.url, key ?? this.#key, this.#triesMax);
  }

  // What people ask and command.

  registerAgent(agent: Json, terms: Terms = {}): Promise<Json> {
    return this.write("POST", ["api", "agents"], agent, terms);
  }

  importPlan(plan: Json, terms: Terms = {}): Promise<Json> {
    return this.write("POST", ["api", "plans"], plan, terms);
  }

  start(planId: string, wish: Json = {}, terms: Terms = {}): Promise<Json> {
    return this.write("POST", ["api", "executions"], { plan_id: planId, ...wish }, terms);
  }

  async execution(id: string, query: Json = {}): Promise<Json> {
    return await this.#told("GET", ["api", "executions", id], this.#seen(query));
  }

  async tasks(id: string, query: Json = {}): Promise<Json> {
    return await this.#told("GET", ["api", "executions", id, "tasks"], this.#seen(query));
  }

  /** Moves an execution. */
  move(id: string, status: "PAUSED" | "RUNNING" | "CANCELLED", terms: Terms = {}): Promise<Json> {
    return this.write("PATCH", ["api", "executions", id], { status }, terms);
  }

  async blockers(id: string): Promise<Json[]> {
    const told = await this.#told("GET", ["api", "executions", id, "blockers"], this.#seen({}));
    return told.blockers.filter((blocker: Json) => blocker.is_open);
  }

  resolve(id: string, blockerId: string, resolution: string, way: Json = {}): Promise<Json> {
    const path = ["api", "executions", id, "blockers", blockerId, "resolve"];
    return this.write("POST", path, { resolution, ...way });
  }

  // What agents do.

  /** Work; null when there is none. Who asks again gets the same again. */
  async work(agentId: string, waitSeconds = 0, query: Json = {}): Promise<Json | null> {
    const wait = waitSeconds > 0 ? `${Math.floor(waitSeconds)}s` : undefined;
    const path = ["api", "agents", agentId, "work"];
    const told = await this.ask("GET", path, undefined, { wait, ...query }, undefined, waitSeconds * 1000);
    return told?.work_available ? told : null;
  }

  /** Keeps leases alive; what the server says of each, by the lease. */
  async heartbeat(agentId: string, ...leases: Json[]): Promise<Map<string, Verdict>> {
    const told = await this.ask("POST", ["api", "agents", agentId, "heartbeat"], { leases });
    return new Map((told?.leases ?? []).map((one: Json) => [one.lease, one.verdict]));
  }

  report(agentId: string, task: Task, eventType: string, said: Json = {}): Promise<Json> {
    const named = { event_type: eventType, agent_id: agentId, task_id: task.task_id };
    const body = { ...named, ...said, ...(task.lease ? { lease: task.lease } : {}) };
    return this.write("POST", ["api", "executions", task.execution_id, "events"], body);
  }

  // What happens, live.

  /** What happens to an execution, frame by frame, also after the server was away. */
  async *follow(id: string, after?: number): AsyncGenerator<Json> {
    let losses = 0;
    let hasBegun = false;
    for (;;) {
      const silence = new Silence();
      try {
        const query = { after };
        const answer = await this.#open("GET", ["api", "executions", id, "stream"], undefined, query, undefined, silence.signal);
        for await (const [position, frame] of frames(answer, silence)) {
          after = position ?? after;
          losses = 0;
          hasBegun = true;
          yield frame;
        }
      } catch (error) {
        const mayComeBack = error instanceof Problem ? error.retryable : true;
        if (!hasBegun || !mayComeBack) {
          throw error instanceof Problem ? error : this.#unreachable(error);
        }
      } finally {
        silence.end();
      }
      losses += 1;
      await sleep(Math.min(WAIT_MS * 2 ** Math.min(losses - 1, 10), WAIT_MS_MAX));
    }
  }

  // How it is sent.

  /** Writes; the same key and body count once, however often they are sent. */
  async write(method: string, path: string[], body?: Json, terms: Terms = {}): Promise<Json> {
    const query = { reason: terms.reason, dry_run: terms.dryRun ? "true" : undefined };
    const key = terms.key ?? crypto.randomUUID();
    const told = (await this.ask(method, path, body, query, key)) ?? {};
    this.#written = Math.max(this.#written, told.position ?? 0);
    return told;
  }

  /** Sends a request until it is answered, refused for good, or patience is at its end. */
  async ask(method: string, path: string[], body?: Json, query: Json = {}, key?: string, waitMs = 0): Promise<Json | null> {
    let pause = WAIT_MS;
    for (let tries = 1; ; tries += 1) {
      let wait = pause;
      try {
        const limit = AbortSignal.timeout(ANSWER_MS_MAX + waitMs);
        const answer = await this.#open(method, path, body, query, key, limit);
        const text = await answer.text();
        return text === "" ? null : this.#parsed(text);
      } catch (error) {
        if (error instanceof Problem) {
          if (!error.retryable || tries >= this.#triesMax) throw error;
          wait = error.retryAfterMs ?? pause;
        } else if (error instanceof Unreachable || error instanceof RangeError) {
          throw error;
        } else if (tries >= this.#triesMax) {
          throw this.#unreachable(error);
        }
      }
      await sleep(Math.min(wait, WAIT_MS_MAX));
      pause = Math.min(pause * 2, WAIT_MS_MAX);
    }
  }

  async #told(method: string, path: string[], query: Json): Promise<Json> {
    const told = await this.ask(method, path, undefined, query);
    if (told === null) throw new Unreachable(`what answers at ${this.url} is no ax server`);
    return told;
  }

  #seen(query: Json): Json {
    const isElsewhen = query.as_of !== undefined || this.#written === 0;
    return isElsewhen ? query : { min_position: this.#written, ...query };
  }

  #parsed(text: string): Json {
    try {
      return JSON.parse(text);
    } catch {
      throw new Unreachable(`what answers at ${this.url} is no ax server`);
    }
  }

  #unreachable(error: unknown): Unreachable {
    return new Unreachable(`no server answers at ${this.url}`, { cause: error });
  }

  async #open(method: string, path: string[], body: Json | undefined, query: Json, key: string | undefined, signal: AbortSignal): Promise<Response> {
    if (path.some((part) => part === "" || part === "." || part === "..")) {
      throw new RangeError(`${path.join("/")} holds what cannot be an id`);
    }
    const address = new URL(`${this.url}/${path.map(encodeURIComponent).join("/")}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
    }
    const headers = new Headers({ Accept: "application/json" });
    if (this.#key) headers.set("Authorization", `Bearer ${this.#key}`);
    if (key) headers.set("Idempotency-Key", key);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const sent = body === undefined ? null : JSON.stringify(body);
    // A key goes to the server that it is meant for, and nowhere else: no redirect is followed.
    const answer = await fetch(address, { method, headers, body: sent, signal, redirect: "manual" });
    if (answer.ok) return answer;
    const text = await answer.text();
    let told: Json;
    try {
      told = JSON.parse(text);
    } catch {
      throw new Unreachable(`what answers at ${this.url} is no ax server: ${answer.status}`);
    }
    throw new Problem(answer.status, told, answer.headers.get("Retry-After"));
  }
}

/** Ends a stream on which nothing is heard for too long. */
class Silence {
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), SILENCE_MS_MAX);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

/** The frames of an open stream, each with its position. */
async function* frames(answer: Response, silence: Silence): AsyncGenerator<[number | undefined, Json]> {
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    silence.heard();
    text += value;
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop() ?? "";
    if (text.length > EVENT_CHARS_MAX) throw new Unreachable("an event of the stream has no end");
    for (const event of events) {
      const lines = event.split(/\r?\n/);
      const field = (name: string): string[] =>
        lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      const data = field("data").join("\n");
      const id = field("id")[0];
      if (data !== "") yield [id === undefined ? undefined : Number(id), JSON.parse(data)];
    }
  }
}

/** A task in the hands of whoever works on it. */
export class Job {
  readonly task: Task;
  verdict: Verdict = "ok";
  /** Aborted when the work is to stop at once: give it to `fetch` and the like. */
  readonly signal: AbortSignal;
  #far: Json = {};

  constructor(task: Task, signal: AbortSignal) {
    this.task = task;
    this.signal = signal;
  }

  /** Says how far the work is; the next sign of life carries it. */
  progress(percent: number, checkpoint?: Json): void {
    this.#far = { ...this.#far, progress_percent: percent, ...(checkpoint ? { checkpoint } : {}) };
  }

  beat(): Json {
    return { lease: this.task.lease, ...this.#far };
  }
}

/** How an agent works. */
export interface WorkerOptions {
  waitSeconds?: number;
  heartbeatMs?: number;
  leaseSeconds?: number;
}

/**
 * An agent's loop: claim a task, keep it alive, report what came of it, stop when told to.
 *
 * What `work` returns is the task's output; it throws `WorkFailed`, `Blocked` or `Release` where
 * there is none.
 */
export class Worker {
  #client: Client;
  #agentId: string;
  #work: (job: Job) => Promise<Json>;
  #options: WorkerOptions;

  constructor(client: Client, agentId: string, work: (job: Job) => Promise<Json>, options: WorkerOptions = {}) {
    this.#client = client;
    this.#agentId = agentId;
    this.#work = work;
    this.#options = options;
  }

  /** Works until somebody says that it is done; this is asked between two tasks. */
  async run(isDone: () => boolean | Promise<boolean> = () => false): Promise<void> {
    while (!(await isDone())) await this.step();
  }

  /** Carries one task out, where there is one; says whether there was. */
  async step(): Promise<boolean> {
    const { waitSeconds = 25, leaseSeconds } = this.#options;
    const told = await this.#client.work(this.#agentId, waitSeconds, { lease_seconds: leaseSeconds });
    if (told === null) {
      await sleep(WAIT_MS);
      return false;
    }
    const task = told.next_task as Task;
    if (told.force_cancel || told.force_pause) {
      await this.#report(task, "task_released", {});
    } else if (await this.#report(task, "task_started", {})) {
      await this.#carryOut(task);
    }
    return true;
  }

  async #carryOut(task: Task): Promise<void> {
    const stop = new AbortController();
    const job = new Job(task, stop.signal);
    const done = new AbortController();
    const keeping = this.#keep(job, stop, done.signal);
    let [eventType, said]: [string, Json] = ["task_released", {}];
    try {
      [eventType, said] = ["task_complete", { output_data: await this.#work(job) }];
    } catch (error) {
      [eventType, said] = whyNot(error);
    } finally {
      done.abort();
      await keeping;
    }
    if (job.verdict === "cancel") [eventType, said] = ["task_released", {}];
    if (job.verdict !== "lost" && job.verdict !== "reset") await this.#report(task, eventType, said);
  }

  /** Gives signs of life until the work is done, or is to stop. */
  async #keep(job: Job, stop: AbortController, done: AbortSignal): Promise<void> {
    const isDone = new Promise<void>((tell) => done.addEventListener("abort", () => tell()));
    while (!done.aborted) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const pause = new Promise<void>((tell) => {
        timer = setTimeout(tell, this.#options.heartbeatMs ?? 20_000);
      });
      await Promise.race([isDone, pause]);
      clearTimeout(timer);
      if (done.aborted) return;
      try {
        const verdicts = await this.#client.heartbeat(this.#agentId, job.beat());
        job.verdict = verdicts.get(job.task.lease) ?? "ok";
      } catch (error) {
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
        continue;
      }
      if (job.verdict === "cancel" || job.verdict === "lost" || job.verdict === "reset") {
        stop.abort();
        return;
      }
    }
  }

  /** Reports; says whether it counts: it does not where the task is another's by now. */
  async #report(task: Task, eventType: string, said: Json): Promise<boolean> {
    try {
      await this.#client.report(this.#agentId, task, eventType, said);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status === 409) return false;
      throw error;
    }
  }
}

/** What is reported of work that came to nothing. */
function whyNot(error: unknown): [string, Json] {
  if (error instanceof Blocked) {
    return ["task_blocked", { message: error.message, suggestions: error.suggestions }];
  }
  if (error instanceof WorkFailed) {
    const { errorType = "error", retryable, needsPerson = false } = error.how;
    const said = { error_type: errorType, error_message: error.message, human_review_required: needsPerson };
    return ["task_error", retryable === undefined ? said : { ...said, retryable }];
  }
  if (error instanceof Release || (error instanceof Error && error.name === "AbortError")) {
    return ["task_released", {}];
  }
  throw error;
}
