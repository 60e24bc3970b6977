// What each client is put through against a real server; prints what came of it as JSON.

import { Client, Job, type Json, Problem, Release, Unreachable, Worker, WorkFailed } from "./planexe-ax.ts";

const AGENT = "worker_typescript";
const SUBTASKS = [
  { subtask_id: "s1", title: "First", action: "scenario" },
  {
    subtask_id: "s2",
    title: "Second",
    action: "scenario",
    depends_on: ["s1"],
    retry_policy: { max_attempts: 3, backoff: "fixed", backoff_seconds: 0 },
  },
];
const TASKS = [{ task_id: "t1", title: "Task", subtasks: SUBTASKS }];
const PLAN = { goal: "Try a client", phases: [{ phase_id: "p1", name: "Phase", tasks: TASKS }] };

/** What happened to the tasks, in order, from a stream that is let go and resumed. */
async function events(client: Client, id: string): Promise<string[]> {
  const told: string[] = [];
  let after = 0;
  for (;;) {
    let taken = 0;
    for await (const frame of client.follow(id, after)) {
      if (frame.type === "event") {
        after = frame.position;
        taken += 1;
        if (frame.task_id) told.push(`${frame.event_type} ${frame.task_id}`);
        if (frame.event_type === "execution_completed") return told;
      }
      if (taken === 3) break;
    }
  }
}

const client = new Client(process.env.AX_URL, process.env.AX_KEY);
const agent = { agent_id: AGENT, name: "Worker", capabilities: ["scenario"] };
const first = await client.registerAgent(agent, { key: "typescript-registers" });
const again = await client.registerAgent(agent, { key: "typescript-registers" });
const own = client.withKey(first.api_key);
const planId = (await client.importPlan({ ...PLAN, plan_id: "plan_typescript" })).plan_id;
const completed = (await client.start(planId, { execution_id: "typescript_completed" })).execution_id;
const seen: Json = { same: first.position === again.position, attempts: 0, handed_on: null };
const status = async (id: string): Promise<string> => (await client.execution(id)).status;

async function work(job: Job): Promise<Json> {
  if (job.task.task_id === "s1") {
    job.progress(50, { half: true });
    return { found: 23 };
  }
  seen.attempts = job.task.attempt;
  if (job.task.attempt === 1) throw new WorkFailed("not yet", { errorType: "timeout", retryable: true });
  seen.handed_on = job.task.context.outputs.s1.found;
  return { done: true };
}

const isCompleted = async (): Promise<boolean> => (await status(completed)) === "COMPLETED";
await new Worker(own, AGENT, work, { waitSeconds: 1 }).run(isCompleted);
seen.refused = await client.execution("nobody").catch((error) => (error instanceof Problem ? error.code : null));
seen.events = await events(client, completed);

const cancelled = (await client.start(planId, { execution_id: "typescript_cancelled" })).execution_id;

async function waitForTheEnd(job: Job): Promise<Json> {
  await client.move(cancelled, "CANCELLED", { reason: "the scenario wants it" });
  if (!job.signal.aborted) {
    await new Promise((told) => job.signal.addEventListener("abort", told));
  }
  seen.told_to_stop = true;
  throw new Release();
}

const worker = new Worker(own, AGENT, waitForTheEnd, { waitSeconds: 5, heartbeatMs: 50 });
while (!(await worker.step())) {
  // There is work at once: this goes round where the first poll came too early.
}
seen.statuses = [await status(completed), await status(cancelled)];
const nobody = new Client("http://127.0.0.1:9", undefined, 1).execution("nobody");
seen.unreachable = await nobody.then(() => false).catch((error) => error instanceof Unreachable);
console.log(JSON.stringify(seen));
