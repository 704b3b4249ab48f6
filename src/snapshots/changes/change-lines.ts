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

/** The changes in the bytes of one part; undefined where they are none. */
export function changesIn(lines: LineOrder, bytes: Buffer): readonly Change[] | undefined {
  const changes: Change[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const isGone = bytes.compare(GONE, 0, GONE.length, start, Math.min(start + GONE.length, bytes.length)) === 0;
    const at = isGone ? start + GONE.length : start;
    const last = changes.at(-1);
    if (end === -1 || !beginsLine(lines.kind, bytes, at)) return undefined;
    if (last !== undefined && compareLines(lines, last.bytes, last.at, bytes, at) >= 0) return undefined;
    changes.push({ bytes, at, is: isGone ? undefined : { bytes, start, end } });
    start = end + 1;
  }
  return changes;
}
