import { compareIn, isInteger } from '../../records/index.js';
import { isLink, linesOf } from '../changes/chain.js';
import { keyAt, otherEndAt } from '../lines/lines.js';
import type { LinkInfo, ObjectInfo, PartInfo } from '../types.js';
import type { RecordName } from './forgotten.js';
import type { PartLine } from './part-lines.js';

/** Which lines of an object type or kind of link are about certain records. */
export interface Whose {
  /** False where no line of a part with these keys can be. */
  mayHold(part: Pick<PartInfo, 'firstKey' | 'lastKey'>): boolean;
  holds(line: PartLine): boolean;
}

/** Undefined where none of the records is of that object type, or at an end of that kind of link. */
export function whoseIn(info: ObjectInfo, records: readonly RecordName[]): Whose | undefined {
  const here = records.filter(({ platform }) => platform === info.platform);
  const keysOf = (object: string): ReadonlySet<string> => new Set(here.filter((one) => one.object === object).map(({ key }) => key));
  const { kind, order } = linesOf(info);
  if (isLink(info)) {
    const { from, to } = info as LinkInfo;
    const [left, right] = [keysOf(from), keysOf(to)];
    if (left.size + right.size === 0) return undefined;
    return {
      mayHold: () => true,
      holds: ({ bytes, at }) =>
        (left.size > 0 && left.has(keyAt(kind, bytes, at, bytes.length))) || (right.size > 0 && right.has(otherEndAt(bytes, at))),
    };
  }
  const keys = keysOf(info.object);
  if (keys.size === 0) return undefined;
  const comparable = [...keys].filter((key) => order === 'text' || isInteger(key));
  return {
    mayHold: ({ firstKey, lastKey }) => comparable.some((key) => compareIn(order, firstKey, key) <= 0 && compareIn(order, key, lastKey) <= 0),
    holds: ({ bytes, at }) => keys.has(keyAt(kind, bytes, at, bytes.length)),
  };
}
