/** Text from outside: what cannot be seen, or turns the reading order, is shown as a mark. */

/** A piece of a text: as it stands, or a character that stands for itself by its name. */
export type Piece = { text: string } | { mark: string };

// Controls but tab and line feed; what turns the reading order; what has no width; lone halves.
const HIDDEN = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f' +
    '\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]|[\\u{e0000}-\\u{e007f}]' +
    '|[\\ud800-\\udbff](?![\\udc00-\\udfff])',
  'gu',
);

/** How much of a text is shown at first. */
export const SHOWN_CHARS = 2_000;

/** Cuts a text into what is shown as it is and what is shown as a mark. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ mark: markOf(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** The same in one line of text, for titles and attributes. */
export function plain(text: string): string {
  return pieces(text)
    .map((piece) => ('mark' in piece ? `⟨${piece.mark}⟩` : piece.text))
    .join('');
}

function markOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A JSON value as a person reads it. */
export function pretty(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

/** `user:ada` as `ada`, `agent:larry` as `larry`. */
export function actorName(actor: string | null | undefined): string {
  if (!actor) return 'nobody';
  const cut = actor.indexOf(':');
  return cut < 0 ? actor : actor.slice(cut + 1);
}

/** An object or a list where it is one; else the text as it was typed. */
export function jsonOrText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
