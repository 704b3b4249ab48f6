import { parseRecordLine, type PlatformRecord } from '../../records/index.js';
import type { ObjectInfo, SnapshotReader } from '../../snapshots/index.js';

/** Parts that are opened to draw from: each is a few thousand records. */
const PARTS = 12;

/**
 * Draws records of an object type by chance, and not because they changed; all of them where there are no more. `random`:
 * a number from 0 to 1, below 1, at each call. A part that cannot be read is passed over.
 */
export async function drawRecords(reader: SnapshotReader, info: ObjectInfo, count: number, random: () => number): Promise<readonly PlatformRecord[]> {
  const parts = info.parts.length <= PARTS ? info.parts : shuffled(info.parts, random).slice(0, PARTS);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const drawn: PlatformRecord[] = [];
  for (const part of parts) {
    const bytes = await reader.partBytes(info, part).catch(() => undefined);
    if (bytes === undefined) continue;
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    const share = Math.ceil((count * part.rows) / Math.max(1, rows));
    for (const line of shuffled(lines, random).slice(0, share)) drawn.push(parseRecordLine(line));
  }
  return drawn.slice(0, count);
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const left = [...items];
  for (let last = left.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [left[last], left[other]] = [left[other] as T, left[last] as T];
  }
  return left;
}

/** Numbers that follow from a text: the same text draws the same. */
export function numbersFrom(text: string): () => number {
  let state = 0;
  for (const letter of text) state = (Math.imul(state, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
