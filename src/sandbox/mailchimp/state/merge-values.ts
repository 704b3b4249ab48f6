import type { FieldError } from '../failure.js';
import type { Address, MergeField, MergeValue } from './model.js';

/** A value as the body of a request holds it, with the form of the schema checked. */
export type MergeInput = string | number | Readonly<Record<string, unknown>>;

/** Bytes of a text. */
const LONGEST = 255;

/** What a field is to hold, undefined for nothing; or what is wrong with the value. */
export type Checked = { readonly value: MergeValue | undefined } | { readonly error: string };

/** Reads a value for a field. An address that is not complete is nothing, unless the field is required. */
export function checkedValue(field: MergeField, given: MergeInput): Checked {
  if (field.type === 'address') return checkedAddressValue(field, given);
  if (typeof given === 'object') return { error: 'Please enter a value' };
  const text = String(given).trim();
  if (text === '') return { value: undefined };
  if (Buffer.byteLength(text) > LONGEST) return { error: `Please limit this value to ${LONGEST} characters` };
  return checkedText(field, text);
}

function checkedText(field: MergeField, text: string): Checked {
  switch (field.type) {
    case 'number':
      return /^-?\d+(?:\.\d+)?$/.test(text) ? { value: Number(text) } : { error: 'Please enter a number' };
    case 'date':
      return dated(field, text);
    case 'birthday':
      return birthday(field, text);
    case 'zip':
      return /^\d{5}$/.test(text) ? { value: text } : { error: 'Please enter a zip code (5 digits)' };
    case 'phone':
      return phone(field, text);
    case 'url':
    case 'imageurl':
      return /^https?:\/\/[^\s/]+\S*$/i.test(text) ? { value: text } : { error: 'That is not a valid URL' };
    case 'radio':
    case 'dropdown':
      return field.choices.includes(text) ? { value: text } : { error: `Value must be one of: ${['', ...field.choices].join(', ')} (not ${text})` };
    case 'text':
    case 'address':
      return { value: text };
  }
}

/** `YYYY-MM-DD`, or the form of the field; kept in the first. */
function dated({ dateFormat }: MergeField, text: string): Checked {
  const iso = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  const parts = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const [one = '', other = ''] = parts?.slice(1) ?? [];
  const [month, day] = dateFormat.startsWith('DD') ? [other, one] : [one, other];
  const [y, m, d] = iso ? [iso[1], iso[2], iso[3]] : [parts?.[3], month.padStart(2, '0'), day.padStart(2, '0')];
  const value = `${y ?? ''}-${m ?? ''}-${d ?? ''}`;
  return isDay(value) ? { value } : { error: 'Please enter the date' };
}

const isDay = (text: string): boolean => {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
};

/** Month and day in the order of the field. */
function birthday({ dateFormat }: MergeField, text: string): Checked {
  const [, one = '', other = ''] = /^(\d{1,2})\/(\d{1,2})$/.exec(text) ?? [];
  const [month, day] = dateFormat.startsWith('DD') ? [other, one] : [one, other];
  // Of a leap year.
  return isDay(`2024-${month.padStart(2, '0')}-${day.padStart(2, '0')}`)
    ? { value: `${one.padStart(2, '0')}/${other.padStart(2, '0')}` }
    : { error: 'Please enter a month (01-12) and a day (01-31)' };
}

function phone({ phoneFormat }: MergeField, text: string): Checked {
  if (phoneFormat !== 'US') return { value: text };
  const [, area, exchange, line] = /^\(?(\d{3})\)?[-. ]?(\d{3})[-. ]?(\d{4})$/.exec(text) ?? [];
  return line === undefined ? { error: 'Please enter a valid phone number' } : { value: `(${area ?? ''}) ${exchange ?? ''}-${line}` };
}

/** Keys that an address has to have, and that have to be filled for it to be kept. */
export const ADDRESS_KEYS = ['addr1', 'city', 'state', 'zip'] as const;

function checkedAddressValue(field: MergeField, given: MergeInput): Checked {
  if (typeof given !== 'object')
    return String(given).trim() === '' || !field.required ? { value: undefined } : { error: 'Please enter a complete address' };
  const part = (name: string): string => {
    const held = given[name];
    return typeof held === 'string' ? held.trim() : '';
  };
  const value: Address = {
    addr1: part('addr1'),
    addr2: part('addr2'),
    city: part('city'),
    state: part('state'),
    zip: part('zip'),
    country: part('country') === '' ? 'US' : part('country'),
  };
  if (ADDRESS_KEYS.every((key) => value[key] !== '')) return { value };
  const isEmpty = ADDRESS_KEYS.every((key) => value[key] === '');
  return field.required && !isEmpty ? { error: 'Please enter a complete address' } : { value: undefined };
}

/** Whether a value has the form that the schema wants of any: text, number, or an address with its keys. */
export function isMergeInput(given: unknown): given is MergeInput {
  if (typeof given === 'string' || typeof given === 'number') return true;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  return ADDRESS_KEYS.every((key) => typeof (given as Record<string, unknown>)[key] === 'string');
}

/** What a member is to hold. Fields that nobody knows are passed over. */
export interface MergeOutcome {
  readonly values: Readonly<Record<string, MergeValue>>;
  readonly errors: readonly FieldError[];
}

/**
 * Puts values into what a member holds. Every required field has to be among those given, unless `skips`; where none
 * are given at all, the member has to hold them.
 */
export function mergedValues(
  fields: Iterable<MergeField>,
  held: Readonly<Record<string, MergeValue>>,
  given: Readonly<Record<string, MergeInput>> | undefined,
  { skips, isNew }: { readonly skips: boolean; readonly isNew: boolean },
): MergeOutcome {
  const values: Record<string, MergeValue> = { ...held };
  const errors: FieldError[] = [];
  const sent = new Map(Object.entries(given ?? {}).map(([tag, value]) => [tag.toUpperCase(), value]));
  for (const field of fields) {
    const input = sent.get(field.tag) ?? (isNew && field.defaultValue !== '' ? field.defaultValue : undefined);
    const isAsked = given !== undefined || isNew;
    if (input === undefined) {
      if (field.required && !skips && (isAsked || values[field.tag] === undefined))
        errors.push({ field: field.tag, message: 'Please enter a value' });
      continue;
    }
    const checked = checkedValue(field, input);
    if ('error' in checked) errors.push({ field: field.tag, message: checked.error });
    else if (checked.value !== undefined) values[field.tag] = checked.value;
    else if (field.required && !skips) errors.push({ field: field.tag, message: 'Please enter a value' });
    else delete values[field.tag];
  }
  return { values, errors };
}
