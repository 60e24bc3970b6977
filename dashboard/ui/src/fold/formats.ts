/** What a file is, by its name; by what the browser says of it, where the name does not tell. */

const BY_END: Record<string, string> = {
  json: 'application/json',
  md: 'text/markdown',
  markdown: 'text/markdown',
  txt: 'text/plain',
  zip: 'application/zip',
};

export function contentType(name: string, said: string): string {
  const end = name.toLowerCase().split('.').pop() ?? '';
  return BY_END[end] ?? (said === '' ? 'application/json' : said);
}
