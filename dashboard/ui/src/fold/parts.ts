/** The parts of a task as a person edits them, and what is sent of them. */
import type { components } from '../api/schema';
import type { PlanTask } from '../api/types';
import { jsonOrText } from '../text';

type Subtask = components['schemas']['SubtaskForm'];

/** A part while it is edited; what is not edited is kept as it was. */
export interface Draft {
  id: string;
  title: string;
  action: string;
  /** As JSON. */
  params: string;
  /** Ids of other parts, with commas between. */
  after: string;
  kept: Partial<Subtask>;
}

/** Why a draft cannot be sent: which part, and what of it. */
export interface Flaw {
  id: string;
  what: string;
}

/** An id that none of the drafts has. */
export function freeId(task_id: string, drafts: readonly Draft[]): string {
  for (let number = drafts.length + 1; ; number += 1) {
    const id = `${task_id}_${number}`;
    if (!drafts.some((draft) => draft.id === id)) return id;
  }
}

export function emptyDraft(task_id: string, drafts: readonly Draft[]): Draft {
  const last = drafts[drafts.length - 1];
  const id = freeId(task_id, drafts);
  return { id, title: '', action: '', params: '', after: last?.id ?? '', kept: {} };
}

/** The parts of a task of a plan, ready to be edited. */
export function draftsOf(parts: readonly PlanTask[]): Draft[] {
  const ids = new Set(parts.map((part) => part.task_id));
  return parts.map((part) => {
    const waits = (part.waits_for as { task_id: string }[]).map((it) => it.task_id);
    const params = part.params as object | null;
    return {
      id: part.task_id,
      title: part.title,
      action: part.action ?? '',
      params: params && Object.keys(params).length > 0 ? JSON.stringify(params) : '',
      after: waits.filter((id) => ids.has(id)).join(', '),
      kept: keptOf(part),
    };
  });
}

function keptOf(part: PlanTask): Partial<Subtask> {
  const kept: Record<string, unknown> = {};
  const names = [
    'description',
    'agent_id',
    'approval',
    'assignee_role',
    'estimated_hours',
    'retry_policy',
    'success_criteria',
    'timeout_hours',
  ] as const;
  for (const name of names) {
    const value = part[name];
    const isEmpty = value === null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) kept[name] = value;
  }
  return kept as Partial<Subtask>;
}

const words = (text: string): string[] =>
  text
    .split(/[,\s]+/)
    .map((it) => it.trim())
    .filter((it) => it !== '');

/** What is wrong with the drafts, the first thing of each. */
export function flaws(drafts: readonly Draft[]): Flaw[] {
  const ids = new Set(drafts.map((draft) => draft.id));
  const wrong = (draft: Draft): string | null => {
    if (draft.title.trim() === '') return 'needs a title';
    const params = draft.params.trim() === '' ? {} : jsonOrText(draft.params);
    if (typeof params !== 'object' || params === null || Array.isArray(params))
      return 'has parameters that are no JSON object';
    const unknown = words(draft.after).find((id) => !ids.has(id) || id === draft.id);
    return unknown === undefined ? null : `cannot wait for ${unknown}`;
  };
  return drafts.flatMap((draft) => {
    const what = wrong(draft);
    return what === null ? [] : [{ id: draft.id, what }];
  });
}

/** The parts as they are sent. */
export function subtasksOf(drafts: readonly Draft[]): Subtask[] {
  return drafts.map((draft) => {
    const subtask: Record<string, unknown> = {
      ...draft.kept,
      subtask_id: draft.id,
      title: draft.title.trim(),
    };
    if (draft.action.trim() !== '') subtask.action = draft.action.trim();
    if (draft.params.trim() !== '') subtask.params = jsonOrText(draft.params);
    const after = words(draft.after);
    if (after.length > 0) subtask.depends_on = after;
    return subtask as Subtask;
  });
}
