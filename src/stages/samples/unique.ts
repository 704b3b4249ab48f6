import type { FieldSchema, Value } from '../../records/index.js';

/** No more records than this are invented with one seed. */
export const MOST_SAMPLES = 5000;
/** Far from where keys of real records begin. */
const FIRST = 1_000_000;
/** Seeds that follow each other never share a number: this many of them fit below what a whole number of 32 bits holds. */
const SEEDS = 400_000;
const EXACT_DIGITS = 15;
/** The least of a type that ends early; what a smaller one holds would run out. */
const SMALL = new Set(['smallint']);

/** What only the record `n` of a seed is called. */
export const uniqueName = (seed: number, n: number): string => `rb${seed.toString(36)}n${n.toString(36)}`;

/** What only the record `n` of a seed has as a number; below 2,147,483,647. */
export const uniqueNumber = (seed: number, n: number): number => FIRST + (seed % SEEDS) * MOST_SAMPLES + n;

/**
 * The value of a unique field that no other record has, in any run with another seed, in the form of the sample that it takes the place
 * of. Undefined where the field cannot hold so many: then it is left out.
 */
export function onlyOnce(field: FieldSchema, sample: Value, seed: number, n: number): Value | undefined {
  if (sample === null || sample === '') return sample;
  switch (field.type) {
    case 'string':
      return typeof sample === 'string' ? uniqueText(field, sample, seed, n) : sample;
    case 'integer':
      return SMALL.has(field.platformType) ? undefined : uniqueNumber(seed, n);
    case 'number':
      return wholeDigits(field) < String(uniqueNumber(seed, n)).length ? undefined : String(uniqueNumber(seed, n));
    default:
      // Days, options and the like are too few for so many records.
      return undefined;
  }
}

function uniqueText(
  { form, name, maxLength = Number.POSITIVE_INFINITY, platformType }: FieldSchema,
  sample: string,
  seed: number,
  n: number,
): string {
  const mark = uniqueName(seed, n);
  if (platformType === 'uuid') return `${hex(seed, 8)}-0000-4000-8000-${hex(n, 12)}`;
  const at = sample.indexOf('@');
  if (form !== 'email' && !(/e-?mail/iu.test(name) && at > 0)) return cut(mark, maxLength);
  if (at <= 0) return sample;
  const address = `${sample.slice(0, at)}.${mark}${sample.slice(at)}`;
  if (address.length <= maxLength) return address;
  const short = `${mark}@example.com`;
  return short.length <= maxLength || form === 'email' ? short : cut(mark, maxLength);
}

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0').slice(-digits);
/** Its end tells the records of a seed apart. */
const cut = (mark: string, most: number): string => (mark.length <= most ? mark : mark.slice(-most));

function wholeDigits({ platformType }: FieldSchema): number {
  const [, precision, scale] = /\(\s*(\d+)\s*,\s*(\d+)\s*\)/u.exec(platformType) ?? [];
  return precision === undefined || scale === undefined ? EXACT_DIGITS : Number(precision) - Number(scale);
}
