import { readFile, stat } from 'node:fs/promises';

import { RunbackError } from '../errors.js';

const BOM = '\uFEFF';
const NEWLINE = 0x0a;
const HANDED_OVER = /^\/(?:dev\/(?:stdin$|fd\/)|proc\/)/u;
const HOW = 'Save it as UTF-8 and try again. PowerShell: Set-Content -Encoding utf8; elsewhere: iconv -f UTF-16 -t UTF-8';

/**
 * The text of a file that people write or copy, as if it had been written on Unix: UTF-8, no byte order mark, every
 * line break (CRLF, CR) one `\n`. Places found in it (line, column) are those that an editor shows. Throws what the
 * file system throws, and `file-unreadable` as {@link decodeText} does, and for what is no file.
 */
export async function readTextFile(path: string): Promise<string> {
  await expectFile(path);
  return unixLines(decodeText(await readFile(path), path));
}

/**
 * Throws `file-unreadable` for a folder, and for a pipe that may never be written to: reading it would wait forever.
 * What a shell hands over, as `<(…)` does, lies in /dev/fd or /proc and is read.
 */
export async function expectFile(path: string): Promise<void> {
  const found = await stat(path);
  const next = 'Name a file, or move away what has its name, then run the same command again.';
  if (found.isDirectory()) throw unreadable(path, 'It is a folder, not a file.', next);
  if ((found.isFIFO() || found.isSocket()) && !HANDED_OVER.test(path)) throw unreadable(path, 'It is a pipe, not a file.', next);
}

/**
 * Bytes of a file as text, without the byte order mark of UTF-8; line breaks stay as they are. Throws `file-unreadable`
 * where it is UTF-16 or UTF-32 (Notepad, PowerShell), or no UTF-8, with the line of the first byte that is none.
 * @param name the file as people should see it.
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const wide = wideEncodingOf(bytes);
  if (wide !== undefined) throw unreadable(name, `It is written in ${wide}, but runback reads UTF-8.`, HOW);
  try {
    return withoutBom(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw unreadable(
      name,
      `Line ${lineOfBadByte(bytes)} holds a byte that is not UTF-8 (another code page, or not text).`,
      'Save it as UTF-8 and try again.',
    );
  }
}

/** A text with every CRLF and CR as `\n`. */
export function unixLines(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

/** A text without a byte order mark before it. */
export function withoutBom(text: string): string {
  return text.startsWith(BOM) ? text.slice(1) : text;
}

/** UTF-16 and UTF-32 by their marks; without one, by the zero that stands in every ASCII letter of theirs. */
function wideEncodingOf(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) return 'UTF-32';
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'UTF-16';
  const first = bytes.subarray(0, 4);
  const zeros = first.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  return first.length >= 2 && zeros > 0 && zeros < first.length ? 'UTF-16' : undefined;
}

function lineOfBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(NEWLINE, start);
    const past = end === -1 ? bytes.length : end + 1;
    try {
      decoder.decode(bytes.subarray(start, past));
    } catch {
      return line;
    }
    start = past;
  }
  return line;
}

function unreadable(name: string, why: string, next: string): RunbackError {
  return new RunbackError('file-unreadable', `${name} is not text that runback can read`, { why, state: 'Nothing was started.', next });
}
