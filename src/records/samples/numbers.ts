import type { FieldSchema } from '../record.js';
import { NUMBERS } from './pools.js';
import type { Sample } from './sample.js';

const NO_NUMBER: Sample = { value: 'n/a', about: 'no number', refused: 'other-type' };

/** Numbers are exact up to so many digits wherever they are held as floating point. */
const EXACT_DIGITS = 15;
/** What whole numbers of a type end at. Others hold at least three digits. */
const WHOLE: Readonly<Record<string, number>> = { smallint: 32_767, integer: 2_147_483_647 };
const LEAST = 999;

/** Numbers of a field by the range that its description tells; of places on earth, what is one. */
export function numberSamples({ name, type, platformType }: FieldSchema): readonly Sample[] {
  const place = /latitude/iu.test(name) ? 90 : /longitude/iu.test(name) ? 180 : undefined;
  if (place !== undefined) return ['0', '0.5', String(place), String(-place)].map(taken);
  if (type === 'integer') return wholeSamples(platformType);
  if (platformType === 'bigint') return [...['0', '1', '-1', '9223372036854775807'].map(taken), outside('9223372036854775808'), NO_NUMBER];
  const [, precision, scale] = /\(\s*(\d+)\s*,\s*(\d+)\s*\)/u.exec(platformType) ?? [];
  if (precision === undefined || scale === undefined) return [...NUMBERS.filter((one) => one.length <= EXACT_DIGITS).map(taken), NO_NUMBER];
  const whole = Number(precision) - Number(scale);
  const fit = NUMBERS.filter((one) => digitsOf(one).whole <= whole && digitsOf(one).fraction <= Number(scale));
  const most = '9'.repeat(Math.min(whole, EXACT_DIGITS));
  return [...[...new Set([...fit, ...(most === '' ? [] : [most])])].map(taken), outside(`1${'0'.repeat(whole)}`), NO_NUMBER];
}

function wholeSamples(platformType: string): readonly Sample[] {
  const most = WHOLE[platformType];
  const fit: readonly Sample[] = [0, 1, -1, most ?? LEAST].map((value) => ({ value, about: String(value) }));
  return most === undefined ? fit : [...fit, { value: most + 1, about: 'one more than fits', refused: 'out-of-range' }];
}

const taken = (value: string): Sample => ({ value, about: value });
const outside = (value: string): Sample => ({ value, about: 'one digit more than fits', refused: 'out-of-range' });

function digitsOf(number: string): { readonly whole: number; readonly fraction: number } {
  const [whole = '', fraction = ''] = number.replace('-', '').split('.');
  return { whole: whole === '0' ? 0 : whole.length, fraction: fraction.length };
}
