import { ApiFailure, jsonParserError, refused } from '../failure.js';
import type { Field } from '../schema/field.js';
import type { ObjectType, RecordType } from '../schema/object-type.js';
import { wideId } from './ids.js';
import { type Scalar, timeOf } from './record.js';
import { said } from './text.js';

/** How a value came: as JSON, or as a text of a CSV file or of somebody who is not at the API. */
export type Form = 'json' | 'text';

const ADDRESS = /^[^\s@,;:<>()[\]"\\]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** What a field stores of a value; null for nothing. Throws what Salesforce says of one that it does not take. */
export function accept(object: ObjectType, field: Field, raw: unknown, form: Form, recordType?: RecordType): Scalar | null {
  if (field.type === 'boolean') return acceptFlag(field, raw, form);
  if (raw === null || raw === undefined || raw === '') return null;
  if (typeof raw === 'object') throw wrongType(field, raw, form);
  switch (field.type) {
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      return acceptNumber(field, raw, form);
    case 'date':
      return acceptDate(field, raw, form);
    case 'datetime':
      return acceptTime(field, raw, form);
    case 'id':
    case 'reference':
      return acceptId(field, said(raw));
    case 'picklist':
    case 'multipicklist':
    case 'string':
    case 'textarea':
    case 'email':
    case 'phone':
    case 'url':
    case 'combobox':
    case 'encryptedstring':
    case 'address':
      return acceptText(field, said(raw), recordType);
    default:
      return field.type satisfies never;
  }
}

function acceptFlag(field: Field, raw: unknown, form: Form): boolean {
  if (typeof raw === 'boolean') return raw;
  const word = said(raw).toLowerCase();
  if (form === 'text' && ['true', '1', 'yes'].includes(word)) return true;
  if (form === 'text' && ['false', '0', 'no', ''].includes(word)) return false;
  if (word === 'true' || word === 'false') return word === 'true';
  if (raw === null || raw === undefined)
    throw refused('INVALID_TYPE_ON_FIELD_IN_RECORD', `${field.label}: value not of required type: null`, [field.name]);
  throw wrongType(field, raw, form);
}

function acceptNumber(field: Field, raw: unknown, form: Form): number {
  const digits = said(raw).trim();
  if (typeof raw === 'boolean' || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits)) throw wrongType(field, raw, form);
  const value = Number(digits);
  if (field.type === 'int' && !Number.isInteger(value)) throw wrongType(field, raw, form);
  const whole = field.type === 'int' ? field.digits : field.precision - field.scale;
  if (Math.abs(value) >= 10 ** whole)
    throw refused('NUMBER_OUTSIDE_VALID_RANGE', `${field.label}: value outside of valid range on numeric field: ${digits}`, [field.name]);
  // More digits than the field's scale are kept: only forms round.
  return value;
}

function acceptDate(field: Field, raw: unknown, form: Form): string {
  const [, year, month, day] = DATE.exec(said(raw)) ?? [];
  const made = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (year === undefined || Number.isNaN(made.getTime()) || made.toISOString().slice(0, 10) !== said(raw)) throw wrongType(field, raw, form);
  inRange(field, made.getTime());
  return said(raw);
}

function acceptTime(field: Field, raw: unknown, form: Form): string {
  const time = said(raw);
  const ms = TIME.test(time) ? Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) : Number.NaN;
  if (Number.isNaN(ms)) throw wrongType(field, raw, form);
  inRange(field, ms);
  return timeOf(ms);
}

/** From 1700 to 4000. */
function inRange(field: Field, ms: number): void {
  const year = new Date(ms).getUTCFullYear();
  if (year < 1700 || year > 4000)
    throw refused('NUMBER_OUTSIDE_VALID_RANGE', `${field.label}: invalid date: ${new Date(ms).toUTCString()}`, [field.name]);
}

function acceptId(field: Field, said: string): string {
  const id = wideId(said.trim());
  if (id === undefined) throw refused('MALFORMED_ID', `${field.label}: id value of incorrect type: ${said}`, [field.name]);
  return id;
}

/** Only plain blanks go from the ends of a text: others, such as those that do not break, stay (seen by others). */
const BLANKS = /^[\t-\r ]+|[\t-\r ]+$/gu;

function acceptText(field: Field, said: string, recordType: RecordType | undefined): string | null {
  const trimmed = said.replaceAll(BLANKS, '');
  if (trimmed === '') return null;
  if (field.length > 0 && trimmed.length > field.length)
    throw refused('STRING_TOO_LONG', `${field.label}: data value too large: ${trimmed} (max length=${field.length})`, [field.name]);
  if (field.type === 'email') {
    if (!ADDRESS.test(trimmed)) throw refused('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${trimmed}`, [field.name]);
    return trimmed.toLowerCase();
  }
  if (field.type === 'picklist') return option(field, trimmed, recordType);
  if (field.type !== 'multipicklist') return trimmed;
  const chosen = [...new Set(trimmed.split(';').map((each) => each.trim()))]
    .filter((each) => each !== '')
    .map((each) => option(field, each, recordType));
  const order = field.picklistValues.map(({ value }) => value);
  const place = (value: string): number => (order.includes(value) ? order.indexOf(value) : order.length);
  return chosen.sort((a, b) => place(a) - place(b)).join(';');
}

function option(field: Field, value: string, recordType: RecordType | undefined): string {
  if (!field.restrictedPicklist) return value;
  const found = field.picklistValues.find((each) => each.active && each.value.toLowerCase() === value.toLowerCase());
  const allowed = recordType?.picklists[field.name];
  if (!found || (allowed && !allowed.includes(found.value)))
    throw refused('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', `${field.label}: bad value for restricted picklist field: ${value}`, [field.name]);
  return found.value;
}

/** What JSON cannot be read as fails the whole request; a text fails its own row. */
function wrongType(field: Field, raw: unknown, form: Form): ApiFailure {
  const given = said(raw);
  if (form === 'text') return refused('INVALID_TYPE_ON_FIELD_IN_RECORD', `${field.label}: value not of required type: ${given}`, [field.name]);
  const kind =
    typeof raw === 'object' ? 'START_OBJECT' : typeof raw === 'number' ? 'VALUE_NUMBER' : typeof raw === 'boolean' ? 'VALUE_BOOLEAN' : 'VALUE_STRING';
  return jsonParserError(`Cannot deserialize instance of ${field.type} from ${kind} value ${given} or request may be missing a required field`);
}
