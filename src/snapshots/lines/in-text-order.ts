import type { PartInfo } from '../types.js';
import { keyOffset, NEWLINE, stringEnd } from './lines.js';
import { mergeRuns, type SortedRun } from './merge.js';

/** Bytes of lines that are given to be merged at once. */
const SOME_BYTES = 64 << 10;
const LINES = { kind: 'records', order: 'text' } as const;

/**
 * Parts whose lines lie by the size of their keys, as lines in the order of bytes: so a snapshot is compared with one
 * that lies in that order. Whole numbers with the same sign and as many digits have one order in both ways of sorting
 * (those below zero the other way round), and lie together; so this merges as many runs as there are lengths, without a
 * temporary file. Memory: one part for each length.
 *
 * `read` gives the bytes of a part; undefined where it cannot be read, which is asked before any line behind the first
 * of that part is given. A part may be read several times: once for each length of its keys. The bytes given are good
 * until the next ones are asked for.
 */
export async function* inTextOrder(parts: readonly PartInfo[], read: (part: PartInfo) => Promise<Buffer | undefined>): AsyncGenerator<Buffer> {
  const lengths = new Map<number, PartInfo[]>();
  const of = (length: number): PartInfo[] => {
    const known = lengths.get(length) ?? [];
    lengths.set(length, known);
    return known;
  };
  for (const part of parts)
    for (let length = lengthOf(part.firstKey); length <= lengthOf(part.lastKey); length += 1) if (length !== 0) of(length).push(part);
  const runs = [...lengths].map(([length, its]) => runOf(length, its, read));
  for await (const batch of mergeRuns(runs, { lines: LINES, onDuplicate: () => {} })) yield batch.bytes;
}

/** How many digits a whole number has; below zero for one below zero. Rises with the number. */
function lengthOf(key: string): number {
  return key.startsWith('-') ? 1 - key.length : key.length;
}

/** The lines whose keys have one length, in the order of bytes. */
async function* runOf(length: number, parts: readonly PartInfo[], read: (part: PartInfo) => Promise<Buffer | undefined>): SortedRun {
  const below = length < 0;
  const digits = Math.abs(length);
  for (const part of below ? [...parts].reverse() : parts) {
    const bytes = await read(part);
    if (bytes === undefined) continue;
    const starts = startsOf(bytes, below, digits);
    if (below) starts.reverse();
    let lines: Buffer[] = [];
    let size = 0;
    for (const start of starts) {
      const line = bytes.subarray(start, bytes.indexOf(NEWLINE, start) + 1);
      lines.push(line);
      size += line.length;
      if (size < SOME_BYTES) continue;
      yield Buffer.concat(lines, size);
      lines = [];
      size = 0;
    }
    if (size > 0) yield Buffer.concat(lines, size);
  }
}

/** Where the lines begin whose keys have so many digits. */
function startsOf(bytes: Buffer, below: boolean, digits: number): number[] {
  const starts: number[] = [];
  for (let start = 0; start < bytes.length; start = bytes.indexOf(NEWLINE, start) + 1) {
    const from = start + keyOffset(LINES.kind);
    const length = stringEnd(bytes, from, bytes.length) - from;
    const minus = bytes[from] === 0x2d;
    if (minus === below && length - (minus ? 1 : 0) === digits) starts.push(start);
  }
  return starts;
}
