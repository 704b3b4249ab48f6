import { sha256 } from '../../lib/index.js';
import { compareLines, keyAt, keyEnd, NEWLINE, otherEndAt, type LineOrder } from '../lines/lines.js';
import type { PartInfo } from '../types.js';

/** A line of a part in memory of its own, with its newline. `at`: where its key begins, which is later in `{"gone":…}`. */
export interface PartLine {
  readonly bytes: Buffer;
  readonly at: number;
}

const GONE = '{"gone":';

/** The lines of a part. */
export function partLines(bytes: Buffer): PartLine[] {
  const lines: PartLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
    const line = bytes.subarray(start, end);
    lines.push({ bytes: line, at: isGone(line) ? GONE.length : 0 });
    start = end;
  }
  return lines;
}

/** Whether a line of changes says that something is gone. */
export function isGone(line: Buffer): boolean {
  return line.toString('latin1', 0, GONE.length) === GONE;
}

/** That it is gone, instead of what a line says. */
export function asGone({ kind }: LineOrder, { bytes, at }: PartLine): PartLine {
  return { bytes: Buffer.from(`${GONE}${bytes.toString('utf8', at, keyEnd(kind, bytes, at))}}}\n`), at: GONE.length };
}

/** Puts a line in its place among lines that lie in order. */
export function insertLine(order: LineOrder, lines: PartLine[], line: PartLine): void {
  const next = lines.findIndex((other) => compareLines(order, other.bytes, other.at, line.bytes, line.at) > 0);
  lines.splice(next === -1 ? lines.length : next, 0, line);
}

/** A part made of these lines under the name of an earlier one; undefined where nothing is left. */
export function partOf(
  { kind }: LineOrder,
  { name, firstTo }: Pick<PartInfo, 'name' | 'firstTo'>,
  lines: readonly PartLine[],
): { readonly part: PartInfo; readonly bytes: Buffer } | undefined {
  const [first, last] = [lines[0], lines.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const bytes = Buffer.concat(lines.map((line) => line.bytes));
  const key = (line: PartLine): string => keyAt(kind, line.bytes, line.at, line.bytes.length);
  const ends = firstTo === undefined ? {} : { firstTo: otherEndAt(first.bytes, first.at), lastTo: otherEndAt(last.bytes, last.at) };
  return {
    part: { name, rows: lines.length, bytes: bytes.length, sha256: sha256(bytes), firstKey: key(first), lastKey: key(last), ...ends },
    bytes,
  };
}
