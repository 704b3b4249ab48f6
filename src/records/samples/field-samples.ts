import type { FieldSchema } from '../record.js';
import { aroundLength } from './lengths.js';
import { numberSamples } from './numbers.js';
import { ADDRESSES, DAYS, MOMENTS, NO_ADDRESSES, PHONES, SPOILT_PHONES, STRANGE_TEXTS, TEXTS } from './pools.js';
import type { Sample, SampleRefusal } from './sample.js';

/**
 * Values to try a field with, by its description alone: those that its platform should take, and those that it should refuse, each with
 * the reason. None where the description does not say what the field takes: choices whose options are kept elsewhere, types of their own.
 */
export function fieldSamples(field: FieldSchema): readonly Sample[] {
  const { required, type, unique, platformType } = field;
  const values = valuesFor(field);
  if (values.length === 0) return [];
  if (required === true) return values;
  const hasEmpty = type === 'string' && unique !== true && platformType !== 'uuid';
  const nothing = type === 'boolean' ? [] : [taken('null', null), ...(hasEmpty ? [taken('empty', '')] : [])];
  return [...values, { value: undefined, about: 'absent' }, ...nothing];
}

const taken = (about: string, value: Sample['value']): Sample => ({ value, about });
const not = (refused: SampleRefusal, about: string, value: Sample['value']): Sample => ({ value, about, refused });
const listed = (of: readonly string[]): readonly Sample[] => of.map((value) => taken(value, value));

const NO_OPTION = 'Not an option of it';

function valuesFor(field: FieldSchema): readonly Sample[] {
  const { type, options } = field;
  switch (type) {
    case 'boolean':
      return [taken('true', true), taken('false', false)];
    case 'enum':
      if (options !== undefined) return [...listed(optionsFor(field)), not('no-option', 'no option', NO_OPTION)];
      return field.required === true ? [taken('any text', 'Prospecting')] : [];
    case 'set':
      return setSamples(optionsFor(field));
    case 'integer':
    case 'number':
      return numberSamples(field);
    case 'date':
      return [...listed(DAYS), not('other-type', 'no day', '2026-02-30')];
    case 'datetime':
      return [...listed(MOMENTS), not('other-type', 'no time', 'not a time')];
    case 'time':
      return listed(['00:00:00', '09:30:00', '23:59:59']);
    case 'json':
      return [taken('an address', ADDRESS)];
    case 'string':
      return textSamples(field);
    default:
      return [];
  }
}

/** A whole address, where a platform keeps them as one value; JSON like any other elsewhere. */
const ADDRESS = '{"addr1":"1 Main St","addr2":"","city":"Springfield","state":"IL","zip":"62701","country":"US"}';

/** Without what is never written unasked: such a value means more than itself. */
function optionsFor({ options = [], guarded = [], optedOut = [] }: FieldSchema): readonly string[] {
  const out = [...optedOut, ...guarded.flatMap(({ to = [], never }) => (never === true ? to : []))];
  return options.filter((option) => !out.includes(option));
}

function setSamples(options: readonly string[]): readonly Sample[] {
  if (options.length === 0) return [];
  return [
    ...options.map((option) => taken(option, [option])),
    taken('all options', [...options].sort()),
    not('no-option', 'one that is no option', [...options.slice(0, 1), NO_OPTION].sort()),
  ];
}

function textSamples(field: FieldSchema): readonly Sample[] {
  const { maxLength, platformType } = field;
  // Random ones are for whoever wants them apart: a text of this type is no text.
  if (platformType === 'uuid') return listed(['123e4567-e89b-42d3-a456-426614174000']);
  switch (field.form ?? likely(field)) {
    case 'email':
      return [
        ...fitting(maxLength, [taken('address', ADDRESSES[0]), taken('plus-address in capitals', ADDRESSES[1])]),
        ...(field.form === 'email' ? NO_ADDRESSES.map(([about, value]) => not('other-form', about, value)) : fitting(maxLength, pairs(NO_ADDRESSES))),
      ];
    case 'url':
      return [
        ...fitting(maxLength, listed(['https://example.com', 'http://example.com/a?b=c&d=%C3%A9'])),
        ...(field.form === 'url' ? [not('other-form', 'no address of a page', 'example')] : fitting(maxLength, listed(['example.com']))),
      ];
    case 'phone':
      return [...fitting(maxLength, [...listed(PHONES), ...pairs(SPOILT_PHONES)]), ...lengths(maxLength)];
    case 'phone/US':
      return [
        ...listed(['(415) 555-0123', '415-555-0123', '4155550123']),
        ...SPOILT_PHONES.slice(0, 2).map(([about, value]) => not('other-form', about, value)),
      ];
    case 'zip/US':
      return [taken('zip code', '02134'), not('other-form', 'spreadsheet, lost zero', '2134')];
    default:
      return [...fitting(maxLength, [...listed(TEXTS), ...pairs(STRANGE_TEXTS)]), ...lengths(maxLength)];
  }
}

const pairs = (of: readonly (readonly [string, string])[]): readonly Sample[] => of.map(([about, value]) => taken(about, value));

/** A platform may count bytes: then a text needs up to four for each of its units. */
const BYTES = 4;

function fitting(maxLength: number | undefined, samples: readonly Sample[]): readonly Sample[] {
  return maxLength === undefined
    ? samples
    : samples.filter(({ value }) => typeof value !== 'string' || value.length * BYTES <= maxLength || isShortAscii(value, maxLength));
}

const isShortAscii = (value: string, most: number): boolean => value.length <= most && /^[\x20-\x7e]*$/u.test(value);

function lengths(maxLength: number | undefined): readonly Sample[] {
  if (maxLength === undefined || maxLength < 2) return [];
  const [less, as, more] = aroundLength(maxLength);
  return [taken('max−1', less), taken('max', as), not('too-long', 'max+1', more)];
}

/** What kind of text people keep in a field, by its name: nobody refuses others there. */
function likely({ name, platformType }: FieldSchema): 'email' | 'url' | 'phone' | undefined {
  if (/^phone|phonenumber/iu.test(platformType) || /phone|mobile|\bfax\b/iu.test(name)) return 'phone';
  if (/e-?mail$/iu.test(name)) return 'email';
  return /^url/iu.test(platformType) || /website|\burl$/iu.test(name) ? 'url' : undefined;
}
