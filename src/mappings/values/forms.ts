import { canonicalJson, localOf } from '../../lib/index.js';
import { type Value, wholeId } from '../../records/index.js';
import type { ValueKind } from '../document/kinds.js';
import { phoneForm } from './phone.js';

/**
 * The form of a text by its kind: two texts that are the same value have the same form. Undefined where the text is no
 * value of that kind (`n/a` for a phone number).
 */
export function formOf(text: string, kind: ValueKind): string | undefined {
  switch (kind.kind) {
    case 'exact':
      return text;
    case 'text':
    case 'list':
      return plainText(text);
    case 'email':
      return emailForm(text);
    case 'id':
      return wholeId(text.trim());
    case 'phone':
      return phoneForm(text, kind.country);
    case 'number':
      return numberForm(text, kind.digits);
    case 'date':
      return dateForm(text, kind.zone);
    case 'datetime':
      return timeForm(text);
    case 'time':
      return timeOfDayForm(text);
    case 'boolean':
      return booleanForm(text);
    case 'json':
      return jsonForm(text);
  }
}

/** Visible ASCII with single spaces in between. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/u;

/** Text without what platforms change when they store it: Unicode form, line ends, spaces at the ends and in a row. */
export function plainText(text: string): string {
  // Most texts are: there is nothing to change in them.
  if (PLAIN.test(text)) return text;
  return text
    .normalize('NFC')
    .replaceAll(/\r\n?/gu, '\n')
    .replaceAll(/[^\S\n]+/gu, ' ')
    .replaceAll(/ ?\n ?/gu, '\n')
    .trim();
}

function emailForm(text: string): string | undefined {
  const address = text.normalize('NFC').trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+$/u.test(address) ? address : undefined;
}

const TRUE: ReadonlySet<string> = new Set(['true', 'yes', 'y', '1', 't', 'on']);
const FALSE: ReadonlySet<string> = new Set(['false', 'no', 'n', '0', 'f', 'off']);

function booleanForm(text: string): string | undefined {
  const word = text.trim().toLowerCase();
  return TRUE.has(word) ? 'true' : FALSE.has(word) ? 'false' : undefined;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/u;

/** A number by all its digits, none lost to a double: `1.50` and `1.5`, `1e2` and `100`. With `digits`, rounded half away from zero. */
export function numberForm(text: string, digits?: number): string | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text.trim()) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const point = whole.length + Number(exponent);
  const all = whole + fraction;
  const left = point <= 0 ? '0' : all.slice(0, point).padEnd(point, '0');
  const right = point <= 0 ? '0'.repeat(-point) + all : all.slice(point);
  const [rounded, rest] = digits === undefined ? [BigInt(left), right] : round(left, right, digits);
  const shown = rest.replace(/0+$/u, '');
  const plain = shown === '' ? String(rounded) : `${rounded}.${shown}`;
  return sign === '-' && plain !== '0' ? `-${plain}` : plain;
}

function round(left: string, right: string, digits: number): readonly [bigint, string] {
  const kept = right.slice(0, digits).padEnd(digits, '0');
  const up = (right[digits] ?? '0') >= '5' ? 1n : 0n;
  const scaled = String(BigInt(left + kept) + up).padStart(digits + 1, '0');
  return digits === 0 ? [BigInt(scaled), ''] : [BigInt(scaled.slice(0, -digits)), scaled.slice(-digits)];
}

const DAY = /^(\d{4}-\d\d-\d\d)$/u;
const MOMENT = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/iu;

/** Milliseconds of a moment; without a zone, UTC is meant. A number of at least nine digits is milliseconds already. */
function momentOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^-?\d{9,15}$/u.test(trimmed)) return Number(trimmed);
  const day = DAY.exec(trimmed);
  if (day !== null) return valid(Date.parse(`${trimmed}T00:00:00Z`), trimmed);
  const [, date, minute, second = '00', zone = 'Z'] = MOMENT.exec(trimmed) ?? [];
  if (date === undefined || minute === undefined) return undefined;
  const offset = /^[+-]/u.test(zone)
    ? zone.replace(/^([+-]\d\d):?(\d\d)?$/u, (_, hours: string, minutes?: string) => `${hours}:${minutes ?? '00'}`)
    : 'Z';
  return valid(Date.parse(`${date}T${minute}:${second}${offset}`), date);
}

/** `Date.parse` takes a 30th of February for the 1st of March. */
function valid(at: number, date: string): number | undefined {
  return Number.isNaN(at) || !isDay(date) ? undefined : at;
}

/** True for a day of the calendar: `2024-02-29`. */
function isDay(date: string): boolean {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= new Date(Date.UTC(2000, month, 0)).getUTCDate() - (month === 2 && !isLeap(year) ? 1 : 0);
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** A moment as most platforms write it: UTC, to the second or finer. */
const UTC_MOMENT = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/u;

/** `2026-11-30T14:00:00Z`, to the second. */
function timeForm(text: string): string | undefined {
  if (UTC_MOMENT.test(text)) return isDay(text) ? `${text.slice(0, 19)}Z` : undefined;
  const at = momentOf(text);
  return at === undefined ? undefined : `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** `2026-11-30`: the day itself, or the one of a moment in a zone. */
function dateForm(text: string, zone: string | undefined): string | undefined {
  if (DAY.test(text) || (zone === undefined && UTC_MOMENT.test(text))) return isDay(text) ? text.slice(0, 10) : undefined;
  const at = momentOf(text);
  if (at === undefined) return undefined;
  const local = zone === undefined || DAY.test(text.trim()) ? at : localOf(at, zone);
  return new Date(local).toISOString().slice(0, 10);
}

const TIME_OF_DAY = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(?:Z|UTC|([+-])(\d\d)(?::?(\d\d))?)?$/iu;
const DAY_SECONDS = 86_400;

/** `09:30:00`, in UTC where it has a zone. */
function timeOfDayForm(text: string): string | undefined {
  const [, hours, minutes, seconds = '0', sign, ahead = '0', aheadMinutes = '0'] = TIME_OF_DAY.exec(text.trim()) ?? [];
  if (hours === undefined || Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) > 60) return undefined;
  const offset = (Number(ahead) * 3600 + Number(aheadMinutes) * 60) * (sign === '-' ? -1 : 1);
  const at = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) - offset;
  const within = sign === undefined ? at : (at + DAY_SECONDS) % DAY_SECONDS;
  return [within / 3600, (within / 60) % 60, within % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
}

/** A text or a number of a document. */
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gsu;

/** A whole number (an id, say) with more digits than a number of JavaScript keeps becomes a text that no document holds by itself. */
function wholeNumber(token: string): string {
  return /^-?[1-9]\d{15,}$/u.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(`\0${token}`) : token;
}

/** A document in one form, whatever the order of its members. */
function jsonForm(text: string): string | undefined {
  try {
    const plain: unknown = JSON.parse(text);
    // What follows looks at each text of a document, and is for documents only: of one that is cut it would not come to an end.
    return canonicalJson(/\d{16}/u.test(text) ? JSON.parse(text.replaceAll(JSON_TOKEN, wholeNumber)) : plain);
  } catch {
    return undefined;
  }
}

/** A value as text; a list is not one. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The elements of a value that holds several: a list, or a text with `;` between them. */
export function elementsOf(value: Value): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Value[]).map((one) => (one === null ? '' : textOf(one)));
  return textOf(value).split(';');
}
