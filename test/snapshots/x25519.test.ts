import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient, Stanza } from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';

import { x25519Identity, x25519Recipient } from '../../src/snapshots/encryption/x25519.js';

const bytesIn = (text: string): Buffer => Buffer.from(bech32.decodeToBytes(text).bytes);
const stanza = (args: string[], body: Uint8Array): Stanza => new Stanza(args, body);

describe('keys of X25519 by the engine', () => {
  let identity: string;
  let recipient: string;
  beforeAll(async () => {
    identity = await generateIdentity();
    recipient = await identityToRecipient(identity);
  });
  const fileKey = Buffer.from('0123456789abcdef');
  const ours = () => x25519Recipient(bytesIn(recipient), stanza);

  it('open what the library wrapped, and are opened by it', async () => {
    for (let n = 0; n < 20; n += 1) {
      const text = `file ${n}`;
      const [theirs, mine] = [new Encrypter(), new Encrypter()];
      theirs.addRecipient(recipient);
      mine.addRecipient(ours());
      const [byUs, byThem] = [new Decrypter(), new Decrypter()];
      byUs.addIdentity(x25519Identity(bytesIn(identity)));
      byThem.addIdentity(identity);
      expect(await byUs.decrypt(await theirs.encrypt(text), 'text')).toBe(text);
      expect(await byThem.decrypt(await mine.encrypt(text), 'text')).toBe(text);
    }
  });

  it('wrap with a half of its own each time', async () => {
    const halves = await Promise.all(Array.from({ length: 50 }, async () => (await ours().wrapFileKey(fileKey))[0]?.args[1]));
    expect(new Set(halves).size).toBe(50);
  });

  it('pass over what was wrapped for others, and over stanzas of other types', async () => {
    const other = await identityToRecipient(await generateIdentity());
    const foreign = await x25519Recipient(bytesIn(other), stanza).wrapFileKey(fileKey);
    const own = await ours().wrapFileKey(fileKey);
    const opened = x25519Identity(bytesIn(identity));
    expect(opened.unwrapFileKey([stanza(['scrypt', 'x', '18'], fileKey), ...foreign])).toBeNull();
    expect(opened.unwrapFileKey([...foreign, ...own])).toEqual(fileKey);
  });

  it('refuse a stanza that is not to the letter, or that gives no secret', async () => {
    const [one] = await ours().wrapFileKey(fileKey);
    const share = one?.args[1] ?? '';
    const body = one?.body ?? new Uint8Array();
    const opened = x25519Identity(bytesIn(identity));
    const lies: readonly Stanza[] = [
      stanza(['X25519'], body),
      stanza(['X25519', share, 'more'], body),
      stanza(['X25519', `${share}=`], body),
      stanza(['X25519', share.slice(0, -1)], body),
      // The last character has two bits that say nothing, and have to be 0.
      stanza(['X25519', `${'A'.repeat(42)}B`], body),
      stanza(['X25519', share], body.subarray(0, 31)),
      stanza(['X25519', share], Buffer.concat([body, Buffer.alloc(1)])),
      // Points of low order: every secret with them is the same.
      stanza(['X25519', 'A'.repeat(43)], body),
      stanza(
        [
          'X25519',
          Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])
            .toString('base64')
            .replace(/=+$/u, ''),
        ],
        body,
      ),
    ];
    for (const lie of lies) expect(() => opened.unwrapFileKey([lie]), lie.args.join(' ')).toThrow('a stanza of X25519 that');
  });
});
