import { countryOfDigits, PHONE_COUNTRIES, type PhoneCountry } from './phone-countries.js';

/** Digits of an international number, code included (ITU-T E.164; the least of any that is dialled from abroad). */
const [FEWEST, MOST] = [7, 15];
const EXTENSION = /\s*(?:;ext=|,?\s*(?:extension|ext\.?|x|#):?)\s*(\d{1,7})$/iu;
/** What people and programs put between digits, and what nobody sees. */
const PUNCTUATION = /[\s().\-/\u2010-\u2015\u2212\u00b7\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069]/gu;
/** What a spreadsheet puts before a text that looks like a number, and a web page before a number to dial. */
const BEFORE = /^(?:'|tel:)/iu;
/** A number that was a floating one on its way: the zero is no digit of it. */
const FLOATED = /^(\+?\d+)\.0$/u;

/**
 * A phone number as `+14155550123` or `+14155550123;ext=12`, whatever way it was written: spaces, punctuation, digits of
 * another width, trunk prefix, `(0)`, international prefix. Undefined for what is none, or of which digits were lost
 * (`4.479E+11`).
 * @param home ISO 3166-1 alpha-2 of numbers without a country code; without it, such numbers are none.
 */
export function phoneForm(written: string, home?: string): string | undefined {
  const text = written.normalize('NFKC').trim().replace(BEFORE, '').replace(FLOATED, '$1');
  const [tail = '', extension] = EXTENSION.exec(text) ?? [];
  const body = (tail === '' ? text : text.slice(0, -tail.length)).replace(PUNCTUATION, '');
  const number = numberOf(body, home === undefined ? undefined : PHONE_COUNTRIES[home]);
  if (number === undefined) return undefined;
  return extension === undefined ? `+${number}` : `+${number};ext=${extension}`;
}

/** All digits, country code included; undefined where they are no number. */
function numberOf(body: string, home: PhoneCountry | undefined): string | undefined {
  const plus = body.startsWith('+');
  const digits = plus ? body.slice(1) : body;
  if (!/^\d+$/u.test(digits)) return undefined;
  if (plus) return international(digits);
  if (home === undefined) return undefined;
  // No number at home begins like this, however many digits it has.
  if (digits.startsWith(home.abroad)) {
    const there = international(digits.slice(home.abroad.length));
    if (there !== undefined) return there;
  }
  const national = nationalOf(digits, home);
  if (national !== undefined) return home.code + national;
  return digits.startsWith(home.code) ? international(digits) : undefined;
}

function international(digits: string): string | undefined {
  const country = countryOfDigits(digits);
  if (country === undefined) return digits.length >= FEWEST && digits.length <= MOST && !digits.startsWith('0') ? digits : undefined;
  const national = nationalOf(digits.slice(country.code.length), country);
  return national === undefined || country.code.length + national.length > MOST ? undefined : country.code + national;
}

/** A national number without its trunk prefix, where it has the right length. */
function nationalOf(digits: string, { trunk, digits: [fewest, most] }: PhoneCountry): string | undefined {
  const bare = trunk !== undefined && digits.startsWith(trunk) ? digits.slice(trunk.length) : digits;
  return bare.length >= fewest && bare.length <= most ? bare : undefined;
}
