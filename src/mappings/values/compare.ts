import type { ObjectSchema, Value } from '../../records/index.js';
import { RECORD_KEY } from '../../workspace/index.js';
import type { ValueKind } from '../document/kinds.js';
import { type MappedField, type MatchKey, type SideIndex, writtenSides } from '../document/mapping.js';
import { elementsOf, formOf, textOf } from './forms.js';
import { inferredKind, type TypePair } from './inferred.js';
import { optionTable } from './options.js';

/**
 * How two values of a mapped field stand to each other:
 * - `same`: nothing to do, also where the authority is empty and the mapping keeps what the other side has;
 * - `order`: the same elements in another order;
 * - `no-counterpart`: one of them is an option that `values` does not have;
 * - `refused`: the authority is empty, and the mapping says `blank: refuse`;
 * - `different`.
 */
export type ValueVerdict = 'same' | 'order' | 'different' | 'no-counterpart' | 'refused';

/** How the values of one mapped field are compared. Pure, and made once for all records. */
export interface Comparer {
  readonly kind: ValueKind;
  /**
   * A side's value as a text that is equal to that of the other side exactly where the two are the same value; undefined
   * where it is empty (missing, null, spaces, an empty list); an empty yes or no is `false` where `blank` says clear. `undefined` stands for an absent field. What is no value of
   * its kind has the form of its text, after a `?`.
   */
  normal(side: SideIndex, value: Value | undefined): string | undefined;
  /** Whether a value is one of its kind, and of the options, where there are some. Empty ones are. */
  readable(side: SideIndex, value: Value | undefined): boolean;
  /** `left` of the first side of the mapping, `right` of the second. */
  verdict(left: Value | undefined, right: Value | undefined): ValueVerdict;
}

/**
 * The comparer of a field. `types`: of the fields on both sides, where they are known; they decide what kind of value it is
 * where the mapping does not say.
 */
export function comparerOf(field: Pick<MappedField, 'as' | 'values' | 'blank' | 'max' | 'flow'>, types?: TypePair): Comparer {
  const kind = field.as ?? inferredKind(types);
  const table = field.values === undefined ? undefined : optionTable(field.values);
  const written = writtenSides(field);
  // What is cut on its way counts only up to there. What stands on the other side is whole.
  const cutOf = (side: SideIndex): number | undefined => (field.max !== undefined && written.some((to) => to !== side) ? field.max : undefined);
  const cuts = [cutOf(0), cutOf(1)] as const;
  const isList = (value: Value): boolean => kind.kind === 'list' || Array.isArray(value);
  const one = (side: SideIndex, text: string): string => {
    if (table !== undefined) return table.meaning(side, text) ?? `?${side}${text}`;
    const cut = cuts[side];
    const kept = cut === undefined ? text : cutTo(text, cut);
    return formOf(kept, kind) ?? `?${text.normalize('NFC').trim()}`;
  };
  const forms = (side: SideIndex, value: Value): readonly string[] =>
    elementsOf(value)
      .map((element) => (kind.kind === 'exact' ? element : element.trim()))
      .filter((element) => element.trim() !== '')
      .map((element) => one(side, element));
  // A checkbox that nobody ever set is empty on one platform and false on the other.
  const unset = kind.kind === 'boolean' && field.blank === 'clear' ? 'false' : undefined;
  const normal = (side: SideIndex, value: Value | undefined): string | undefined => {
    if (isBlank(value, kind)) return unset;
    return isList(value) ? JSON.stringify([...new Set(forms(side, value))].sort()) : one(side, textOf(value));
  };
  const readable = (side: SideIndex, value: Value | undefined): boolean =>
    isBlank(value, kind) || (isList(value) ? forms(side, value) : [one(side, textOf(value))]).every((form) => !form.startsWith('?'));
  return {
    kind,
    normal,
    readable,
    verdict: (left, right) => {
      const [a, b] = [normal(0, left), normal(1, right)];
      if (field.flow.kind === 'one-way' && (field.flow.from === 0 ? a : b) === undefined) {
        if (field.blank === 'keep') return 'same';
        if (field.blank === 'refuse') return 'refused';
      }
      if (a === b) return a === undefined || left === undefined || right === undefined ? 'same' : orderOf(left, right, isList, forms);
      if (table !== undefined && !(readable(0, left) && readable(1, right))) return 'no-counterpart';
      return 'different';
    },
  };
}

function orderOf(
  left: Value,
  right: Value,
  isList: (value: Value) => boolean,
  forms: (side: SideIndex, value: Value) => readonly string[],
): 'same' | 'order' {
  if (!isList(left) || !isList(right)) return 'same';
  const [a, b] = [forms(0, left), forms(1, right)];
  return a.length === b.length && a.every((form, index) => form === b[index]) ? 'same' : 'order';
}

/**
 * How the values of one way of matching are compared: texts that are equal where two records belong together. Undefined where
 * nothing can be found by a value: it is empty, or none of its kind (`n/a` as an address).
 */
export function matchForm({ as }: MatchKey, value: Value | undefined): string | undefined {
  const kind: ValueKind = as ?? { kind: 'text' };
  return isBlank(value, kind) ? undefined : formOf(textOf(value), kind);
}

/**
 * A way of matching, by the descriptions of both sides, where it says no kind itself: keys that have two forms are one in either, an address
 * is one in any letter case, and numbers of both sides are one however they are written.
 */
export function matchIn(match: MatchKey, schemas: readonly [ObjectSchema, ObjectSchema]): MatchKey {
  if (match.as !== undefined) return match;
  const sides = [0, 1] as const;
  const keyAs = sides.flatMap((side) => (match.names[side] === RECORD_KEY ? (schemas[side].keyAs ?? []) : []))[0];
  if (keyAs !== undefined) return { ...match, as: { kind: keyAs } };
  const fields = sides.map((side) => schemas[side].fields.find(({ name }) => name === match.names[side]));
  if (fields.some((field) => field?.form === 'email')) return { ...match, as: { kind: 'email' } };
  const isNumber = fields.every((field) => field?.type === 'number' || field?.type === 'integer');
  return isNumber ? { ...match, as: { kind: 'number' } } : match;
}

/** Missing, null, an empty list or text; of lists also one of nothing; of all but exact values also spaces alone. */
export function isBlank(value: Value | undefined, kind: ValueKind): value is undefined | null {
  if (value === undefined || value === null || value === '') return true;
  if (kind.kind === 'list') return elementsOf(value).every((element) => element.trim() === '');
  if (Array.isArray(value)) return value.length === 0;
  return kind.kind !== 'exact' && typeof value === 'string' && value.trim() === '';
}

/** The first characters of a text, none cut in two. */
export function cutTo(text: string, most: number): string {
  return text.length <= most ? text : Array.from(text).slice(0, most).join('');
}
