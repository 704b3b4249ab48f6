import type { FieldSchema, Value } from '../../records/index.js';
import type { MappedField } from '../document/mapping.js';
import { cutTo } from './compare.js';
import { formOf, numberForm, textOf } from './forms.js';

/**
 * What a field holds after a value was written to it, by its description alone: cut to its length, in the form of its type.
 * Undefined where it would be refused.
 */
export function stored({ type, platformType, maxLength, options }: FieldSchema, value: Value): Value | undefined {
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
    case 'integer': {
      const form = numberForm(textOf(value), 0);
      return form === undefined ? undefined : Number(form);
    }
    case 'number': {
      const scale = /\(\s*\d+\s*,\s*(\d+)\s*\)/u.exec(platformType)?.[1];
      return numberForm(textOf(value), scale === undefined ? undefined : Number(scale));
    }
    case 'date':
      return formOf(textOf(value), { kind: 'date' });
    case 'datetime':
      return Number.isNaN(Date.parse(textOf(value))) ? undefined : new Date(textOf(value)).toISOString();
    case 'string':
      if (Array.isArray(value)) return undefined;
      return maxLength === undefined ? textOf(value) : cutTo(textOf(value), maxLength);
    default:
      return value;
  }
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
      return [...options, ...textsOf(as?.kind), ...lengthsOf(schema.maxLength), ...lengthsOf(max)];
  }
}

const NUMBERS = ['0', '1', '-1', '0.5', '-0.005', '2.345', '999999.995', '12345678901234567890', '0.000000001'];
const DAYS = ['2024-02-29', '2026-01-01', '2026-03-08', '2026-12-31'];
const MOMENTS = [
  '2024-02-29T23:59:59.999Z',
  '2026-01-01T00:00:00.000Z',
  '2026-03-08T07:30:00.000Z',
  '2026-11-01T05:30:00.250Z',
  '2026-12-31T12:00:00.000Z',
];
const TEXTS = ['a', 'José', 'Jose\u0301', '007', 'a;b', 'b;a', 'ÄÖÜ ß', 'a  b', 'a\r\nb', '😀', 'שלום'];

/** Texts of a kind, as people and programs write them. */
function textsOf(kind: string | undefined): readonly string[] {
  switch (kind) {
    case 'phone':
      return ['+14155550123', '(415) 555-0123', '+44 20 7946 0123', '415 555 0123 x12', '0044 20 7946 0123'];
    case 'email':
      return ['ann@example.com', 'Ann+News@Example.com'];
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
  return [length - 1, length, length + 1].map((count) => 'x'.repeat(count));
}
