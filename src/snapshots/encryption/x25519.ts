import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

import type { Recipient, Stanza } from 'age-encryption';

import type { HeaderKey } from './header.js';

/**
 * Recipients and identities of age's type X25519 (https://age-encryption.org/v1) by the engine's own curve: a snapshot has
 * a file key for each of its parts, and a script takes four times as long to wrap or to open each.
 */

const TYPE = 'X25519';
const LABEL = 'age-encryption.org/v1/X25519';
const KEY_BYTES = 32;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
const CIPHER = 'chacha20-poly1305';
/** Each wrapping key is used once. */
const NONCE = Buffer.alloc(12);
/** What stands before the 32 bytes of a private key in DER: RFC 8410. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SHARE = /^[A-Za-z0-9+/]{43}$/u;

/** Wraps file keys for a recipient. `recipient`: its 32 bytes. `makeStanza`: the library's. */
export function x25519Recipient(recipient: Buffer, makeStanza: (args: string[], body: Uint8Array) => Stanza): Recipient {
  const peer = publicKeyOf(recipient);
  return {
    wrapFileKey: (fileKey) => {
      const { publicKey, privateKey } = generateKeyPairSync('x25519');
      const share = bytesOf(publicKey);
      const cipher = createCipheriv(CIPHER, wrapKey(privateKey, peer, { share, recipient }), NONCE, { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [makeStanza([TYPE, base64Of(share)], body)];
    },
  };
}

/** Opens file keys that were wrapped for an identity. `secret`: its 32 bytes. Throws an Error for a stanza that is none. */
export function x25519Identity(secret: Buffer): HeaderKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
  const recipient = bytesOf(createPublicKey(privateKey));
  return {
    unwrapFileKey: (stanzas) => {
      for (const { args, body } of stanzas) {
        if (args[0] !== TYPE) continue;
        const share = shareIn(args, body);
        const opened = decrypted(body, wrapKey(privateKey, publicKeyOf(share), { share, recipient }));
        if (opened !== undefined) return opened;
      }
      return null;
    },
  };
}

/** The other side's half, where the stanza is as the format wants it to the letter. */
function shareIn([, text = '', ...more]: readonly string[], body: Uint8Array): Buffer {
  const share = Buffer.from(text, 'base64');
  const isOne = SHARE.test(text) && share.length === KEY_BYTES && base64Of(share) === text;
  if (!isOne || more.length > 0 || body.length !== FILE_KEY_BYTES + TAG_BYTES) throw new Error('it has a stanza of X25519 that is none');
  return share;
}

function wrapKey(privateKey: KeyObject, publicKey: KeyObject, { share, recipient }: { readonly share: Buffer; readonly recipient: Buffer }): Buffer {
  const secret = secretOf(privateKey, publicKey);
  return Buffer.from(hkdfSync('sha256', secret, Buffer.concat([share, recipient]), LABEL, KEY_BYTES));
}

/** Points of low order give the same secret with every key: all zero, where the engine gives it at all. */
function secretOf(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  let secret: Buffer | undefined;
  let cause: unknown;
  try {
    secret = diffieHellman({ privateKey, publicKey });
  } catch (error) {
    cause = error;
  }
  if (secret === undefined || secret.every((byte) => byte === 0)) throw new Error('it has a stanza of X25519 that gives no secret', { cause });
  return secret;
}

/** Undefined where it was wrapped for another. */
function decrypted(body: Uint8Array, key: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const fileKey = decipher.update(body.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return undefined;
  }
}

// A public key in JWK (RFC 8037) costs the engine a tenth of one in DER.
const publicKeyOf = (bytes: Buffer): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: TYPE, x: bytes.toString('base64url') }, format: 'jwk' });
const bytesOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
const base64Of = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/u, '');
