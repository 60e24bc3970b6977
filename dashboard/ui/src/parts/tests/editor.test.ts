// @vitest-environment happy-dom
/** A person breaks a task down by hand. */
import { flushSync } from 'svelte';
import { expect, test, vi } from 'vitest';
import PartsEditor from '../PartsEditor.svelte';
import { button, draw, press, textOf, write } from './drawn';

const drafts = () => [
  { id: 't_1', title: 'Call', action: 'call', params: '', after: '', kept: { timeout_hours: 2 } },
];
const settled = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 0));
  flushSync();
};

function editor(send: ReturnType<typeof vi.fn>, close = vi.fn()) {
  const props = { task_id: 't', title: 'Visit', drafts: drafts(), send: send as never, close };
  return { shown: draw(PartsEditor, props), close };
}

test('another part waits for the one before it, and what is wrong keeps it from being sent', () => {
  const { shown } = editor(vi.fn());
  press(shown, 'Another part');
  expect(button(shown, 'Keep these parts').disabled).toBe(true);
  expect(textOf(shown)).toContain('needs a title');
  write(shown, 'Title of part 2', 'Write');
  expect(button(shown, 'Keep these parts').disabled).toBe(false);
  write(shown, 'Parameters of part 2', '{"to": ');
  expect(textOf(shown)).toContain('no JSON object');
});

test('what is sent is what was edited, with what was not', async () => {
  const send = vi.fn().mockResolvedValue({});
  const { shown, close } = editor(send);
  press(shown, 'Another part');
  write(shown, 'Title of part 2', 'Write');
  write(shown, 'Action of part 2', 'send_email');
  shown.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await settled();
  expect(send).toHaveBeenCalledWith(
    [
      { subtask_id: 't_1', title: 'Call', action: 'call', timeout_hours: 2 },
      { subtask_id: 't_2', title: 'Write', action: 'send_email', depends_on: ['t_1'] },
    ],
    '',
    false,
  );
  expect(close).toHaveBeenCalled();
});

test('a refusal stays in sight, with what was written', async () => {
  const { shown, close } = editor(vi.fn().mockRejectedValue(new Error('no')));
  shown.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await settled();
  expect(shown.querySelector('[role=alert]')).not.toBeNull();
  expect(close).not.toHaveBeenCalled();
});
