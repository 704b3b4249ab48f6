import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * Headers of files of the age format, version 1 (https://age-encryption.org/v1), read without its library: loading that
 * takes longer than opening the headers of all parts of a snapshot.
 */

const VERSION = 'age-encryption.org/v1\n';
const STANZA = '-> ';
const MAC = '--- ';
const MAC_BYTES = 32;
/** Characters of a full line of base64; the last line of a body has fewer. */
const LINE_CHARACTERS = 64;
/** What arguments are made of. */
const ARGUMENT = /^[\x21-\x7e]+$/u;
const BASE64 = /^[A-Za-z0-9+/]*$/u;

/** For one recipient: who, and the file key as that one can open it. */
export interface HeaderStanza {
  readonly args: string[];
  readonly body: Uint8Array;
}

/** Opens a file key; null where it was wrapped for others. Throws an Error for a stanza of its kind that is none. */
export interface HeaderKey {
  unwrapFileKey(stanzas: HeaderStanza[]): Uint8Array | null;
}

interface Header {
  readonly stanzas: HeaderStanza[];
  /** The bytes that the header vouches for. */
  readonly vouched: Buffer;
  readonly mac: Buffer;
}

/**
 * The file key in a header, its last newline included; undefined where none of the keys opens it. Throws an Error where
 * it is not to the letter of the format, or is not what was written.
 */
export function fileKeyIn(header: Buffer, keys: readonly HeaderKey[]): Uint8Array | undefined {
  const { stanzas, vouched, mac } = parsed(header);
  for (const key of keys) {
    const fileKey = key.unwrapFileKey(stanzas);
    if (fileKey === null) continue;
    const macKey = Buffer.from(hkdfSync('sha256', fileKey, '', 'header', MAC_BYTES));
    if (!timingSafeEqual(createHmac('sha256', macKey).update(vouched).digest(), mac)) throw new Error('its header is not what was written');
    return fileKey;
  }
  return undefined;
}

function parsed(header: Buffer): Header {
  const text = header.toString('latin1');
  if (!text.startsWith(VERSION)) throw new Error('its header is of no version that is known');
  const lines = text.slice(VERSION.length).split('\n');
  const stanzas: HeaderStanza[] = [];
  let n = 0;
  for (; lines[n]?.startsWith(STANZA) === true; n += 1) {
    const args = (lines[n] ?? '').slice(STANZA.length).split(' ');
    if (!args.every((arg) => ARGUMENT.test(arg))) throw new Error('its header has a recipient that is none');
    const body: Buffer[] = [];
    let line: string;
    do {
      n += 1;
      line = lines[n] ?? '-';
      if (line.length > LINE_CHARACTERS) throw new Error('its header has a line that is too long');
      body.push(base64In(line));
    } while (line.length === LINE_CHARACTERS);
    stanzas.push({ args, body: Buffer.concat(body) });
  }
  const last = lines[n] ?? '';
  const isEnd = n === lines.length - 2 && lines[n + 1] === '' && last.startsWith(MAC);
  const mac = isEnd ? base64In(last.slice(MAC.length)) : Buffer.alloc(0);
  if (mac.length !== MAC_BYTES || stanzas.length === 0) throw new Error('its header does not end as one does');
  return { stanzas, vouched: header.subarray(0, header.length - last.length - 1 + MAC.length - 1), mac };
}

/** Base64 without padding, as it is always written: another spelling of the same bytes is a changed byte as well. */
function base64In(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (!BASE64.test(text) || bytes.toString('base64').replace(/=+$/u, '') !== text) throw new Error('its header has a line that is no base64');
  return bytes;
}
