import { readMoment } from '../../lib/index.js';
import type { FieldSchema, Value } from '../../records/index.js';

/** How the values of a file are written, as far as it is known. */
export interface CellForm {
  /** Zone of times that name none; such times cannot be understood without. */
  readonly zone?: string;
  /** What comes first in dates such as 03/04/2026. */
  readonly dates?: 'day-first' | 'month-first';
  /** What stands before the fraction of a number. Absent: only numbers that can be read in one way are understood. */
  readonly decimal?: '.' | ',';
}

/** Labels of the values of a field, by value. */
export type Labels = ReadonlyMap<string, string>;

/** A cell as the platform holds its value, or in words why it cannot be understood. */
export type ReadCell = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly why: string };

/** Numbers that a spreadsheet cut: `1.23457E+11`, with a comma in other countries. */
const SHORTENED = /^[+-]?\d(?:[.,]\d+)?E[+-]?\d+$/i;
const BY_SPREADSHEET = 'a spreadsheet shortened this number, and its last digits are lost';
const ERRORS = /^#(N\/A|REF!|NAME\?|VALUE!|DIV\/0!|NUM!|NULL!|#+)$/i;
const NO_TEXTS = /^(NULL|\\N|\(null\)|\[NULL\])$/;
/** UTF-8 that was read as Windows-1252 and written again. */
const TWICE_ENCODED = /Ã[\u0080-\u00BF\u0152-\u0178\u2013-\u2122]|â€[\u0080-\u2122]/u;
const TRUE: ReadonlySet<string> = new Set(['true', 'yes', 'y', 't', '1', 'wahr', 'vrai', 'verdadero', 'vero']);
const FALSE: ReadonlySet<string> = new Set(['false', 'no', 'n', 'f', '0', 'falsch', 'faux', 'falso']);

/** Why an id cannot be one; undefined where it can. */
export function badKey(key: string): string | undefined {
  if (SHORTENED.test(key)) return `${BY_SPREADSHEET}: export again, and do not open the file in a spreadsheet before`;
  if (/^\d+[.,]0+$/.test(key)) return 'it was made a number with a fraction by another program';
  return key.includes('\uFFFD') ? 'a character of it was lost before' : undefined;
}

/** Reads a cell that is not empty. Pure. */
export function readCell(text: string, field: FieldSchema, form: CellForm, labels: Labels | undefined): ReadCell {
  const trimmed = text.trim();
  const broken = brokenText(trimmed);
  if (broken !== undefined) return no(broken);
  switch (field.type) {
    case 'boolean':
      return booleanOf(trimmed, labels);
    case 'integer':
    case 'number':
      return numberOf(trimmed, field, form);
    case 'date':
      return dateOf(trimmed, form);
    case 'datetime':
      return momentOf(trimmed, field, form);
    case 'enum':
      return optionOf(trimmed, field, labels);
    case 'set':
      return setOf(trimmed, field, labels);
    case 'string':
      return textOf(text, field);
    case 'json':
      return jsonOf(text);
    case 'time':
    case 'bytes':
    case 'other':
      return yes(text);
  }
}

const yes = (value: Value): ReadCell => ({ ok: true, value });
const no = (why: string): ReadCell => ({ ok: false, why });

function brokenText(text: string): string | undefined {
  if (text.includes('\uFFFD')) return 'a character was lost when the file was written';
  if (TWICE_ENCODED.test(text)) return 'its letters were read in the wrong encoding once before';
  if (ERRORS.test(text)) return 'it is an error of a spreadsheet, not a value';
  return NO_TEXTS.test(text) ? 'another program wrote this for nothing: make the cell empty' : undefined;
}

function textOf(text: string, { maxLength }: FieldSchema): ReadCell {
  if (SHORTENED.test(text.trim())) return no(BY_SPREADSHEET);
  // What exports put before a text that a spreadsheet would run.
  const value = /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
  return maxLength !== undefined && value.length > maxLength ? no(`it is longer than the ${maxLength} characters that the field holds`) : yes(value);
}

