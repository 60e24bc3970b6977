import { describe, expect, test } from 'vitest';
import { checkpointOf, isSigned, keyOf, rootOf, toHex } from './proof';

type Bytes = Uint8Array<ArrayBuffer>;
const bytes = (...parts: (number | Uint8Array)[]): Bytes =>
  Uint8Array.from(parts.flatMap((it) => (typeof it === 'number' ? [it] : [...it])));
const digest = async (it: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', it));
const text = (it: string): Bytes => bytes(new TextEncoder().encode(it));
const base64 = (it: Uint8Array): string => btoa(String.fromCharCode(...it));
const leaf = (at: number): Promise<Bytes> => digest(bytes(0, at));

/** Where RFC 6962 divides so many leaves. */
const cutOf = (count: number): number => 2 ** (Math.ceil(Math.log2(count)) - 1);

/** The root, as RFC 6962 says it: from the top down. */
async function tree(leaves: Bytes[]): Promise<Bytes> {
  if (leaves.length === 1) return leaves[0] as Bytes;
  const cut = cutOf(leaves.length);
  return digest(bytes(1, await tree(leaves.slice(0, cut)), await tree(leaves.slice(cut))));
}
async function way(at: number, leaves: Bytes[]): Promise<Bytes[]> {
  if (leaves.length === 1) return [];
  const cut = cutOf(leaves.length);
  return at < cut
    ? [...(await way(at, leaves.slice(0, cut))), await tree(leaves.slice(cut))]
    : [...(await way(at - cut, leaves.slice(cut))), await tree(leaves.slice(0, cut))];
}

async function proofs() {
  const found = [];
  for (const size of [1, 2, 3, 5, 8, 13]) {
    const leaves = await Promise.all(Array.from({ length: size }, (_, at) => leaf(at)));
    const root = toHex(await tree(leaves));
    for (const [at, it] of leaves.entries()) {
      const path = (await way(at, leaves)).map(toHex);
      found.push({ root, proof: { position: at + 1, size, leaf: toHex(it), path } });
    }
  }
  return found;
}

describe('an inclusion proof', () => {
  test('leads from every leaf of every tree to its root', async () => {
    for (const { root, proof } of await proofs()) expect(await rootOf(proof, digest)).toBe(root);
  });

  test('leads elsewhere where anything of it was changed', async () => {
    const other = toHex(await leaf(99));
    for (const { root, proof } of (await proofs()).filter((it) => it.proof.size > 2)) {
      const [, ...rest] = proof.path;
      expect(await rootOf({ ...proof, path: [other, ...rest] }, digest)).not.toBe(root);
      expect(await rootOf({ ...proof, leaf: other }, digest)).not.toBe(root);
      expect(await rootOf({ ...proof, path: [...proof.path, other] }, digest)).toBeNull();
    }
    expect(await rootOf({ position: 4, size: 3, leaf: other, path: [] }, digest)).toBeNull();
  });
});

describe('a checkpoint', () => {
  const name = 'planexe-ax/log/one';
  async function signed() {
    const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    const { publicKey, privateKey } = pair as CryptoKeyPair;
    const raw = bytes(1, new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)));
    const id = (await digest(bytes(text(`${name}\n`), raw))).slice(0, 4);
    const root = await leaf(1);
    const said = `${name}\n3\n${base64(root)}\n`;
    const by = bytes(
      id,
      new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, text(said))),
    );
    const note = `${said}\n— ${name} ${base64(by)}\n`;
    return {
      note,
      said,
      root: toHex(root),
      id: toHex(id),
      key: `${name}+${toHex(id)}+${base64(raw)}`,
    };
  }

  test('is read as it stands', async () => {
    const { note, said, root, id, key } = await signed();
    expect(checkpointOf(note)).toMatchObject({ origin: name, size: 3, root });
    expect(keyOf(key)?.keyId).toBe(id);
    for (const wrong of ['', 'a\nb\nc\n\n', said, note.replace('\n3\n', '\nthree\n')])
      expect(checkpointOf(wrong)).toBeNull();
  });

  test('is signed with its key, and with no other, and not when it was changed', async () => {
    const { note, key } = await signed();
    const read = checkpointOf(note);
    const changed = checkpointOf(note.replace('\n3\n', '\n4\n'));
    if (!read || !changed) throw new Error('it was not read');
    expect(await isSigned(read, key)).toBe(true);
    expect(await isSigned(changed, key)).toBe(false);
    expect(await isSigned(read, key.replace('/one', '/two'))).toBe(false);
  });
});
