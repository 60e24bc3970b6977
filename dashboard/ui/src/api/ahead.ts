/** What the first view asks for is asked for while the page is still being put together. */
const asked = new Map<string, Promise<unknown>>();

/** Asks now, for whoever wants it by that name. */
export function ahead<T>(name: string, call: () => Promise<T>): void {
  const answer = call();
  // Whoever takes it sees what went wrong; nobody else needs to.
  answer.catch(() => {});
  asked.set(name, answer);
}

/** What was asked for by that name, once; else it is asked for now. */
export function taken<T>(name: string, call: () => Promise<T>): Promise<T> {
  const answer = asked.get(name) as Promise<T> | undefined;
  asked.delete(name);
  return answer ?? call();
}