function jsonOf(text: string): ReadCell {
  try {
    JSON.parse(text);
    return yes(text);
  } catch {
    return no('it is not JSON');
  }
}

function booleanOf(text: string, labels: Labels | undefined): ReadCell {
  const word = text.toLowerCase();
  const labelled = [...(labels ?? [])].filter(([, label]) => label.toLowerCase() === word).map(([value]) => value.toLowerCase());
  const said = labelled.length === 1 ? (labelled[0] ?? word) : word;
  if (TRUE.has(said)) return yes(true);
  return FALSE.has(said) ? yes(false) : no('it is neither true nor false (yes, no)');
}

const SPACES = /[\s\u00A0\u202F']/g;
const GROUPED = { '.': /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/, ',': /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/ } as const;

function numberOf(text: string, { type }: FieldSchema, { decimal }: CellForm): ReadCell {
  const bare = text
    .replaceAll(SPACES, '')
    .replace(/^([+-]?)[$€£¥]/u, '$1')
    .replace(/[$€£¥]$/u, '');
  if (SHORTENED.test(bare)) return no(BY_SPREADSHEET);
  const readings = (['.', ','] as const).filter((point) => (decimal ?? point) === point).flatMap((point) => numberWith(bare, point) ?? []);
  const [first] = readings;
  if (first === undefined) return no(`it is not a number${decimal === undefined ? '' : ` with "${decimal}" before its fraction`}`);
  if (readings.some((other) => other !== first)) return no('it can be read in two ways: say --decimal . or --decimal ,');
  if (type === 'number') return yes(first);
  const whole = Number(first);
  return Number.isSafeInteger(whole) ? yes(whole) : no('it is not a whole number');
}

/** The digits of a number as platforms write them; undefined where it is none with this decimal point. */
function numberWith(text: string, point: '.' | ','): string | undefined {
  const other = point === '.' ? ',' : '.';
  const ungrouped = GROUPED[point].test(text) ? text.replaceAll(other, '') : text;
  const plain = ungrouped.replace(point, '.');
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)(\.\d+)?$/.exec(plain) ?? [];
  if ((whole === '' && fraction === '') || (point === ',' && ungrouped.includes('.'))) return undefined;
  return `${sign === '-' ? '-' : ''}${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction}`;
}

/** `year-month-day` of the beginning of a text, and what follows; words where it is no date. */
function dayOf(text: string, { dates }: CellForm): { readonly day: string; readonly rest: string } | string {
  const [, year, month = '', day = '', rest = ''] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)$/s.exec(text) ?? [];
  if (year !== undefined) return checkedDay(Number(year), Number(month), Number(day), rest);
  const [, a, mark, b = '', y = '', more = ''] = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)(.*)$/s.exec(text) ?? [];
  if (a === undefined)
    return /^\d{5}(\.\d+)?$/.test(text) ? 'a spreadsheet wrote a day as a number: export it as a date' : 'it is not a date such as 2026-11-22';
  const [first, second] = [Number(a), Number(b)];
  const order = mark === '.' || first > 12 ? 'day-first' : second > 12 ? 'month-first' : first === second ? 'day-first' : dates;
  if (order === undefined) return `it is ${b}/${a} or ${a}/${b}, day and month: say --dates day-first or --dates month-first`;
  if (dates !== undefined && dates !== order && mark !== '.') return `it is not ${dates}, as --dates says`;
  return order === 'day-first' ? checkedDay(Number(y), second, first, more) : checkedDay(Number(y), first, second, more);
}

function checkedDay(year: number, month: number, day: number, rest: string): { readonly day: string; readonly rest: string } | string {
  const text = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-');
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? 'there is no such day' : { day: text, rest };
}

function dateOf(text: string, form: CellForm): ReadCell {
  const read = dayOf(text, form);
  if (typeof read === 'string') return no(read);
  return /^([T\s]+00:00(:00(\.0+)?)?\s*(Z|\+00(:?00)?)?)?$/.test(read.rest) ? yes(read.day) : no('it has a time of day, and the field holds days');
}

