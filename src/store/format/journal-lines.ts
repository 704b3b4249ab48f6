import { createHash } from 'node:crypto';

import { canonicalJson, sha256 } from '../../lib/index.js';
import type { JournalEntry } from '../store.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** `prev` of the first line: bound to the journal, so that two journals cannot be exchanged. */
export function firstHash(kind: string, id: string): string {
  return sha256(`runback journal ${kind}/${id}`);
}

/**
 * The line of an entry, with its newline, and the entry with its hash. What is in it is made text once, and hashed as
 * it is written.
 */
export function sealEntry(entry: Omit<JournalEntry, 'hash'>): { readonly entry: JournalEntry; readonly line: string } {
  const { at, attempt, by, data, ...rest } = entry;
  // Names of members are sorted: those of the first part stand before the hash, those of the second behind it.
  const before = canonicalJson({ at, attempt, by, data }).slice(0, -1);
  const after = canonicalJson(rest).slice(1);
  const hash = sha256(`${entry.prev}${before},${after}`);
  return { entry: { ...entry, hash }, line: `${before},"hash":"${hash}",${after}\n` };
}

/**
 * `,"hash":"<hash>"`: within a string its quotes would be escaped, and behind the hash of the line itself no other
 * member has this name.
 */
const HASH = Buffer.from(',"hash":"');
const HASH_BYTES = HASH.length + 65;

/**
 * A line (without its newline) as an entry, or why it is none. Hashed as it is, without its own hash: every byte is
 * either hashed or compared, so that any changed one is found. The CR of a copy with CRLF line ends counts as part of
 * the line break, a byte order mark as none of the first line.
 */
export function openLine(line: Uint8Array, expected: { readonly seq: number; readonly prev: string }): JournalEntry | string {
  const bytes = withoutMark(withoutReturn(line), expected.seq);
  let entry: JournalEntry;
  try {
    entry = JSON.parse(decoder.decode(bytes)) as JournalEntry;
    if (typeof entry !== 'object' || entry === null) return 'is not an entry';
  } catch {
    return 'is not readable';
  }
  if (entry.seq !== expected.seq) return `has number ${String(entry.seq)}: lines are missing, doubled or out of order`;
  if (entry.prev !== expected.prev) return 'does not follow from the line before it';
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = buffer.lastIndexOf(HASH);
  if (at === -1 || buffer.toString('latin1', at, at + HASH_BYTES) !== `,"hash":"${entry.hash}"`) return 'was changed after it was written';
  const hash = createHash('sha256')
    .update(expected.prev)
    .update(buffer.subarray(0, at))
    .update(buffer.subarray(at + HASH_BYTES));
  return hash.digest('hex') === entry.hash ? entry : 'was changed after it was written';
}

/**
 * True where the end of a journal can be what a crash in the middle of a write leaves: the beginning of a line, or
 * blocks of zeros that never reached the disk. Anything else at the end is damage, not a torn line.
 */
export function isTorn(tail: Uint8Array, expected: { readonly seq: number; readonly prev: string }): boolean {
  if (tail.includes(0)) return true;
  if (tail.at(-1) === NEWLINE) return false;
  // A whole entry with something behind it is not the beginning of a line: its newline was changed.
  return typeof openLine(tail.subarray(0, -1), expected) === 'string';
}

/** A line without the CR that a copy through another system put before its newline. No line of ours ends in one. */
export function withoutReturn<B extends Uint8Array>(line: B): B {
  return line.at(-1) === RETURN ? (line.subarray(0, -1) as B) : line;
}

/** The first line without the byte order mark that some editors and copies put before it. */
function withoutMark(line: Uint8Array, seq: number): Uint8Array {
  return seq === 1 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
}

/** Cuts a stream of bytes into lines; the last one may lack its newline. Offsets are of the first byte. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly bytes: Buffer; readonly offset: number; readonly whole: boolean }> {
  let kept: Buffer[] = [];
  let offset = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const bytes = kept.length === 0 ? chunk.subarray(start, end) : Buffer.concat([...kept, chunk.subarray(start, end)]);
      kept = [];
      yield { bytes, offset, whole: true };
      offset += bytes.length + 1;
      start = end + 1;
    }
    if (start < chunk.length) kept.push(chunk.subarray(start));
  }
  if (kept.length > 0) yield { bytes: Buffer.concat(kept), offset, whole: false };
}

/** Where a journal ends. */
export interface JournalEnd {
  /** Number of the last good line; 0 in an empty journal. */
  readonly seq: number;
  readonly hash: string;
  /** Bytes of all good lines. */
  readonly bytes: number;
  /** Bytes of a torn last line behind them. */
  readonly torn: number;
}
