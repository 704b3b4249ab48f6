import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

import type { Recipient } from 'age-encryption';

import { messageOf, RunbackError } from '../../lib/index.js';
import { fileKeyIn, type HeaderKey } from './header.js';
import { x25519Identity, x25519Recipient } from './x25519.js';

/**
 * Files of the age format, version 1 (https://age-encryption.org/v1). Headers are written by the library, which is not
 * loaded to read what is encrypted for keys of X25519 alone; keys are wrapped and the payload is enciphered by OpenSSL,
 * which is ten times as fast as any script.
 */

const CHUNK_BYTES = 64 << 10;
const TAG_BYTES = 16;
const NONCE_BYTES = 16;
const CIPHER = 'chacha20-poly1305';
const HEADER_END = Buffer.from('\n--- ');
/** Of a header with many recipients; whoever says more lies. */
const HEADER_LIMIT = 64 << 10;
/** The sum of a header, 32 bytes in base64 without the filling: its last line has no more. */
const MAC_CHARS = 43;
/** The name before a key of X25519, and the bytes of one. */
const SECRET = 'AGE-SECRET-KEY-';
const SECRET_BYTES = 32;

/** Makes files that only the keys of its recipients open; it cannot open them itself. */
export interface Encryption {
  encrypt(bytes: Buffer): Promise<Buffer>;
}

/** Opens files with keys. */
export interface Decryption {
  /** Throws `NoKey` where none of the keys is one of its recipients, an Error where the bytes are damaged. */
  decrypt(bytes: Buffer): Promise<Buffer>;
}

/** None of the keys at hand opens a file. */
export class NoKey extends Error {}

let hushed = false;

/** Loads the library. Early versions of Node 20 warn that its curve is experimental: whoever works here can do nothing about it. */
async function library(): Promise<typeof import('age-encryption')> {
  if (!hushed) {
    hushed = true;
    const emit = process.emitWarning.bind(process) as (...warning: unknown[]) => void;
    process.emitWarning = (...warning: unknown[]) => {
      if (warning[1] !== 'ExperimentalWarning' || !messageOf(warning[0]).includes('X25519')) emit(...warning);
    };
  }
  return await import('age-encryption');
}

/** A new key, and the recipient that it opens files for. */
export async function newKeyPair(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const { generateIdentity, identityToRecipient } = await library();
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/**
 * Encrypts for these recipients (`age1…`). Loads the library with the first file; `file-invalid` is thrown there for a
 * recipient that is none.
 */
export function encryptionFor(recipients: readonly string[]): Encryption {
  let made: readonly (string | Recipient)[] | undefined;
  return {
    encrypt: async (bytes) => {
      const { Encrypter } = await library();
      made ??= await madeRecipients(recipients);
      const encrypter = new Encrypter();
      for (const recipient of made) encrypter.addRecipient(recipient);
      let key = Buffer.alloc(0);
      encrypter.addRecipient({
        wrapFileKey: (fileKey) => {
          key = Buffer.from(fileKey);
          return [];
        },
      });
      // A file with nothing in it is a header, a nonce and a tag.
      const empty = await encrypter.encrypt(new Uint8Array());
      return enciphered(key, Buffer.from(empty.buffer, empty.byteOffset, empty.length - NONCE_BYTES - TAG_BYTES), bytes);
    },
  };
}

/** Recipients as they are given to the library, which judges the text of each first. */
async function madeRecipients(recipients: readonly string[]): Promise<readonly (string | Recipient)[]> {
  const [{ Encrypter: Judge, Stanza: Made }, { bech32 }] = await Promise.all([library(), import('@scure/base')]);
  return recipients.map((recipient) => {
    requireRecipient(recipient, (text) => new Judge().addRecipient(text));
    const { prefix, bytes } = bech32.decodeToBytes(recipient);
    // Those of other kinds stay the library's.
    return prefix === 'age' ? x25519Recipient(Buffer.from(bytes), (args, body) => new Made(args, body)) : recipient;
  });
}

function requireRecipient(recipient: string, judge: (recipient: string) => void): void {
  try {
    judge(recipient);
  } catch (error) {
    throw new RunbackError('file-invalid', `${JSON.stringify(recipient)} is no recipient of age`, {
      why: `Its checksum does not fit: it may have been cut off, or typed by hand. (${messageOf(error)})`,
      state: 'No snapshot was made; nothing was changed on the platform.',
      next: 'Copy the line that begins with "age1" from the public key, into backups: { encrypt: { to: […] } } of runback.yml',
      cause: error,
    });
  }
}

/** Opens the header of a file. Throws `NoKey` where no key does, an Error where it is damaged. */
type OpenHeader = (header: Buffer) => Uint8Array | Promise<Uint8Array>;

/**
 * Decrypts with the keys (`AGE-SECRET-KEY-1…`) in the text that `read` gives, which is asked for with the first file.
 * What it throws is thrown there, and `file-invalid` for a key that is none.
 */
export function decryptionWith(read: () => Promise<string>): Decryption {
  let opened: Promise<OpenHeader> | undefined;
  return {
    decrypt: async (bytes) => {
      opened ??= opener(await read());
      const fileKeyOf = await opened;
      const payload = payloadStart(bytes);
      let key: Uint8Array;
      try {
        key = await fileKeyOf(bytes.subarray(0, payload));
      } catch (error) {
        if (error instanceof NoKey) throw error;
        throw new Error('its header is damaged', { cause: error });
      }
      return deciphered(key, bytes.subarray(payload));
    },
  };
}

async function opener(text: string): Promise<OpenHeader> {
  const identities = identitiesIn(text);
  try {
    if (identities.length === 0) throw new Error('it holds no line with a key');
    return identities.every(isX25519) ? await ownOpener(identities) : await libraryOpener(identities);
  } catch (error) {
    throw new RunbackError('file-invalid', 'What backups.identity in runback.yml leads to is no key of age', {
      why: `A line that begins with AGE-SECRET-KEY-1 is expected: ${messageOf(error)}.`,
      state: 'Nothing was read or changed.',
      next: 'Put the file there that age-keygen wrote.',
      cause: error,
    });
  }
}

async function ownOpener(identities: readonly string[]): Promise<OpenHeader> {
  const keys = await Promise.all(identities.map(x25519Key));
  return (header) => {
    const key = fileKeyIn(header, keys);
    if (key === undefined) throw noneOpens();
    return key;
  };
}

/** Keys of other kinds are the library's, as headers are where there are any. */
async function libraryOpener(identities: readonly string[]): Promise<OpenHeader> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(isX25519(identity) ? await x25519Key(identity) : identity);
  // Asked last: all others had none.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      throw noneOpens();
    },
  });
  return async (header) => await decrypter.decryptHeader(header);
}

