import type { SideIndex } from '../../../mappings/index.js';
import type { Value } from '../../../records/index.js';
import type { ComparedField } from './columns.js';
import { hashPlain, hashText, type Plainness } from './hash.js';

/** Values whose hashes are kept for the next record that holds them: options, dates, countries. */
const REMEMBERED = 4096;
const VALUE_SEED = 0x2545f491;
const ORDER_SEED = 0x1b873593;

/** Gives the hash of a value's form; 0 for nothing. */
export type Hasher = (value: Value | undefined) => number;

/** Hashes the values of one field on one side. */
export function fieldHasher({ field, comparer }: ComparedField, side: SideIndex): Hasher {
  const plainness = field.values === undefined && field.max === undefined ? plainnessOf(comparer.kind.kind) : undefined;
  return formHasher((value) => comparer.normal(side, value), VALUE_SEED, plainness);
}

/** Hashes the elements of a list in their order. */
export function orderHasher({ comparer }: ComparedField, side: SideIndex): Hasher {
  return formHasher(
    (value) => {
      const elements = Array.isArray(value) ? (value as readonly Value[]) : typeof value === 'string' ? value.split(';') : [];
      const forms = elements.map((element) => comparer.normal(side, [element])).filter((form) => form !== undefined);
      return forms.length === 0 ? undefined : forms.join(',');
    },
    ORDER_SEED,
    undefined,
  );
}

/** Hashes what forms are made of values; texts that are their own form are hashed as they stand. */
export function formHasher(form: (value: Value | undefined) => string | undefined, seed: number, plainness: Plainness | undefined): Hasher {
  const known = new Map<string, number>();
  const blank = hashOf(form(undefined), seed);
  return (value) => {
    if (value === undefined || value === null || value === '') return blank;
    if (typeof value !== 'string') return hashOf(form(value), seed);
    const plain = plainness === undefined ? 0 : hashPlain(value, seed, plainness);
    if (plain !== 0) return plain;
    const before = known.get(value);
    if (before !== undefined) return before;
    const hash = hashOf(form(value), seed);
    if (known.size >= REMEMBERED) known.clear();
    known.set(value, hash);
    return hash;
  };
}

function hashOf(form: string | undefined, seed: number): number {
  return form === undefined ? 0 : hashText(form, seed);
}

/** Which texts of a kind are their own form; undefined where all have to be looked at. */
export function plainnessOf(kind: string): Plainness | undefined {
  return kind === 'text' || kind === 'exact' ? 'text' : kind === 'email' ? 'email' : undefined;
}
