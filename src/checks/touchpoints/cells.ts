import { canonicalJson } from '../../lib/index.js';
import { carried, comparerOf, type SideIndex, type TypePair } from '../../mappings/index.js';
import { type PlatformRecord, type Value } from '../../records/index.js';
import { type CellVerdict, type TestedField, valueIn } from './facts.js';

/** How far one field of a copy is from what the mapping makes of its original; undefined where the mapping has no say. */
export function cellVerdict(
  tested: TestedField,
  from: SideIndex,
  original: PlatformRecord,
  copy: PlatformRecord,
): Exclude<CellVerdict, 'late'> | undefined {
  const { field } = tested;
  const types = typesOf(tested, from);
  const [source, target] = [field.names[from], field.names[from === 0 ? 1 : 0]];
  const value = valueIn(original, source);
  const wanted = carried(field, from, value, types);
  if (!('write' in wanted)) return undefined;
  const found = valueIn(copy, target);
  if (same(found, wanted.write)) return 'right';
  const verdict = from === 0 ? comparerOf(field, types).verdict(value, found) : comparerOf(field, types).verdict(found, value);
  if (verdict === 'same' || verdict === 'order') return 'normalised';
  return lossOf(wanted.write, found, tested);
}

/** What of the value is not there. */
function lossOf(wanted: Value, found: Value, { to }: TestedField): 'truncated' | 'option-lost' | 'wrong' {
  if (to.type === 'enum' || to.type === 'set') {
    const [all, left] = [elements(wanted), elements(found)];
    return left.every((each) => all.includes(each)) && left.length < all.length ? 'option-lost' : 'wrong';
  }
  const isBeginning = typeof wanted === 'string' && typeof found === 'string' && found !== '' && found.length < wanted.length;
  return isBeginning && wanted.startsWith(found) ? 'truncated' : 'wrong';
}

const elements = (value: Value): readonly Value[] => (Array.isArray(value) ? value : value === null || value === '' ? [] : [value]);

/** Null, a missing value and an empty one are one here: the comparison by the mapping knows where they differ. */
function same(a: Value, b: Value): boolean {
  return canonicalJson(a === '' ? null : a) === canonicalJson(b === '' ? null : b);
}

function typesOf({ from, to }: TestedField, side: SideIndex): TypePair {
  return side === 0 ? [from.type, to.type] : [to.type, from.type];
}