const isX25519 = (identity: string): boolean => identity.startsWith(`${SECRET}1`);

/** A key of X25519, made of its text once and not for each file. Throws an Error for a text that is none. */
async function x25519Key(identity: string): Promise<HeaderKey> {
  const { bech32 } = await import('@scure/base');
  const { prefix, bytes } = bech32.decodeToBytes(identity);
  if (prefix.toUpperCase() !== SECRET || bytes.length !== SECRET_BYTES) throw new Error('invalid identity');
  return x25519Identity(Buffer.from(bytes));
}

const noneOpens = (): NoKey => new NoKey('none of the keys at hand opens it');

/** The keys in the text of a key file: one a line, with comments. */
function identitiesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Bytes that encrypting adds to so many, without the header. */
function overhead(bytes: number): number {
  return NONCE_BYTES + Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) * TAG_BYTES;
}

function payloadStart(bytes: Buffer): number {
  const head = bytes.subarray(0, HEADER_LIMIT);
  const at = head.indexOf(HEADER_END);
  const end = at === -1 ? -1 : head.subarray(0, at + HEADER_END.length + MAC_CHARS + 1).indexOf(0x0a, at + HEADER_END.length);
  if (end === -1) throw new Error('it has no header of an encrypted file');
  return end + 1;
}

function payloadKey(fileKey: Uint8Array, nonce: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** The number of a chunk and whether it is the last one: the nonce that its place gives it. */
function chunkNonce(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function enciphered(fileKey: Buffer, header: Buffer, bytes: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const key = payloadKey(fileKey, nonce);
  const out = Buffer.allocUnsafe(header.length + overhead(bytes.length) + bytes.length);
  let at = header.copy(out) + nonce.copy(out, header.length);
  for (let number = 0, from = 0; number === 0 || from < bytes.length; number += 1, from += CHUNK_BYTES) {
    const cipher = createCipheriv(CIPHER, key, chunkNonce(number, from + CHUNK_BYTES >= bytes.length), { authTagLength: TAG_BYTES });
    at += cipher.update(bytes.subarray(from, from + CHUNK_BYTES)).copy(out, at);
    cipher.final();
    at += cipher.getAuthTag().copy(out, at);
  }
  return out;
}

function deciphered(fileKey: Uint8Array, payload: Buffer): Buffer {
  const key = payloadKey(fileKey, payload.subarray(0, NONCE_BYTES));
  const chunks = payload.subarray(NONCE_BYTES);
  const size = CHUNK_BYTES + TAG_BYTES;
  const out = Buffer.allocUnsafe(Math.max(0, chunks.length - Math.ceil(chunks.length / size) * TAG_BYTES));
  let at = 0;
  for (let number = 0, from = 0; number === 0 || from < chunks.length; number += 1, from += size) {
    const chunk = chunks.subarray(from, from + size);
    // An empty last chunk is only that of an empty file.
    if (chunk.length < TAG_BYTES || (chunk.length === TAG_BYTES && number > 0)) throw new Error('its encrypted bytes are cut off');
    const decipher = createDecipheriv(CIPHER, key, chunkNonce(number, from + size >= chunks.length), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
    at += decipher.update(chunk.subarray(0, -TAG_BYTES)).copy(out, at);
    try {
      decipher.final();
    } catch (error) {
      throw new Error('its encrypted bytes are damaged', { cause: error });
    }
  }
  return out;
}
