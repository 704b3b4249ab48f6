import { canonicalJson } from '../../lib/index.js';
import { carried, type Comparer, comparerOf, elementsOf, plainText, type SideIndex, stored, type TypePair } from '../../mappings/index.js';
import { type FieldType, type PlatformRecord, type Value } from '../../records/index.js';
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
  const comparer = comparerOf(field, types);
  const verdict = from === 0 ? comparer.verdict(value, found) : comparer.verdict(found, value);
  if (verdict === 'same' || verdict === 'order' || isOwnForm(tested, wanted.write, found)) return 'normalised';
  return lossOf(wanted.write, found, comparer, tested);
}

/** What the platform makes by itself of what is written there: an address in small letters. */
function isOwnForm({ to }: TestedField, wanted: Value, found: Value): boolean {
  const kept = to.form === undefined ? undefined : stored(to, wanted);
  return kept !== undefined && same(kept, found);
}

/** What of the value is not there. */
function lossOf(wanted: Value, found: Value, { kind: { kind } }: Comparer, { to }: TestedField): 'truncated' | 'option-lost' | 'wrong' {
  if (to.type === 'enum' || to.type === 'set' || kind === 'list') {
    const [all, left] = [elements(wanted), elements(found)];
    return left.every((each) => all.includes(each)) && left.length < all.length ? 'option-lost' : 'wrong';
  }
  if (!CUTTABLE.has(to.type) || typeof wanted !== 'string' || typeof found !== 'string') return 'wrong';
  const form = (text: string): string => (kind === 'email' ? plainText(text).toLowerCase() : plainText(text));
  const [whole, beginning] = [form(wanted), form(found.replace(CUT_END, ''))];
  return beginning !== '' && beginning.length < whole.length && whole.startsWith(beginning) ? 'truncated' : 'wrong';
}

/** A number or day that lost its end is another one. */
const CUTTABLE: ReadonlySet<FieldType> = new Set(['string', 'other', 'json', 'bytes']);
/** What a cut leaves at the end: halves of signs, and dots that say that there was more. */
const CUT_END = /(?:[\p{Surrogate}\uFFFD\u2026\s]|\.\.\.)+$/u;

function elements(value: Value): readonly string[] {
  if (value === null || value === '') return [];
  return [...new Set(elementsOf(value).map((each) => plainText(each)))].filter((each) => each !== '');
}

/** Null, a missing value and an empty one are one here: the comparison by the mapping knows where they differ. */
function same(a: Value, b: Value): boolean {
  return canonicalJson(a === '' ? null : a) === canonicalJson(b === '' ? null : b);
}

function typesOf({ from, to }: TestedField, side: SideIndex): TypePair {
  return side === 0 ? [from.type, to.type] : [to.type, from.type];
}
