/** A server of its own for each run: started, asked, restarted, stopped. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** The root of the repository. */
export const ROOT = process.env.AX_ROOT
  ? pathToFileURL(`${process.env.AX_ROOT}/`)
  : new URL('../../../', import.meta.url);

export class House {
  constructor(program, { demo = false } = {}) {
    this.program = program;
    this.demo = demo;
    this.folder = mkdtempSync(join(tmpdir(), 'ax-e2e-'));
    this.key = null;
    this.listen = '127.0.0.1:0';
  }

  async start() {
    const args = ['serve', '--listen', this.listen, '--log', 'error'];
    const env = {
      ...process.env,
      AX_DATA_DIR: this.folder,
      AX_DEMO: String(this.demo),
      AX_AUDIT_CHECKPOINT_SECONDS: '1',
      AX_RATES_AGENT_REQUESTS_PER_MINUTE: '0',
      AX_RATES_FAILED_LOGINS_PER_MINUTE: '0',
    };
    delete env.DATABASE_URL;
    this.child = spawn(this.program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.gone = new Promise((resolve) => this.child.on('exit', resolve));
    const lines = createInterface({ input: this.child.stdout });
    const first = await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      this.child.once('error', reject);
      this.child.once('exit', (code) => reject(new Error(`ax ended with ${code}`)));
    });
    this.url = first.slice(first.indexOf('http://')).trim();
    this.listen = this.url.replace('http://', '');
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    await this.gone;
  }

  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async ask(method, path, body, expected = null) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    const answer = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (expected === null ? !answer.ok : answer.status !== expected) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return text === '' ? null : JSON.parse(text);
  }

  get(path) {
    return this.ask('GET', path);
  }
  post(path, body) {
    return this.ask('POST', path, body);
  }

  agent(agent_id, more = {}) {
    return this.post('/api/agents/register', {
      agent_id,
      name: agent_id,
      capabilities: ['do'],
      ...more,
    });
  }

  /** Takes work until there is none, or so often; gives what was taken. */
  async work(agent_id, report, times = 1_000) {
    for (let at = 0; at < times; at += 1) {
      const answer = await fetch(`${this.url}/api/agents/${agent_id}/work`);
      if (answer.status === 204) return at;
      const work = await answer.json();
      const said = await report(work.next_task, work, at);
      if (said === null) return at;
      await this.report(work.execution_id, agent_id, {
        task_id: work.next_task.task_id,
        lease: work.next_task.lease,
        ...said,
      });
    }
    return times;
  }

  report(execution, agent_id, body) {
    return this.post(`/api/executions/${execution}/events`, { agent_id, ...body });
  }
}

/** A plan of some phases, tasks and steps. */
export function plan(plan_id, title, sizes, more = {}) {
  const [phases, tasks, steps] = sizes;
  const words = ['Collect', 'Check', 'Draft', 'Review', 'Send', 'Measure', 'Compare', 'Summarise'];
  const things = [
    'the list of addresses',
    'what was agreed',
    'the first version',
    'the figures',
    'the invitations',
    'the site',
    'the answers',
    'the risks',
  ];
  const range = (count) => Array.from({ length: count }, (_, at) => at);
  return {
    plan_id,
    goal: title,
    ...more,
    phases: range(phases).map((p) => ({
      phase_id: `p${p}`,
      name: `Phase ${p + 1}: ${['Discover', 'Prepare', 'Build', 'Try out', 'Deliver'][p % 5]}`,
      tasks: range(tasks).map((t) => ({
        task_id: `p${p}_t${t}`,
        title: `${words[(p + t) % 8]} ${things[(p * 3 + t) % 8]}`,
        estimated_hours: 1 + (t % 3),
        assignee_role: 'Analyst',
        prerequisites: t > 0 ? [`p${p}_t${t - 1}`] : p > 0 ? [`p${p - 1}_t0`] : [],
        subtasks: range(steps).map((s) => ({
          subtask_id: `p${p}_t${t}_s${s}`,
          title: `${words[(t + s * 3) % 8]} ${things[(s + t * 5 + p) % 8]}`,
          action: 'do',
          params: {},
        })),
      })),
    })),
    risks: [
      {
        risk_id: 'r1',
        description: 'The address list is out of date',
        mitigation: 'Call before writing',
      },
    ],
    roles_required: ['Analyst', 'Reviewer'],
  };
}

/** A plan in which nothing waits for anything. */
export function wide(plan_id, [phases, tasks, steps]) {
  const range = (count) => Array.from({ length: count }, (_, at) => at);
  return {
    plan_id,
    goal: `${phases * tasks * steps} things`,
    phases: range(phases).map((p) => ({
      phase_id: `p${p}`,
      name: `Phase ${p + 1}`,
      tasks: range(tasks).map((t) => ({
        task_id: `p${p}_t${t}`,
        title: `Task ${t + 1} of phase ${p + 1}`,
        estimated_hours: 1 + (t % 5),
        subtasks: range(steps).map((s) => ({
          subtask_id: `p${p}_t${t}_s${s}`,
          title: `Step ${s + 1} of task ${t + 1}`,
          action: 'do',
          params: {},
        })),
      })),
    })),
  };
}
