import type { FieldType } from '../../../records/index.js';
import type { WireField } from '../wire/shapes.js';

const TYPES: Readonly<Record<string, FieldType>> = {
  boolean: 'boolean',
  int: 'integer',
  double: 'number',
  currency: 'number',
  percent: 'number',
  long: 'number',
  date: 'date',
  datetime: 'datetime',
  time: 'time',
  picklist: 'enum',
  combobox: 'string',
  multipicklist: 'set',
  string: 'string',
  textarea: 'string',
  email: 'string',
  phone: 'string',
  url: 'string',
  id: 'string',
  reference: 'string',
  encryptedstring: 'string',
};

/** Whether a text is one that only some people are told as it is: others are told a mask. */
export function isEncrypted({ type }: Pick<WireField, 'type'>): boolean {
  return type === 'encryptedstring';
}

/**
 * The type of a field; undefined for what is not read: compound fields, whose parts are fields of their own, and files (base64).
 */
export function typeOf({ type }: Pick<WireField, 'type'>): FieldType | undefined {
  if (NOT_READ.has(type)) return undefined;
  return TYPES[type] ?? 'other';
}

const NOT_READ: ReadonlySet<string> = new Set(['address', 'location', 'complexvalue', 'base64', 'json']);

/** Salesforce's word for a type, with its size. */
export function platformTypeOf({ type, length = 0, precision = 0, scale = 0, referenceTo = [] }: WireField): string {
  if (type === 'reference') return `reference(${referenceTo.join(',')})`;
  if (['double', 'currency', 'percent'].includes(type) && precision > 0) return `${type}(${String(precision)},${String(scale)})`;
  return length > 0 && type !== 'id' ? `${type}(${String(length)})` : type;
}
