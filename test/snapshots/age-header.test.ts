import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, generateHybridIdentity, generateIdentity, identityToRecipient, Stanza } from 'age-encryption';
import { expect, it } from 'vitest';

import { fileKeyIn } from '../../src/snapshots/encryption/header.js';
import { x25519Identity } from '../../src/snapshots/encryption/x25519.js';
import { decryptionWith } from '../../src/snapshots/index.js';

/** A user would lose: a snapshot that the public program can open and runback cannot, or a header that was changed and is taken all the same. */

/** A header that the library wrote for so many others and then for the key; with a recipient of an unknown type between them. */
async function scene(others: number) {
  const identity = await generateIdentity();
  const encrypter = new Encrypter();
  for (let n = 0; n < others; n += 1) encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
  for (const bytes of [0, 1, 47, 48, 49, 96, 200])
    encrypter.addRecipient({ wrapFileKey: () => [new Stanza(['some-grease', 'with', `${bytes}!`], new Uint8Array(bytes).fill(bytes))] });
  encrypter.addRecipient(await identityToRecipient(identity));
  const file = Buffer.from(await encrypter.encrypt('text'));
  const header = file.subarray(0, file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1);
  const key = x25519Identity(Buffer.from(bech32.decodeToBytes(identity).bytes));
  const library = new Decrypter();
  library.addIdentity(identity);
  return { identity, file, header, key, library };
}

it.each([0, 1, 3])('a header for %i others and a key gives the file key that the library finds', async (others) => {
  const { header, key, library } = await scene(others);
  expect(Buffer.from(fileKeyIn(header, [key]) ?? [])).toEqual(Buffer.from(await library.decryptHeader(header)));
});

it('a header with any bit changed, or cut anywhere, is refused where the library refuses it', async () => {
  const { header, key, library } = await scene(0);
  const judged = async (open: () => Uint8Array | undefined | Promise<Uint8Array | undefined>) => {
    try {
      return (await open()) === undefined ? 'not opened' : 'opened';
    } catch {
      return 'not opened';
    }
  };
  const tries = [
    ...Array.from(header.keys(), (at) => {
      const changed = Buffer.from(header);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      return changed;
    }),
    ...Array.from(header.keys(), (length) => header.subarray(0, length)),
    // Behind the last character it would be the first byte of what the header is for.
    ...Array.from({ length: header.length - 1 }, (_, at) => Buffer.concat([header.subarray(0, at), Buffer.from('\n'), header.subarray(at)])),
    ...Array.from(header.keys(), (at) => Buffer.concat([header.subarray(0, at), Buffer.from('='), header.subarray(at)])),
  ];
  const opened: number[] = [];
  for (const [n, bytes] of tries.entries()) {
    const [ours, theirs] = [await judged(() => fileKeyIn(bytes, [key])), await judged(async () => await library.decryptHeader(bytes))];
    expect(ours, `try ${n}`).toBe(theirs);
    if (ours === 'opened') opened.push(n);
  }
  expect(tries.length).toBeGreaterThan(2000);
  expect(opened).toEqual([]);
});

it('a file for a key of another kind is opened by the library, with keys of both kinds in one file', async () => {
  const [hybrid, { identity, file }] = [await generateHybridIdentity(), await scene(1)];
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(hybrid));
  const other = Buffer.from(await encrypter.encrypt('other'));
  const both = decryptionWith(() => Promise.resolve(`${identity}\n${hybrid}\n`));
  expect([(await both.decrypt(file)).toString(), (await both.decrypt(other)).toString()]).toEqual(['text', 'other']);
  await expect(decryptionWith(() => Promise.resolve(identity)).decrypt(other)).rejects.toThrow('none of the keys at hand opens it');
  await expect(decryptionWith(() => Promise.resolve(hybrid)).decrypt(file)).rejects.toThrow('none of the keys at hand opens it');
});

it.each([
  ['a sum that is too long', (header: Buffer) => Buffer.concat([header.subarray(0, -1), Buffer.alloc(1 << 20, 'A'), Buffer.from('\n')])],
  ['a sum that does not end', (header: Buffer) => Buffer.concat([header.subarray(0, -1), Buffer.alloc(1 << 20, 'A')])],
  [
    'a sum that ends behind what a header may have',
    (header: Buffer) =>
      Buffer.concat([
        header.subarray(0, header.indexOf('\n--- ')),
        Buffer.alloc(64 << 10, 'A'),
        header.subarray(header.indexOf('\n--- ')),
        Buffer.alloc(8192, 'A'),
      ]),
  ],
  ['nothing', () => Buffer.alloc(0)],
])('a file with %s is refused for that, and no key is tried', async (_, broken) => {
  const { identity, file, header } = await scene(0);
  const bytes = Buffer.concat([broken(header), file.subarray(header.length)]);
  await expect(decryptionWith(() => Promise.resolve(identity)).decrypt(bytes)).rejects.toThrow('it has no header of an encrypted file');
});
