import { ownValue } from '../../../lib/index.js';
import type { Fields } from '../../../records/index.js';

/** A field by which people tell records apart, and what each of them holds. */
export interface TellingField {
  readonly field: string;
  /** By the place of the record; undefined where it holds nothing. */
  readonly values: readonly (string | undefined)[];
}

/**
 * The field in which most of some records hold something different: of several such fields the one that comes first in `names`. Undefined
 * where they are alike in all of them. Pure.
 */
export function tellingField(records: readonly Fields[], names: readonly string[]): TellingField | undefined {
  let best: { readonly told: TellingField; readonly kinds: number } | undefined;
  for (const field of names) {
    const values = records.map((fields) => textOf(ownValue(fields, field)));
    const kinds = new Set(values).size;
    if (kinds > Math.max(1, best?.kinds ?? 0)) best = { told: { field, values }, kinds };
  }
  return best?.told;
}

/** Long texts and documents tell nobody at a glance which record it is. */
const LONGEST = 60;

function textOf(value: unknown): string | undefined {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : textOf(value.join(', '));
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value;
}
