import { canonicalJson } from '../../../lib/index.js';
import type { Value } from '../../../records/index.js';
import type { Description, FieldDescription, ObjectDescription } from '../description/form.js';

/** What an answer holds does not fit the description; `why`: `is a list, and not a text`. */
export class Misfit extends Error {
  constructor(
    readonly field: string,
    why: string,
  ) {
    super(why);
  }
}

/** A value of an answer in canonical form. Throws {@link Misfit}. */
export function valueOf(given: unknown, name: string, field: FieldDescription, { empty_is_null }: Pick<Description, 'empty_is_null'>): Value {
  if (given === undefined) {
    if (field.may_be_absent === true) return null;
    throw new Misfit(name, 'is not there');
  }
  if (given === null || (given === '' && empty_is_null)) return null;
  switch (field.type) {
    case 'boolean':
      if (field.sent_as === 'number') {
        if (given === 0 || given === 1) return given === 1;
      } else if (typeof given === 'boolean') return given;
      break;
    case 'integer':
      if (typeof given === 'number' && Number.isSafeInteger(given)) return given;
      break;
    case 'number':
      if (typeof given === 'string') return given;
      // What JSON cannot hold exactly has lost its last digits already.
      if (typeof given === 'number' && (!Number.isInteger(given) || Number.isSafeInteger(given))) return String(given);
      break;
    case 'set':
      if (Array.isArray(given) && given.every((item) => (field.read_only ? isWord(item) : typeof item === 'string')))
        return [...new Set(given.map(String))].sort(byBytes);
      break;
    case 'json':
      // The order of its members is nobody's, and is told differently from answer to answer.
      return canonicalJson(given);
    default:
      // A number that would be written back as a text is another value.
      if (typeof given === 'string' || (isWord(given) && (field.read_only || field.sent_as === 'number'))) return String(given);
  }
  throw new Misfit(name, `is ${kindOf(given)}, and not of the type ${field.type}`);
}

/** A canonical value as it is sent; undefined where JSON cannot say it. */
export function wireOf(value: Value, field: FieldDescription): unknown {
  if (value === null) return null;
  if (field.type === 'json') return typeof value === 'string' ? parsed(value) : undefined;
  const isNumber = (field.type === 'number' && field.sent_as !== 'text') || field.sent_as === 'number';
  if (isNumber && typeof value === 'boolean') return value ? 1 : 0;
  if (!isNumber || typeof value !== 'string') return value;
  const number = Number(value);
  return Number.isFinite(number) && String(number) === value ? number : undefined;
}

/** A key as it is sent. */
export function wireKey(key: string, { key_type }: Pick<ObjectDescription, 'key_type'>): string | number {
  return key_type === 'integer' ? Number(key) : key;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Whether a text can be a key at all: what cannot is not asked for. */
export function canBeKey(key: string, { key_type }: Pick<ObjectDescription, 'key_type'>): boolean {
  if (key_type === 'integer') return /^(0|-?[1-9]\d{0,15})$/u.test(key) && Number.isSafeInteger(Number(key));
  if (key_type === 'uuid') return UUID.test(key);
  // In a path, a dot or two are no name.
  return key !== '' && key !== '.' && key !== '..' && !/[\p{Surrogate}\p{Cc}]/u.test(key);
}

/** The key of a record in an answer; undefined where there is none. */
export function keyIn(given: unknown, object: Pick<ObjectDescription, 'key_type'>): string | undefined {
  if (typeof given === 'number' && !Number.isSafeInteger(given)) return undefined;
  const key = typeof given === 'string' || typeof given === 'number' ? String(given) : undefined;
  return key !== undefined && canBeKey(key, object) ? key : undefined;
}

function isWord(value: unknown): value is string | number | boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value)))
  );
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? 'a number that JSON cannot hold exactly' : 'a number';
  return typeof value === 'object' ? 'a group' : typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
