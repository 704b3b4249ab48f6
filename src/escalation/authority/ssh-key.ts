import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { messageOf } from '../../lib/index.js';
import { SshFormatError, SshReader } from './ssh-wire.js';

/** A public key as OpenSSH writes it. */
export interface SshPublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`. */
  readonly type: string;
  /** The key in the wire format: two keys are the same where these bytes are. */
  readonly blob: Buffer;
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** A key, or in words why it is none that can be used. */
export type KeyResult = { readonly ok: true; readonly key: SshPublicKey } | { readonly ok: false; readonly why: string };

/** Larger keys only cost time. */
const MOST_RSA_BITS = 16_384;
const LEAST_RSA_BITS = 2048;
const MOST_TEXT = 16_384;

/**
 * Reads one line of a `.pub` file or of `escalation.yml`: type, base64, and a comment that counts for nothing. Never
 * throws.
 */
export function parseSshPublicKey(line: string): KeyResult {
  if (line.length > MOST_TEXT) return { ok: false, why: 'it is too long to be an SSH public key' };
  const [type = '', base64 = ''] = line.trim().split(/\s+/u);
  if (/PRIVATE KEY/u.test(line))
    return { ok: false, why: 'it is a private key and must not be in a file that others read. Give the line of the .pub file' };
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return { ok: false, why: 'it is not a line such as "ssh-ed25519 AAAA…"' };
  const result = parseSshKeyBlob(Buffer.from(base64, 'base64'));
  if (result.ok && result.key.type !== type) return { ok: false, why: `it says ${type} and holds a key of type ${result.key.type}` };
  return result;
}

/** Fingerprint of the key in a line of `escalation.yml`; undefined where there is none that can be used. */
export function keyFingerprint(line: string | undefined): string | undefined {
  const read = line === undefined ? undefined : parseSshPublicKey(line);
  return read?.ok === true ? read.key.fingerprint : undefined;
}

/** Reads a key in the wire format. Never throws. */
export function parseSshKeyBlob(blob: Buffer): KeyResult {
  try {
    const reader = new SshReader(blob);
    const type = reader.text();
    const key = keyOf(type, reader);
    reader.end();
    return { ok: true, key: { type, blob, fingerprint: fingerprintOf(blob), key } };
  } catch (error) {
    return { ok: false, why: error instanceof SshFormatError ? error.message : `it holds no usable key (${messageOf(error)})` };
  }
}

/** `SHA256:` and the base64 digest of a key in the wire format. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

function keyOf(type: string, reader: SshReader): KeyObject {
  const url = (bytes: Buffer): string => bytes.toString('base64url');
  switch (type) {
    case 'ssh-ed25519':
      return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: url(exactly(reader.string(), 32)) } });
    case 'ecdsa-sha2-nistp256': {
      if (reader.text() !== 'nistp256') throw new SshFormatError('its curve is not nistp256');
      const point = exactly(reader.string(), 65);
      if (point[0] !== 4) throw new SshFormatError('its point is compressed');
      return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: url(point.subarray(1, 33)), y: url(point.subarray(33)) } });
    }
    case 'ssh-rsa': {
      const e = reader.positive();
      const n = reader.positive();
      if (n.length * 8 < LEAST_RSA_BITS) throw new SshFormatError(`it is an RSA key of less than ${LEAST_RSA_BITS} bits`);
      if (n.length * 8 > MOST_RSA_BITS || e.length > 8) throw new SshFormatError('it is larger than any RSA key in use');
      return createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: url(n), e: url(e) } });
    }
    default:
      if (type.startsWith('sk-'))
        throw new SshFormatError(`keys of type ${visibleType(type)} (on a security device) are not supported; use an ssh-ed25519 key`);
      throw new SshFormatError(`keys of type ${visibleType(type)} are not supported; use ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa`);
  }
}

function exactly(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new SshFormatError(`${bytes.length} bytes where ${length} belong`);
  return bytes;
}

const visibleType = (type: string): string => (/^[\w@.-]{1,64}$/u.test(type) ? type : 'unknown');
