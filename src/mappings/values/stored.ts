import { ADDRESSES, aroundLength, DAYS, type FieldSchema, MOMENTS, NUMBERS, PHONES, TEXTS, type Value } from '../../records/index.js';
import type { MappedField } from '../document/mapping.js';
import { cutTo } from './compare.js';
import { formOf, numberForm, textOf } from './forms.js';
import { roomOf } from './room.js';

/**
 * What a field holds after a value was written to it, by its description alone: cut to its length, in the form of its type.
 * Undefined where it would be refused.
 */
export function stored({ type, platformType, maxLength, options, form }: FieldSchema, value: Value): Value | undefined {
  if (value === null || value === '') return null;
  switch (type) {
    case 'enum':
      return typeof value === 'string' && isOption(options, value) ? value : undefined;
    case 'set': {
      if (!Array.isArray(value)) return undefined;
      const elements = (value as readonly Value[]).map((one) => textOf(one));
      return elements.every((one) => isOption(options, one)) ? [...new Set(elements)].sort() : undefined;
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'integer':
    case 'number': {
      const form = storedNumber({ type, platformType }, textOf(value));
      return form === undefined || type === 'number' ? form : Number(form);
    }
    case 'date':
      return formOf(textOf(value), { kind: 'date' });
    case 'datetime':
      return Number.isNaN(Date.parse(textOf(value))) ? undefined : new Date(textOf(value)).toISOString();
    case 'string':
      if (Array.isArray(value)) return undefined;
      // Addresses are kept in small letters, and nothing else is taken for one.
      if (form === 'email') return formOf(textOf(value), { kind: 'email' });
      return maxLength === undefined ? textOf(value) : cutTo(textOf(value), maxLength);
    default:
      return value;
  }
}

/** A number with as many digits after the point as fit; undefined where it is too large. */
function storedNumber(field: Pick<FieldSchema, 'type' | 'platformType'>, text: string): string | undefined {
  const { digits, largest } = roomOf(field);
  const form = numberForm(text, digits);
  const whole = /^-?(\d+)/u.exec(form ?? '')?.[1];
  return whole !== undefined && largest !== undefined && BigInt(whole) > largest ? undefined : form;
}

const SETS = new WeakMap<readonly string[], ReadonlySet<string>>();

function isOption(options: readonly string[] | undefined, value: string): boolean {
  if (options === undefined) return true;
  const set = SETS.get(options) ?? new Set(options);
  SETS.set(options, set);
  return set.has(value);
}

/** Values at the edge of what a field can hold, and every option of it: what a mapping of it is tried with. */
export function edgeValues(schema: FieldSchema, { values, max, as }: Pick<MappedField, 'values' | 'max' | 'as'>): readonly Value[] {
  const options = schema.options ?? [...new Set((values ?? []).flat())];
  switch (schema.type) {
    case 'boolean':
      return [true, false];
    case 'enum':
      return options;
    case 'set':
      return [...options.map((option) => [option]), options];
    case 'integer':
      return [0, 1, -1, 2_147_483_647];
    case 'number':
      return NUMBERS;
    case 'date':
      return DAYS;
    case 'datetime':
      return MOMENTS;
    default:
      return [...options, ...textsOf(as?.kind ?? (schema.form === 'email' ? 'email' : undefined)), ...lengthsOf(schema.maxLength), ...lengthsOf(max)];
  }
}

/** Texts of a kind, as people and programs write them. */
function textsOf(kind: string | undefined): readonly string[] {
  switch (kind) {
    case 'phone':
      return PHONES;
    case 'email':
      return ADDRESSES;
    case 'number':
      return [...NUMBERS, '1.50', '007', '1e3'];
    case 'date':
      return [...DAYS, ...MOMENTS];
    case 'datetime':
      return [...MOMENTS, '2026-11-30T14:00:00+01:00'];
    case 'boolean':
      return ['true', 'No', '1'];
    case 'list':
      return ['a', 'b;a', 'a;b;a'];
    default:
      return TEXTS;
  }
}

/** Texts about as long as what fits. Very long fields are no edge that anybody meets. */
function lengthsOf(length: number | undefined): readonly string[] {
  if (length === undefined || length > 1000 || length < 1) return [];
  return aroundLength(length);
}
