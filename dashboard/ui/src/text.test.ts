import { describe, expect, test } from 'vitest';
import { actorName, pieces, plain, pretty } from './text';

describe('text from outside', () => {
  test('stays as it is where it can be seen', () => {
    const text = 'Grüße, 你好, شكرا, 👩🏽 a\tb\nc <script>alert(1)</script>';
    expect(pieces(text)).toEqual([{ text }]);
  });

  test('shows what turns the reading order as a mark', () => {
    expect(plain('a\u202eb\u2066c')).toBe('a⟨U+202E⟩b⟨U+2066⟩c');
  });

  test('shows controls, what has no width, tags and lone halves as marks', () => {
    for (const hidden of [
      '\u0000',
      '\u001b',
      '\r',
      '\u007f',
      '\u0085',
      '\u200b',
      '\ufeff',
      '\u2028',
      '\u{e0041}',
      '\ud800',
    ]) {
      expect(plain(`a${hidden}b`)).toMatch(/^a⟨U\+[0-9A-F]{4,6}⟩b$/);
    }
  });

  test('writes a JSON value for people, and a text without quotes', () => {
    expect(pretty('x')).toBe('x');
    expect(pretty({ a: 1 })).toBe('{\n  "a": 1\n}');
    expect(pretty(undefined)).toBe('');
  });

  test('names who acts without the kind', () => {
    expect(actorName('user:ada:b')).toBe('ada:b');
    expect(actorName(null)).toBe('nobody');
  });
});
