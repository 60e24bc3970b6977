/** What a plan's metadata says of decisions: it comes from outside, in one form or another. */

/** A line of a list: what it is about, and what else is said of it. */
export interface Line {
  what: string;
  more: [string, string][];
}

export interface List {
  name: string;
  word: string;
  lines: Line[];
}

/** The lists that are known, with the fields that say what a line is about. */
const LISTS: { name: string; word: string; of: string[] }[] = [
  { name: 'go_no_go', word: 'Go or no-go', of: ['go_no_go_recommendation'] },
  { name: 'decisions', word: 'Decisions', of: ['title', 'question'] },
  { name: 'to_ratify', word: 'To be confirmed', of: ['lever', 'title'] },
  { name: 'escalations', word: 'Escalations', of: ['issue_type'] },
  { name: 'watch_items', word: 'To be watched', of: ['title', 'description', 'assumption'] },
];
/** What is for machines, or stands elsewhere. */
const LEFT_OUT = new Set(['task_ids', 'covers', 'blocks']);

export function decisionsOf(metadata: unknown): List[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  const known = metadata as Record<string, unknown>;
  return LISTS.flatMap(({ name, word, of }) => {
    const value = known[name];
    const all = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const lines = all.map((it) => line(it, of)).filter((it) => it !== null);
    return lines.length === 0 ? [] : [{ name, word, lines }];
  });
}

function line(value: unknown, of: string[]): Line | null {
  if (typeof value === 'string') return { what: value, more: [] };
  if (typeof value !== 'object' || value === null) return null;
  const fields = Object.entries(value).filter(([name]) => !LEFT_OUT.has(name));
  const main = of.find((name) => typeof (value as Record<string, unknown>)[name] === 'string');
  const first = main ?? fields.find(([, it]) => typeof it === 'string')?.[0];
  if (first === undefined) return null;
  const more = fields
    .filter(([name]) => name !== first)
    .flatMap(([name, it]): [string, string][] => {
      const text = said(it);
      return text === '' ? [] : [[name.replaceAll('_', ' '), text]];
    });
  return { what: (value as Record<string, string>)[first] ?? '', more };
}

/** A value as a person reads it in a line. */
function said(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(said).filter((it) => it !== '').join('; ');
  if (typeof value !== 'object') return String(value);
  return Object.values(value).map(said).filter((it) => it !== '').join(': ');
}
