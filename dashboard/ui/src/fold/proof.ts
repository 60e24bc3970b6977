/** Proofs of the log, verified where they are read: RFC 9162, section 2.1.3.2, and C2SP notes. */

/** SHA-256 of some bytes. */
export type Digest = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

type Bytes = Uint8Array<ArrayBuffer>;

/** What says that two hashes are a pair. */
const PAIR = 0x01;
/** A key of a note: which algorithm it is of. */
const ED25519 = 0x01;
const KEY_ID_BYTES = 4;

export function ofHex(text: string): Bytes {
  const pairs = /^([0-9a-f]{2})*$/i.test(text) ? (text.match(/../g) ?? []) : [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((it) => it.toString(16).padStart(2, '0')).join('');
}

function ofBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
}

function joined(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export interface Inclusion {
  position: number;
  size: number;
  leaf: string;
  path: string[];
}

/** The root that follows from a leaf and the hashes beside its way up; none where they do not fit
 * a tree of that size. */
export async function rootOf(proof: Inclusion, digest: Digest): Promise<string | null> {
  let [at, last] = [proof.position - 1, proof.size - 1];
  if (at < 0 || at > last) return null;
  const half = (it: number): number => Math.floor(it / 2);
  const pair = (a: Bytes, b: Bytes) => digest(joined(Uint8Array.of(PAIR), a, b));
  let root = ofHex(proof.leaf);
  for (const beside of proof.path.map(ofHex)) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = await pair(beside, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      root = await pair(root, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? toHex(root) : null;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: string;
  /** The bytes that are signed. */
  signed: Bytes;
  signatures: { name: string; keyId: string; signature: Bytes }[];
}

/** Reads a signed note; none where it is not one of a log. */
export function checkpointOf(note: string): Checkpoint | null {
  const end = note.indexOf('\n\n');
  const [origin, size, root] = note.slice(0, end + 1).split('\n');
  if (end < 0 || !origin || !/^\d+$/.test(size ?? '') || !root) return null;
  try {
    const lines = note.slice(end + 2).split('\n');
    const signatures = lines.flatMap((line) => {
      const [dash, name, text] = line.split(' ');
      if (dash !== '—' || !name || !text) return [];
      const bytes = ofBase64(text);
      const keyId = toHex(bytes.slice(0, KEY_ID_BYTES));
      return [{ name, keyId, signature: bytes.slice(KEY_ID_BYTES) }];
    });
    const signed = new TextEncoder().encode(note.slice(0, end + 1));
    return { origin, size: Number(size), root: toHex(ofBase64(root)), signed, signatures };
  } catch {
    return null;
  }
}

/** A public key as notes have it: its name, its id, and what it is. */
export function keyOf(text: string): { name: string; keyId: string; key: Bytes } | null {
  const [name, keyId, ...rest] = text.trim().split('+');
  try {
    const bytes = ofBase64(rest.join('+'));
    return name && keyId && bytes[0] === ED25519 ? { name, keyId, key: bytes.slice(1) } : null;
  } catch {
    return null;
  }
}

/** Whether a checkpoint is signed with a key; none where the browser cannot tell. */
export async function isSigned(checkpoint: Checkpoint, key: string): Promise<boolean | null> {
  const known = keyOf(key);
  const fits = checkpoint.signatures.find(
    (it) => it.name === known?.name && it.keyId === known.keyId,
  );
  if (!known || !fits || known.name !== checkpoint.origin) return false;
  try {
    const { subtle } = crypto;
    const imported = await subtle.importKey('raw', known.key, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', imported, fits.signature, checkpoint.signed);
  } catch {
    // Older browsers do not know this kind of signature.
    return null;
  }
}
