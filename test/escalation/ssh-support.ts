import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type ApprovalPayload, approvalText, type Escalation, type Person, type Role } from '../../src/escalation/index.js';

/** Own encoding, on purpose not that of the product. */
function str(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >>> 24, (bytes.length >>> 16) & 255, (bytes.length >>> 8) & 255, bytes.length & 255]), bytes]);
}
const mpint = (bytes: Buffer): Buffer => {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at += 1;
  const trimmed = bytes.subarray(at);
  return str(((trimmed[0] ?? 0) & 0x80) === 0 ? trimmed : Buffer.concat([Buffer.from([0]), trimmed]));
};
const fromUrl = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface TestKey {
  readonly type: KeyType;
  readonly blob: Buffer;
  /** As it stands in a `.pub` file. */
  readonly line: string;
  readonly privateKey: KeyObject;
}

/** A key pair made here, encoded as OpenSSH does. */
export function makeKey(type: KeyType = 'ed25519', bits = 2048): TestKey {
  const { publicKey, privateKey } =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : type === 'ecdsa'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = publicKey.export({ format: 'jwk' });
  const name = { ed25519: 'ssh-ed25519', ecdsa: 'ecdsa-sha2-nistp256', rsa: 'ssh-rsa' }[type];
  const blob =
    type === 'ed25519'
      ? Buffer.concat([str(name), str(fromUrl(jwk.x))])
      : type === 'ecdsa'
        ? Buffer.concat([str(name), str('nistp256'), str(Buffer.concat([Buffer.from([4]), fromUrl(jwk.x), fromUrl(jwk.y)]))])
        : Buffer.concat([str(name), mpint(fromUrl(jwk.e)), mpint(fromUrl(jwk.n))]);
  return { type, blob, line: `${name} ${blob.toString('base64')} somebody@somewhere`, privateKey };
}

export interface SignOptions {
  readonly namespace?: string;
  readonly hash?: 'sha256' | 'sha512' | 'sha1';
  /** Name of the algorithm in the signature. */
  readonly algorithm?: string;
}

/** An SSHSIG of a message, without armor. */
export function signMessage(key: TestKey, message: string, options: SignOptions = {}): Buffer {
  const { namespace = 'runback-approval', hash = 'sha512' } = options;
  const digest = createHash(hash).update(message).digest();
  const signed = Buffer.concat([Buffer.from('SSHSIG'), str(namespace), str(''), str(hash), str(digest)]);
  const [algorithm, bytes] = rawSignature(key, signed);
  const signature = Buffer.concat([str(options.algorithm ?? algorithm), str(bytes)]);
  return Buffer.concat([Buffer.from('SSHSIG\0\0\0\u0001', 'latin1'), str(key.blob), str(namespace), str(''), str(hash), str(signature)]);
}

function rawSignature(key: TestKey, signed: Buffer): [string, Buffer] {
  if (key.type === 'ed25519') return ['ssh-ed25519', sign(null, signed, key.privateKey)];
  if (key.type === 'rsa') return ['rsa-sha2-512', sign('sha512', signed, key.privateKey)];
  const pair = sign('sha256', signed, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return ['ecdsa-sha2-nistp256', Buffer.concat([mpint(pair.subarray(0, 32)), mpint(pair.subarray(32))])];
}

/** Signs an approval as `runback approve --key` does. */
export const signPayload = (key: TestKey, payload: ApprovalPayload): string => signMessage(key, approvalText(payload)).toString('base64');

/** Why `ssh-keygen` cannot be used here; undefined where it can. */
export function sshKeygenMissing(): string | undefined {
  const { error } = spawnSync('ssh-keygen', ['-?'], { encoding: 'utf8' });
  return error === undefined ? undefined : `ssh-keygen cannot be started here (${error.message})`;
}

/** A key pair made by ssh-keygen; gives the path of the private key. */
export function generateWithSshKeygen(dir: string, type: KeyType, passphrase = ''): string {
  const path = join(dir, `id-${type}`);
  const bits = type === 'rsa' ? ['-b', '3072'] : [];
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', type, ...bits, '-N', passphrase, '-C', 'test', '-f', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return path;
}

/** The armored signature of `ssh-keygen -Y sign`. */
export async function signWithSshKeygen(
  dir: string,
  key: string,
  message: string,
  options: { namespace?: string; hash?: string } = {},
): Promise<string> {
  const file = join(dir, 'message');
  await writeFile(file, message);
  const hash = options.hash === undefined ? [] : ['-O', `hashalg=${options.hash}`];
  const args = ['-Y', 'sign', '-f', key, '-n', options.namespace ?? 'runback-approval', ...hash];
  const { status, stdout, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8', input: message });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const role = (more: Partial<Role>): Role => ({ may: [], limits: {}, approvals: 1, selfApproval: false, expiresMs: 3_600_000, ...more });
const person = (name: string, more: Partial<Person> = {}): Person => ({ name, contact: [], ...more });

/**
 * A policy: lead up to 5,000 records and 5 %, director up to 250,000 and 25 % with two people. `keys`: public keys by
 * person.
 */
export function policy(more: Partial<Escalation> = {}, keys: Readonly<Record<string, string>> = {}): Escalation {
  const withKey = (id: string, name: string, own?: string): Person =>
    person(name, { ...(own === undefined ? {} : { role: own }), ...(keys[id] === undefined ? {} : { key: keys[id] }) });
  return {
    version: 1,
    timezone: 'UTC',
    people: {
      maya: withKey('maya', 'Maya Ortiz', 'lead'),
      lee: withKey('lee', 'Lee Park', 'lead'),
      kim: withKey('kim', 'Kim Novak', 'director'),
      dana: withKey('dana', 'Dana Fox', 'director'),
      sam: withKey('sam', 'Sam Hill'),
    },
    schedules: {},
    channels: {},
    authority: {
      operator: role({ may: ['pause-syncs', 'snapshot', 'plan'] }),
      lead: role({ may: ['pause-syncs', 'snapshot', 'plan', 'approve-restore', 'resume-syncs'], limits: { records: 5000, percent: 5 } }),
      director: role({
        may: ['pause-syncs', 'snapshot', 'plan', 'approve-restore', 'resume-syncs', 'override-verification'],
        limits: { records: 250_000, percent: 25 },
        approvals: 2,
      }),
    },
    approvals: { inPerson: true, unauthenticated: true },
    severities: {},
    policies: {},
    vendors: {},
    caps: { burst: 5, everyMs: 60_000 },
    ...more,
  };
}
