import { canonicalJson } from '../../../lib/index.js';
import type { Value } from '../../../records/index.js';
import type { WantedField } from '../../document/journey.js';
import type { Persona } from './facts.js';

/** A text of a test with what is of one person alone in it. */
export const filledText = (text: string, { address, mark, n }: Persona): string =>
  text.replaceAll(/\{(address|mark|n)\}/gu, (_, name: string) => (name === 'address' ? address : name === 'mark' ? mark : String(n)));

/** The same of a value. */
export function filled(value: Value, persona: Persona): Value {
  if (typeof value === 'string') return filledText(value, persona);
  return Array.isArray(value) ? value.map((each: Value) => filled(each, persona)) : value;
}

/** What is wanted of a field, as a person writes it. */
export function wantedText(wanted: WantedField): string {
  if (wanted === null) return 'empty';
  if (typeof wanted !== 'object') return String(wanted);
  if (isList(wanted)) return wanted.join(', ');
  if ('has' in wanted) return `with ${wanted.has.join(', ')}`;
  if ('lacks' in wanted) return `without ${wanted.lacks.join(', ')}`;
  if ('at_least' in wanted) return `at least ${wanted.at_least}`;
  if ('filled' in wanted) return wanted.filled ? 'any value' : 'empty';
  return `not ${wantedText(wanted.not)}`;
}

/** Whether a value is as wanted. Null, a missing value and an empty one are one. */
export function isWanted(found: Value, wanted: WantedField, persona: Persona): boolean {
  if (wanted === null || typeof wanted !== 'object' || isList(wanted)) return sameText(found, filled(wanted, persona));
  if ('has' in wanted) return wanted.has.every((each) => elementsOf(found).includes(filledText(each, persona)));
  if ('lacks' in wanted) return !wanted.lacks.some((each) => elementsOf(found).includes(filledText(each, persona)));
  if ('at_least' in wanted) return numberOf(found) >= wanted.at_least;
  if ('filled' in wanted) return isEmpty(found) !== wanted.filled;
  return !sameText(found, filled(wanted.not, persona));
}

export const isEmpty = (value: Value): boolean => value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The elements of a set, also of one that a platform keeps as a text. */
export function elementsOf(value: Value): readonly string[] {
  if (Array.isArray(value)) return value.map((each: Value) => (typeof each === 'string' ? each : canonicalJson(each)));
  return typeof value === 'string' && value !== '' ? value.split(';').map((each) => each.trim()) : [];
}

export function numberOf(value: Value): number {
  return value === null || value === '' ? Number.NaN : Number(value);
}

/** A file writes 5 and true where a platform may write "5" and "true". */
export function sameText(a: Value, b: Value): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (isList(a) || isList(b)) return canonicalJson([...elementsOf(a)].sort()) === canonicalJson([...elementsOf(b)].sort());
  if (typeof a === 'object' || typeof b === 'object') return canonicalJson(a) === canonicalJson(b);
  return String(a) === String(b) || (typeof a === 'number' && numberOf(b) === a) || (typeof b === 'number' && numberOf(a) === b);
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);
