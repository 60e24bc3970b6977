/** What there is to see: executions in every state, agents, blockers. Used for the screenshots. */
import { House, plan } from './house.mjs';

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
  if (large) {
    await make('large', 'Restore the records of three hundred instruments', [6, 10, 5]);
    await run('large', 'large-1', { agent_id: 'ada' });
  }
}

if (process.argv[1]?.endsWith('seed.mjs')) {
  const house = new House(process.argv[2]);
  await house.start();
  await seed(house, { large: true });
  console.log(house.url);
  process.on('SIGTERM', () => void house.end().then(() => process.exit(0)));
}
