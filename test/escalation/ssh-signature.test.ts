import { readFile } from 'node:fs/promises';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseSshKeyBlob } from '../../src/escalation/authority/ssh-key.js';
import { verifySshSignature } from '../../src/escalation/authority/ssh-signature.js';
import { dearmorSshSignature, parseSshPublicKey, type SshPublicKey } from '../../src/escalation/index.js';
import { temporaryFolder } from '../support/store.js';
import { tries } from '../support/sweeps.js';
import { generateWithSshKeygen, type KeyType, makeKey, signMessage, signWithSshKeygen, sshKeygenMissing } from './ssh-support.js';

const TYPES: readonly KeyType[] = ['ed25519', 'ecdsa', 'rsa'];
const MESSAGE = '{"approve":"exactly this","ä":"€"}';

function keyOf(line: string): SshPublicKey {
  const result = parseSshPublicKey(line);
  if (!result.ok) throw new Error(result.why);
  return result.key;
}
const codeOf = (result: ReturnType<typeof verifySshSignature>): string => (result.ok ? 'ok' : result.problem.code);

const missing = sshKeygenMissing();
if (missing !== undefined) console.log(`skipped: signatures of the real ssh-keygen: ${missing}`);

describe.skipIf(missing !== undefined)('what ssh-keygen signs', () => {
  test.each(TYPES)('counts with a key of type %s, with both digests, and for this namespace only', async (type) => {
    const dir = await temporaryFolder();
    const path = generateWithSshKeygen(dir, type);
    const key = keyOf(await readFile(`${path}.pub`, 'utf8'));
    for (const hash of ['sha256', 'sha512']) {
      const blob = dearmorSshSignature(await signWithSshKeygen(dir, path, MESSAGE, { hash })) ?? Buffer.alloc(0);
      expect(verifySshSignature(blob, MESSAGE, key)).toEqual({ ok: true, fingerprint: key.fingerprint });
      expect(codeOf(verifySshSignature(blob, `${MESSAGE} `, key))).toBe('signature-invalid');
      expect(codeOf(verifySshSignature(blob, MESSAGE, keyOf(makeKey().line)))).toBe('key-unknown');
    }
    const other = dearmorSshSignature(await signWithSshKeygen(dir, path, MESSAGE, { namespace: 'git' })) ?? Buffer.alloc(0);
    expect(verifySshSignature(other, MESSAGE, key)).toMatchObject({ ok: false, problem: { why: expect.stringContaining('"git"') } });
  });
});

describe('a signature made here', () => {
  const keys = TYPES.map((type) => makeKey(type));

  test.each(keys)('counts with a key of type $type; with any bit of it changed it does not', (key) => {
    const known = keyOf(key.line);
    const blob = signMessage(key, MESSAGE);
    expect(verifySshSignature(blob, MESSAGE, known)).toEqual({ ok: true, fingerprint: known.fingerprint });
    for (let at = 0; at < blob.length; at += key.type === 'rsa' ? 7 : 1) {
      const changed = Buffer.from(blob);
      changed.writeUInt8((changed[at] ?? 0) ^ (1 << (at % 8)), at);
      expect([at, codeOf(verifySshSignature(changed, MESSAGE, known))]).not.toEqual([at, 'ok']);
    }
    for (let length = 0; length < blob.length; length += 5)
      expect(codeOf(verifySshSignature(blob.subarray(0, length), MESSAGE, known))).not.toBe('ok');
    expect(codeOf(verifySshSignature(Buffer.concat([blob, Buffer.from([0])]), MESSAGE, known))).toBe('signature-invalid');
  });

  test('of an RSA key counts with SHA-2 only', () => {
    const [, , rsa] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]];
    const known = keyOf(rsa.line);
    expect(codeOf(verifySshSignature(signMessage(rsa, MESSAGE, { algorithm: 'ssh-rsa' }), MESSAGE, known))).toBe('signature-invalid');
    expect(codeOf(verifySshSignature(signMessage(rsa, MESSAGE, { algorithm: 'constructor' }), MESSAGE, known))).toBe('signature-invalid');
    expect(codeOf(verifySshSignature(signMessage(rsa, MESSAGE, { hash: 'sha1' }), MESSAGE, known))).toBe('signature-invalid');
  });
});

describe('a public key', () => {
  test('that cannot be used is refused in words', () => {
    const sk = Buffer.concat([Buffer.from([0, 0, 0, 26]), Buffer.from('sk-ssh-ed25519@openssh.com'), Buffer.alloc(40)]).toString('base64');
    const why = (line: string): string => {
      const result = parseSshPublicKey(line);
      return result.ok ? 'usable' : result.why;
    };
    expect(why(`sk-ssh-ed25519@openssh.com ${sk}`)).toContain('security device');
    expect(why(makeKey('rsa', 1024).line)).toContain('2048');
    expect(why(makeKey().line.replace('ssh-ed25519', 'ssh-rsa'))).toContain('ssh-ed25519');
    expect(why('-----BEGIN OPENSSH PRIVATE KEY-----')).toContain('private');
    expect(why('ssh-ed25519')).toContain('AAAA');
    expect(why(makeKey('ecdsa').line)).toBe('usable');
  });

  test('and a signature of any bytes, or of nearly right ones, neither crash nor hang', () => {
    const key = makeKey();
    const known = keyOf(key.line);
    const blob = signMessage(key, MESSAGE);
    const nearly = fc.array(fc.tuple(fc.nat(blob.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }).map((changes) => {
      const copy = Buffer.from(blob);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
      nearly,
    );
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'binary', maxLength: 400 }), (given, text) => {
        const result = verifySshSignature(given, MESSAGE, known);
        expect(!result.ok || given.equals(blob)).toBe(true);
        parseSshKeyBlob(given);
        parseSshPublicKey(text);
        parseSshPublicKey(`ssh-ed25519 ${given.toString('base64')}`);
        dearmorSshSignature(`-----BEGIN SSH SIGNATURE-----${text}-----END SSH SIGNATURE-----`);
      }),
      { numRuns: tries(3000) },
    );
  });
});
