import { beginsLine, compareLines, NEWLINE, type LineOrder } from '../lines/lines.js';
import type { Line } from '../types.js';

/**
 * What differs from the snapshot before, as lines in the order of the keys: what a record is now, as in any snapshot, or
 * `{"gone":{"key":…}}`. In parts of their own, as lines of any snapshot, what those records were that were there.
 */

const GONE = Buffer.from('{"gone":');
const KEY_END = Buffer.from('}}\n');

/** One record or link that is not what it was. */
export interface Change {
  readonly bytes: Buffer;
  /** Start of a line with its key. */
  readonly at: number;
  /** What it is; undefined where it is gone. */
  readonly is: Line | undefined;
}

/** The line that says that what a line is about is gone. `keyEnd`: where its key ends, quote included. */
export function goneLine(bytes: Buffer, start: number, keyEnd: number): Buffer {
  return Buffer.concat([GONE, bytes.subarray(start, keyEnd), KEY_END]);
}

/** The changes of one part as they lie: where the line of each begins. */
export interface ChangeLines {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
}

/** The changes in the bytes of one part; undefined where they are none. */
export function changeLinesIn(lines: LineOrder, bytes: Buffer): ChangeLines | undefined {
  const starts: number[] = [];
  let last = -1;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const at = keyStart(bytes, start);
    if (end === -1 || !beginsLine(lines.kind, bytes, at)) return undefined;
    if (last !== -1 && compareLines(lines, bytes, last, bytes, at) >= 0) return undefined;
    starts.push(start);
    last = at;
    start = end + 1;
  }
  return { bytes, starts: Uint32Array.from(starts) };
}

/** The same, one by one. */
export function changesIn(lines: LineOrder, bytes: Buffer): readonly Change[] | undefined {
  const found = changeLinesIn(lines, bytes);
  if (found === undefined) return undefined;
  return Array.from(found.starts, (start) => {
    const at = keyStart(bytes, start);
    return { bytes, at, is: at === start ? { bytes, start, end: bytes.indexOf(NEWLINE, start) } : undefined };
  });
}

/** Where the line with the key of a change begins: behind `{"gone":` where it is gone. */
export function keyStart(bytes: Buffer, start: number): number {
  for (let i = 0; i < GONE.length; i += 1) if (bytes[start + i] !== GONE[i]) return start;
  return start + GONE.length;
}
