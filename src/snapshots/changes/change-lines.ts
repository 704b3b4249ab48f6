import { beginsLine, compareLines, NEWLINE, type LineOrder } from '../lines/lines.js';

/**
 * What differs from the snapshot before, as lines: what a record is now, as in any snapshot, and directly behind it
 * what it was, `{"was":…}`. Only the first: it is new; only the second: it is gone. In the order of the keys.
 */

const WAS = Buffer.from('{"was":');
const END = Buffer.from('}\n');

/** Bytes of one line: its start, and where it ends (before its newline). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One record or link that is not what it was. At least one side is there. */
export interface Change {
  readonly bytes: Buffer;
  /** Start of a line with its key. */
  readonly at: number;
  readonly is: Span | undefined;
  readonly was: Span | undefined;
}

/** A line as what a record was, newline included. */
export function wasLine(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.concat([WAS, bytes.subarray(start, end), END]);
}

/** The changes in the bytes of one part; undefined where they are none. */
export function changesIn(lines: LineOrder, bytes: Buffer): Change[] | undefined {
  const changes: Change[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) return undefined;
    const span = oldSpan(bytes, start, end);
    const at = span?.start ?? start;
    if (!beginsLine(lines.kind, bytes, at)) return undefined;
    const last = changes.at(-1);
    const order = last === undefined ? -1 : compareLines(lines, last.bytes, last.at, bytes, at);
    if (span !== undefined && order === 0 && last?.was === undefined && last !== undefined) changes[changes.length - 1] = { ...last, was: span };
    else if (order >= 0) return undefined;
    else changes.push({ bytes, at, is: span === undefined ? { start, end } : undefined, was: span });
    start = end + 1;
  }
  return changes;
}

function oldSpan(bytes: Buffer, start: number, end: number): Span | undefined {
  if (bytes.compare(WAS, 0, WAS.length, start, Math.min(start + WAS.length, end)) !== 0) return undefined;
  return { start: start + WAS.length, end: end - 1 };
}
