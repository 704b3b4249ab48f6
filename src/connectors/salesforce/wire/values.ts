import type { FieldSchema, Value } from '../../../records/index.js';

/** What does not fit the type that the platform describes. */
export class Misfit extends Error {}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:?00)$/u;

/**
 * A value as Salesforce gives it, in canonical form. It keeps no empty text: what is empty is null. Times come in UTC as
 * `2026-03-01T08:00:00.000+0000`, in files of jobs with a Z; here they have a Z. Throws {@link Misfit}.
 */
export function fromPlatform(field: Pick<FieldSchema, 'name' | 'type'>, told: unknown): Value {
  if (told === null || told === undefined || told === '') return field.type === 'boolean' && told !== null ? misfit(field, told) : null;
  switch (field.type) {
    case 'boolean':
      return typeof told === 'boolean' ? told : misfit(field, told);
    case 'integer':
      return typeof told === 'number' && Number.isSafeInteger(told) ? told : misfit(field, told);
    case 'number':
      return typeof told === 'number' ? decimal(told) : misfit(field, told);
    case 'datetime': {
      const [, seconds, fraction = ''] = typeof told === 'string' ? (TIME.exec(told) ?? []) : [];
      return seconds === undefined ? misfit(field, told) : `${seconds}.${fraction.padEnd(3, '0')}Z`;
    }
    case 'set':
      return typeof told === 'string' ? setOf(told) : misfit(field, told);
    default:
      if (typeof told === 'string') return told;
      return typeof told === 'object' ? misfit(field, told) : JSON.stringify(told);
  }
}

/** Values of a multi-select picklist, which stand in one text with semicolons. */
function setOf(text: string): Value {
  const items = [...new Set(text.split(';').filter((item) => item !== ''))].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return items.length === 0 ? null : items;
}

function misfit({ name, type }: Pick<FieldSchema, 'name' | 'type'>, told: unknown): never {
  throw new Misfit(`${name} is not of the type ${type}: ${told === undefined ? 'nothing' : typeof told}`);
}

/** A number with all its digits, and no exponent where it can be without. */
function decimal(number: number): string {
  const text = String(number);
  return text.includes('e') && Number.isInteger(number) ? BigInt(number).toString() : text;
}

/** What to send for a canonical value; undefined where JSON cannot say it, or it would arrive otherwise. */
export function toPlatform(field: Pick<FieldSchema, 'type'>, value: Value): unknown {
  if (value === null || value === '') return null;
  switch (field.type) {
    case 'set':
      if (!Array.isArray(value) || value.some((item) => typeof item !== 'string' || item.includes(';'))) return undefined;
      return value.length === 0 ? null : value.join(';');
    case 'number': {
      const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
      return Number.isFinite(number) ? number : undefined;
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    default:
      return typeof value === 'object' ? undefined : value;
  }
}

/** Blanks and other characters up to the space: Salesforce takes them away at both ends of a text. */
const isBlank = (letter: string | undefined): boolean => letter !== undefined && letter <= ' ';

/** Why a text would not arrive as it is; undefined where it would. Letters of an address become small, which is its form. */
export function alteredOnTheWay(value: Value): string | undefined {
  if (typeof value !== 'string' || value === '' || !(isBlank(value[0]) || isBlank(value.at(-1)))) return undefined;
  return 'begins or ends with blanks, which Salesforce takes away';
}
