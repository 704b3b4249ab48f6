import { counted } from '../../lib/index.js';
import { compareIn, compareKeys, isInteger } from '../../records/index.js';
import type { PartInfo } from '../types.js';
import { beginsLine, NEWLINE, type LineKind, type LineOrder } from './lines.js';
import { boundedJson } from './shapes.js';

/**
 * Undefined where a part holds what its entry in the manifest says, in words what is wrong otherwise: whole lines of
 * the kind, as many as are listed, in the order of their keys, within the range of keys. For parts that nobody vouches
 * for: readers look lines up by their bytes.
 */
export function linesProblem({ kind, order }: LineOrder, bytes: Buffer, part: PartInfo): string | undefined {
  if (bytes.at(-1) !== NEWLINE) return 'its last line has no end';
  let rows = 0;
  let last: readonly string[] | undefined;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const key = beginsLine(kind, bytes, start) ? keyIn(kind, bytes.subarray(start, end)) : undefined;
    rows += 1;
    if (key === undefined || (order === 'integer' && !isInteger(key[0] ?? ''))) return `its line ${rows} is not a line of a snapshot`;
    if (last === undefined && key[0] !== part.firstKey) return 'it does not begin with the key that the manifest says';
    const compared = last === undefined ? -1 : compareIn(order, last[0] ?? '', key[0] ?? '') || compareKeys(last[1] ?? '', key[1] ?? '');
    if (compared > 0 || (compared === 0 && kind === 'records')) return `its line ${rows} is out of order`;
    last = key;
    start = end + 1;
  }
  if (last?.[0] !== part.lastKey) return 'it does not end with the key that the manifest says';
  return rows === part.rows ? undefined : `it has ${counted(rows, 'lines')} instead of ${part.rows}`;
}

/** What a line is sorted by; undefined where it has another shape. */
function keyIn(kind: LineKind, line: Buffer): readonly string[] | undefined {
  const value = boundedJson(line);
  if (!isGroup(value)) return undefined;
  if (kind === 'links') return typeof value['from'] === 'string' && typeof value['to'] === 'string' ? [value['from'], value['to']] : undefined;
  const { key, fields, meta } = value;
  if (typeof key !== 'string' || !isGroup(fields) || !isGroup(meta)) return undefined;
  // Looked up by these very bytes.
  const head = Buffer.from(`{"key":${JSON.stringify(key)},"fields":{`);
  return line.subarray(0, head.length).equals(head) ? [key] : undefined;
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
