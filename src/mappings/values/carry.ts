import { instantOf } from '../../lib/index.js';
import type { FieldType, Value } from '../../records/index.js';
import type { ValueKind } from '../document/kinds.js';
import type { MappedField, SideIndex } from '../document/mapping.js';
import { cutTo, isBlank } from './compare.js';
import { elementsOf, formOf, textOf } from './forms.js';
import { inferredKind, type TypePair } from './inferred.js';
import { type OptionTable, optionTable } from './options.js';

/** What should stand on the other side. */
export type Carried =
  /** This value. */
  | { readonly write: Value }
  /** What is there already: the value is empty, and the mapping keeps. */
  | { readonly keep: true }
  /** Nobody can say: an option without a counterpart, no value of its kind, or empty where it must not be. */
  | { readonly problem: 'no-counterpart' | 'unreadable' | 'blank' };

/**
 * What a value of one side makes of the field on the other side, as the mapping says: options by `values`, cut to `max`,
 * numbers rounded, in the canonical form of the type there. `types`: of both fields, in the order of the sides.
 */
export function carried(
  field: Pick<MappedField, 'as' | 'values' | 'blank' | 'max'>,
  from: SideIndex,
  value: Value | undefined,
  types?: TypePair,
): Carried {
  const kind = field.as ?? inferredKind(types);
  const target = types?.[from === 0 ? 1 : 0];
  if (isBlank(value, kind)) {
    if (field.blank !== 'clear') return field.blank === 'keep' ? { keep: true } : { problem: 'blank' };
    // A checkbox cannot be empty on every platform, and false is the same.
    return { write: target === 'boolean' ? false : null };
  }
  if (kind.kind === 'list' || Array.isArray(value) || target === 'set') return severalOf(field, from, value, target);
  if (field.values !== undefined) {
    const option = tableOf(field.values).counterpart(from, textOf(value));
    return option === undefined ? { problem: 'no-counterpart' } : { write: inType(option, target) };
  }
  const text = field.max === undefined ? textOf(value) : cutTo(textOf(value), field.max);
  const form = writtenForm(text, kind, target);
  return form === undefined ? { problem: 'unreadable' } : { write: form };
}

function severalOf({ values }: Pick<MappedField, 'values'>, from: SideIndex, value: Value, target: FieldType | undefined): Carried {
  const elements = elementsOf(value)
    .map((element) => element.trim())
    .filter((element) => element !== '');
  const table = values === undefined ? undefined : tableOf(values);
  const there = elements.map((element) => (table === undefined ? element : table.counterpart(from, element)));
  const known = there.filter((element) => element !== undefined);
  if (known.length < there.length) return { problem: 'no-counterpart' };
  const distinct = [...new Set(known)];
  return { write: target === undefined || target === 'set' ? distinct.sort() : distinct.join(';') };
}

/** Kinds whose values have no form of their own. */
const AS_IT_STANDS: ReadonlySet<ValueKind['kind']> = new Set(['text', 'exact', 'list', 'time', 'json', 'id']);

/** Text is written as it stands; what has a form of its own by its type there, in that form. */
function writtenForm(text: string, kind: ValueKind, target: FieldType | undefined): Value | undefined {
  if (AS_IT_STANDS.has(kind.kind)) return inType(text, target);
  const form = formOf(text, kind);
  if (form === undefined) return undefined;
  if (kind.kind === 'email') return text.trim();
  if (kind.kind === 'phone') return text.trim();
  // The beginning of that day where it is counted.
  if (kind.kind === 'date' && target === 'datetime')
    return kind.zone === undefined ? `${form}T00:00:00.000Z` : new Date(instantOf(Date.parse(`${form}T00:00:00Z`), kind.zone)).toISOString();
  return inType(form, target);
}

function inType(text: string, target: FieldType | undefined): Value {
  if (target === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (target === 'integer' && /^-?\d{1,15}$/u.test(text)) return Number(text);
  return text;
}

const TABLES = new WeakMap<object, OptionTable>();

/** One table for all values of a field. */
function tableOf(values: NonNullable<MappedField['values']>): OptionTable {
  const made = TABLES.get(values) ?? optionTable(values);
  TABLES.set(values, made);
  return made;
}
