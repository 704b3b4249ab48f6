import { isZone } from '../../lib/index.js';
import { PHONE_COUNTRIES } from '../values/phone-countries.js';

/** What kind of value a field holds, whatever its type is on either side: decides which two forms are one value. */
export type ValueKind =
  /** Spaces at the ends and in a row, line ends and Unicode form do not count. */
  | { readonly kind: 'text' }
  /** Every character counts. */
  | { readonly kind: 'exact' }
  | { readonly kind: 'email' }
  /** An id of Salesforce, of 15 or 18 characters. */
  | { readonly kind: 'id' }
  /** `country`: ISO 3166-1 alpha-2, of numbers without a country code; without it, only those with `+` are read. */
  | { readonly kind: 'phone'; readonly country?: string }
  /** `digits` after the point, rounded half away from zero; without it, every digit counts. */
  | { readonly kind: 'number'; readonly digits?: number }
  /** The day; of a moment, the day in `zone` (UTC without it). */
  | { readonly kind: 'date'; readonly zone?: string }
  /** The moment, to the second. */
  | { readonly kind: 'datetime' }
  /** The time of the day, to the second; in UTC where it has a zone. */
  | { readonly kind: 'time' }
  | { readonly kind: 'boolean' }
  /** A document, whose spaces and order of members do not count. */
  | { readonly kind: 'json' }
  /** Several values, whose order does not count. */
  | { readonly kind: 'list' };

export type KindName = ValueKind['kind'];

/** Every word that `as:` knows. */
export const KIND_NAMES: readonly KindName[] = [
  'text',
  'exact',
  'email',
  'id',
  'phone',
  'number',
  'date',
  'datetime',
  'time',
  'boolean',
  'json',
  'list',
];

/** What `as:` may say, for messages and schemas. */
export const AS_FORM = 'text, exact, email, id, phone/US, number/2, date, date/America/New_York, datetime, time, boolean, json or list';

/** Most digits after the point that a number can be rounded to. */
const MOST_DIGITS = 15;

/** What `as:` says, or in words what is wrong with it. */
export function readKind(text: string): ValueKind | { readonly problem: string; readonly expected?: string; readonly word?: string } {
  const cut = text.indexOf('/');
  const kind = cut === -1 ? text : text.slice(0, cut);
  const more = cut === -1 ? undefined : text.slice(cut + 1);
  if (!isKindName(kind)) return { problem: `"${text}" is no kind of value`, expected: AS_FORM, word: kind };
  if (more === undefined) return { kind };
  switch (kind) {
    case 'phone':
      if (Object.hasOwn(PHONE_COUNTRIES, more)) return { kind, country: more };
      return { problem: `"${more}" is no country whose phone numbers are known`, expected: `one of ${Object.keys(PHONE_COUNTRIES).join(', ')}` };
    case 'number':
      if (/^\d{1,2}$/u.test(more) && Number(more) <= MOST_DIGITS) return { kind, digits: Number(more) };
      return { problem: `"${more}" is no number of digits`, expected: `number/0 to number/${MOST_DIGITS}` };
    case 'date':
      if (isZone(more)) return { kind, zone: more };
      return { problem: `"${more}" is no time zone`, expected: 'one such as date/America/New_York' };
    default:
      return { problem: `"${kind}" takes nothing after a slash`, expected: kind };
  }
}

/** A kind as `as:` writes it. */
export function kindText(kind: ValueKind): string {
  if (kind.kind === 'phone' && kind.country !== undefined) return `phone/${kind.country}`;
  if (kind.kind === 'number' && kind.digits !== undefined) return `number/${kind.digits}`;
  if (kind.kind === 'date' && kind.zone !== undefined) return `date/${kind.zone}`;
  return kind.kind;
}

function isKindName(word: string): word is KindName {
  return (KIND_NAMES as readonly string[]).includes(word);
}
