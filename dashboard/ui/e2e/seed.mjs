/** What there is to see: executions in every state, agents, blockers. Used for the screenshots. */
import { House, plan, wide } from './house.mjs';

export async function seed(house, { large = false } = {}) {
  await house.agent('larry', {
    name: 'Larry the Laptop Lobster',
    role: 'Business development',
    capabilities: ['do', 'send_email'],
  });
  await house.agent('ada', { name: 'Ada', role: 'Research', capabilities: ['do', 'search'] });
  await house.agent('mark', {
    name: 'Mark',
    role: 'Business analyst',
    kind: 'human',
    capabilities: ['interview'],
  });
  const make = (id, title, sizes, more) => house.post('/api/plans', plan(id, title, sizes, more));
  await make('breeder', "Develop a breeder management system for Carol's farm", [3, 3, 3]);
  await make('tea', 'Open a tea shop on the web', [2, 2, 2]);
  await make('survey', 'Survey of the membership, spring edition', [2, 3, 2]);
  await make('garden', 'Plan the community garden', [4, 5, 3]);
  const run = (plan_id, execution_id, more = {}) =>
    house.post('/api/executions', { plan_id, execution_id, ...more });

  await run('tea', 'tea-1', { agent_id: 'ada' });
  await house.work('ada', () => ({
    event_type: 'task_complete',
    output_data: { ok: true, words: 120 },
  }));
  await run('survey', 'survey-1', { agent_id: 'ada' });
  await house.work('ada', () => ({ event_type: 'task_complete', message: 'done, 42 answers' }), 5);
  await house.ask('PATCH', '/api/executions/survey-1', {
    status: 'PAUSED',
    reason: 'The questionnaire is being translated',
  });
  await run('garden', 'garden-1', { agent_id: 'ada', labels: ['spring'] });
  await house.work('ada', (task, _, at) => (at === 21 ? null : { event_type: 'task_complete' }));
  const held = await house.get('/api/agents/ada/work');
  await house.report('garden-1', 'ada', {
    event_type: 'task_progress',
    task_id: held.next_task.task_id,
    lease: held.next_task.lease,
    progress_percent: 40,
    message: 'Seven of the twelve beds are measured',
  });
  await run('breeder', 'breeder-1', { agent_id: 'larry' });
  await house.work(
    'larry',
    (task, _, at) =>
      at < 4
        ? { event_type: 'task_complete', message: 'Found what was needed' }
        : {
            event_type: 'task_error',
            error_type: 'external_dependency_blocked',
            error_message: "Carol's email bounced. The address seems to be invalid.",
            human_review_required: true,
            suggestions: [
              'Verify the contact via the map listing, or call directly',
              'Write to the farm by post',
            ],
          },
    5,
  );
  await run('tea', 'tea-2', { start: false });
  await run('survey', 'survey-0', { start: false });
  await house.ask('PATCH', '/api/executions/survey-0', {
    status: 'CANCELLED',
    reason: 'Last year’s questionnaire',
  });
  await seedOwn(house);
  await seedReviews(house);
  if (large) {
    await make('large', 'Restore the records of three hundred instruments', [6, 10, 5]);
    await run('large', 'large-1', { agent_id: 'ada' });
    await house.post('/api/plans', wide('huge', [10, 50, 10]));
    await run('huge', 'huge-1', { agent_id: 'ada' });
  }
}

/** A plan that a machine broke down, in a workspace where people look at everything. */
export async function seedReviews(house) {
  const capabilities = ['conduct_interview', 'send_email', 'draft_document', 'make_payment', 'do'];
  await house.agent('vera', { name: 'Vera', role: 'Organiser', capabilities });
  // Surer than any rule is.
  await house.ask('PATCH', '/api/workspace', { policy: { confidence_permille_min: 950 } });
  const task = (task_id, title, more = {}) => ({ task_id, title, estimated_hours: 4, ...more });
  const unsure = [
    ['interview', 'Interview Carol about the workflow'],
    ['contract', 'Negotiate the contract with Carol'],
    ['neighbours', 'Interview the neighbours'],
  ];
  await house.post('/api/plans', {
    plan_id: 'visit',
    title: 'Visit the farm',
    goal: 'See how the farm works, and agree on what we do together.',
    metadata: {
      decisions: [
        { title: 'Who goes along?', owner: 'Ana', decide_by: 'the week before' },
        { title: 'Do we bring the contract?', options: ['Yes', 'Only a draft'] },
      ],
    },
    phases: [
      {
        phase_id: 'before',
        name: 'Before',
        tasks: [
          ...unsure.map(([task_id, title]) => task(task_id, title)),
        ],
      },
      {
        phase_id: 'there',
        name: 'There',
        tasks: [
          task('walk', 'Walk around', { description: 'Everything that is outdoors.' }),
          task('sign', 'Sign the agreement', { approval: 'Carol agrees to the draft' }),
        ],
      },
    ],
    risks: [{ risk_id: 'r1', description: 'Rain', mitigation: 'Bring boots' }],
    roles_required: ['Organiser', 'Driver'],
  });
  for (const [task_id, title] of unsure) {
    await house.post('/api/agents/vera/decompose', {
      task: { task_id, title },
      plan_context: { plan_id: 'visit' },
    });
  }
}

/** A plan that an agent brought, at its second step; gives its id. */
export async function seedOwn(house) {
  await house.agent('claude', { name: 'Claude', role: 'Research', capabilities: ['search'] });
  const step = (number, action, description, more = {}) => ({
    step: number,
    action,
    description,
    estimated_duration: 30 * number,
    ...more,
  });
  const { id } = await house.post('/api/agent-plans', {
    agent_id: 'claude',
    task_id: 'first-principles',
    plan_type: 'research',
    reasoning: 'Research the methodology before anything is written',
    steps: [
      step(1, 'search', 'Search for frameworks of first principles'),
      step(2, 'read', 'Read the five that are cited most'),
      step(3, 'compare', 'Compare what they have in common', { dependencies: [1, 2] }),
      step(4, 'write', 'Write the summary'),
    ],
  });
  await house.ask('PATCH', `/api/agent-plans/${id}`, { current_step: 2 });
  const log = (body) => house.post(`/api/agent-plans/${id}/logs`, body);
  await log({
    step_number: 1,
    action_type: 'complete_step',
    description: 'Found fifteen frameworks, of which five are cited often',
    after_state: { found: 15, cited: 5 },
    agent_confidence: 0.95,
  });
  await log({ step_number: 2, action_type: 'add_note', description: 'Read the first five pages' });
  const remember = (context_type, context_key, context_value) =>
    house.ask('PUT', '/api/context', {
      plan_id: id,
      agent_id: 'claude',
      context_type,
      context_key,
      context_value,
    });
  await remember('research', 'origin', 'Aristotle calls them the first basis of what is known');
  await remember('decisions', 'scope', 'Five frameworks are enough for a summary');
  return id;
}

if (process.argv[1]?.endsWith('seed.mjs')) {
  const house = new House(process.argv[2]);
  await house.start();
  await seed(house, { large: true });
  console.log(house.url);
  process.on('SIGTERM', () => void house.end().then(() => process.exit(0)));
}
