import type { CallOptions } from '../../lib/index.js';
import { parseRecordLine, type Value } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';

/** How a field of an object type is filled: numbers alone, and nothing of what stands there. */
export interface FieldShape {
  /** Share of the records in which it is empty or missing, from 0 to 1. */
  readonly empty: number;
  /** Lengths of its texts, shortest first: so many of them, evenly spread over all. */
  readonly lengths: readonly number[];
}

/** By the name of the field. */
export type ObjectShape = Readonly<Record<string, FieldShape>>;

const LENGTHS = 21;

/** Reads how the fields of an object type of a snapshot are filled. */
export async function shapeOf(
  snapshot: SnapshotReader,
  { platform, object, fields }: { readonly platform: string; readonly object: string; readonly fields: readonly string[] },
  call: CallOptions,
): Promise<ObjectShape> {
  const info = snapshot.manifest.objects.find((each) => each.platform === platform && each.object === object);
  if (info === undefined) return {};
  const seen = new Map(fields.map((name) => [name, new Map<number, number>()]));
  let records = 0;
  for await (const lines of snapshot.lines(info, call))
    for (const line of lines) {
      records += 1;
      const { fields: values } = parseRecordLine(line);
      for (const [name, counts] of seen) {
        const length = lengthOf(values[name]);
        if (length > 0) counts.set(length, (counts.get(length) ?? 0) + 1);
      }
    }
  if (records === 0) return {};
  return Object.fromEntries(
    [...seen].map(([name, counts]) => {
      const filled = [...counts.values()].reduce((sum, each) => sum + each, 0);
      return [name, { empty: (records - filled) / records, lengths: filled === 0 ? [] : spread(counts, filled) }];
    }),
  );
}

function lengthOf(value: Value | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.length : 1;
}

function spread(counts: ReadonlyMap<number, number>, filled: number): readonly number[] {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return Array.from({ length: LENGTHS }, (_, index) => {
    let left = Math.round((index / (LENGTHS - 1)) * (filled - 1));
    return sorted.find(([, count]) => (left -= count) < 0)?.[0] ?? 1;
  });
}

/** A text of so many units, of the same characters. None of them is cut in half. */
export function withLength(text: string, length: number): string {
  const units = text.trim() === '' ? 'x' : text;
  let made = '';
  while (made.length < length) {
    const before = made.length;
    for (const character of units) if (made.length + character.length <= length) made += character;
    if (made.length === before) made += 'x';
  }
  return made.endsWith(' ') || made.startsWith(' ') ? made.replace(/^ | $/gu, 'x') : made;
}
