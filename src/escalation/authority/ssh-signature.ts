import { createHash, verify } from 'node:crypto';

import { defined, messageOf } from '../../lib/index.js';
import { fingerprintOf, parseSshKeyBlob, type SshPublicKey } from './ssh-key.js';
import { SshFormatError, SshReader, sshString } from './ssh-wire.js';

/** What a signature has to be made for (`ssh-keygen -Y sign -n …`): one made for anything else is no approval. */
export const APPROVAL_NAMESPACE = 'runback-approval';

/** Why a signature does not count. `key-unknown`: it is not by the key that was expected. */
export type SignatureProblem = { readonly code: 'signature-invalid' | 'key-unknown'; readonly why: string };
export type SignatureResult =
  | { readonly ok: true; readonly fingerprint: string }
  | { readonly ok: false; readonly problem: SignatureProblem; readonly fingerprint?: string };

const MAGIC = Buffer.from('SSHSIG');
const HASHES = ['sha256', 'sha512'];
/** `ssh-rsa` itself means SHA-1 and is refused. */
const RSA_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);
const MOST_BYTES = 32_768;
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';

/** The bytes between the lines of an armored signature; undefined where the text holds none. */
export function dearmorSshSignature(text: string): Buffer | undefined {
  const start = text.indexOf(BEGIN);
  const end = start === -1 ? -1 : text.indexOf(END, start);
  if (end === -1 || end - start > MOST_BYTES * 2) return undefined;
  const body = text.slice(start + BEGIN.length, end).replaceAll(/\s+/gu, '');
  return /^[A-Za-z0-9+/]+={0,2}$/u.test(body) ? Buffer.from(body, 'base64') : undefined;
}

/**
 * Checks a signature (PROTOCOL.sshsig of OpenSSH, without its armor) of a message against the one key that may have
 * made it. RSA counts with SHA-256 and SHA-512 only. Never throws.
 */
export function verifySshSignature(blob: Buffer, message: string, expected: SshPublicKey, namespace = APPROVAL_NAMESPACE): SignatureResult {
  let fingerprint: string | undefined;
  const refuse = (code: SignatureProblem['code'], why: string): SignatureResult => ({
    ok: false,
    problem: { code, why },
    ...defined({ fingerprint }),
  });
  try {
    if (blob.length > MOST_BYTES) return refuse('signature-invalid', 'it is too long to be a signature');
    const parts = partsOf(blob);
    fingerprint = fingerprintOf(parts.key);
    if (!parts.key.equals(expected.blob)) {
      const own = parseSshKeyBlob(parts.key);
      return refuse(
        'key-unknown',
        `it was made with the key ${fingerprint}${own.ok ? '' : ` (${own.why})`}, and ${expected.fingerprint} is the one on file`,
      );
    }
    if (parts.namespace !== namespace)
      return refuse('signature-invalid', `it was made for "${parts.namespace.slice(0, 60)}", not for "${namespace}"`);
    if (!HASHES.includes(parts.hash)) return refuse('signature-invalid', `its digest ${parts.hash.slice(0, 20)} is not sha256 or sha512`);
    const digest = createHash(parts.hash).update(message, 'utf8').digest();
    const signed = Buffer.concat([MAGIC, sshString(namespace), sshString(parts.reserved), sshString(parts.hash), sshString(digest)]);
    if (!fits(expected, parts.signature, signed)) return refuse('signature-invalid', 'it does not match what it signs: one of them was changed');
    return { ok: true, fingerprint };
  } catch (error) {
    return refuse('signature-invalid', error instanceof SshFormatError ? error.message : `it cannot be read (${messageOf(error)})`);
  }
}

interface SignatureParts {
  readonly key: Buffer;
  readonly namespace: string;
  readonly reserved: Buffer;
  readonly hash: string;
  readonly signature: Buffer;
}

function partsOf(blob: Buffer): SignatureParts {
  const reader = new SshReader(blob);
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw new SshFormatError('it is not an SSH signature');
  const version = reader.uint32();
  if (version !== 1) throw new SshFormatError(`it has version ${version}; only version 1 is known`);
  const parts = {
    key: reader.string(),
    namespace: reader.string().toString('utf8'),
    reserved: reader.string(),
    hash: reader.text(),
    signature: reader.string(),
  };
  reader.end();
  return parts;
}

/** The algorithm has to be one of this type of key: a signature cannot choose a weaker one. */
function fits({ type, key }: SshPublicKey, signature: Buffer, signed: Buffer): boolean {
  const reader = new SshReader(signature);
  const algorithm = reader.text();
  const bytes = reader.string();
  reader.end();
  if (type === 'ssh-ed25519' && algorithm === type) return bytes.length === 64 && verify(null, signed, key, bytes);
  if (type === 'ecdsa-sha2-nistp256' && algorithm === type) {
    const pair = new SshReader(bytes);
    const both = Buffer.concat([padded(pair.positive(), 32), padded(pair.positive(), 32)]);
    pair.end();
    return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, both);
  }
  const digest = type === 'ssh-rsa' ? RSA_DIGESTS.get(algorithm) : undefined;
  if (digest === undefined) throw new SshFormatError(`its algorithm ${algorithm.slice(0, 30)} does not go with a key of type ${type}`);
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  return verify(digest, signed, key, padded(bytes, Math.ceil(size)));
}

function padded(bytes: Buffer, length: number): Buffer {
  if (bytes.length > length) throw new SshFormatError('a number in it is too large');
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
}