const CLOCK = /^(?:T|,?\s+)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/u;

function momentOf(text: string, { platformType }: FieldSchema, form: CellForm): ReadCell {
  if (/^\d{12,13}$/.test(text)) return yes(new Date(Number(text)).toISOString());
  const read = dayOf(text, form);
  if (typeof read === 'string') return no(read);
  const [, hours, minutes = '', seconds = '00', fraction, half, zone] = CLOCK.exec(read.rest) ?? [];
  if (hours === undefined) return no(read.rest === '' ? 'it has no time of day' : 'its time of day cannot be read');
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  const clock = `${String(hour).padStart(2, '0')}:${minutes}:${seconds}${fraction === undefined ? '' : `.${fraction}`}`;
  // A column without a zone holds what the clock said.
  if (/without time zone/.test(platformType)) return zone === undefined ? yes(`${read.day} ${clock}`) : no('it has a zone, and the field holds none');
  // Digits below the millisecond are the platform's own text.
  if (fraction !== undefined && fraction.length > 3 && zone !== undefined) return yes(text);
  const clocks = `${read.day} ${clock}`;
  if (zone !== undefined) return instantOf(`${clocks} ${/^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone}`, undefined);
  if (form.zone === undefined) return no('it names no zone: say --zone Europe/Berlin, or another');
  const began = hourOf(clocks.slice(0, 13), form.zone);
  const within = (Number(minutes) * 60 + Number(seconds)) * 1000 + Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  if (began === undefined || Number(minutes) > 59 || Number(seconds) > 59) return instantOf(clocks, form.zone);
  return yes(new Date(began + within).toISOString());
}

function instantOf(text: string, zone: string | undefined): ReadCell {
  const moment = readMoment(text, { zone });
  if (!moment.ok) return no(moment.problem);
  return moment.note === undefined ? yes(moment.at.toISOString()) : no('the clocks showed this time twice on that day');
}

const HOUR_MS = 3_600_000;
const MOST_HOURS = 100_000;
/** When an hour of a zone began: asking the calendar for each of a million cells takes a minute. */
const hours = new Map<string, number | undefined>();

/** When an hour (`2026-07-01 14`) began in a zone; undefined where its clocks were moved in it, or it is none. */
function hourOf(hour: string, zone: string): number | undefined {
  const name = `${hour} ${zone}`;
  if (hours.has(name)) return hours.get(name);
  if (hours.size >= MOST_HOURS) hours.clear();
  const [first, last] = ['00:00', '59:59'].map((rest) => readMoment(`${hour}:${rest}`, { zone }));
  const isWhole = first?.ok === true && last?.ok === true && first.note === undefined && last.note === undefined;
  const began = isWhole && last.at.getTime() - first.at.getTime() === HOUR_MS - 1000 ? first.at.getTime() : undefined;
  hours.set(name, began);
  return began;
}

function optionOf(text: string, { options = [] }: FieldSchema, labels: Labels | undefined): ReadCell {
  // What the platform labels it lists, even where it lists no options.
  const known = options.length > 0 ? options : [...(labels?.keys() ?? [])];
  if (known.length === 0) return yes(text);
  const word = text.toLowerCase();
  const values = new Set(known.filter((value) => value === text || labels?.get(value)?.trim().toLowerCase() === word));
  const [value] = values;
  if (values.size > 1) return no(`it could be ${[...values].join(' or ')}: they have the same label`);
  return value === undefined ? no(`it is none of the values of the field, nor a label of one`) : yes(value);
}

function setOf(text: string, field: FieldSchema, labels: Labels | undefined): ReadCell {
  const found: string[] = [];
  for (const part of text.split(';').map((one) => one.trim())) {
    if (part === '') continue;
    const read = optionOf(part, field, labels);
    if (!read.ok) return no(`${JSON.stringify(part)}: ${read.why}`);
    if (typeof read.value === 'string') found.push(read.value);
  }
  return yes([...new Set(found)].sort());
}
