import { ApiFailure } from '../failure.js';
import type { Field } from '../schema/field.js';
import { wideId } from '../state/ids.js';
import { msOf, type Scalar } from '../state/record.js';
import type { Comparison, Literal } from './ast.js';
import { rangeOf } from './ranges.js';

const NUMBERS = ['int', 'double', 'currency', 'percent'];
type Holds = (value: Scalar | null) => boolean;

const wrong = (errorCode: string, message: string): ApiFailure => new ApiFailure(400, errorCode, message);

/** Whether a value compares as asked. Throws what Salesforce says of a field or a literal that does not fit. */
export function comparison(field: Field, by: Comparison, to: Literal, nowMs: number): Holds {
  if (field.longText || field.type === 'address') throw wrong('INVALID_FIELD', `field '${field.name}' can not be filtered in a query call`);
  if (by === 'LIKE') return like(field, to);
  if (to.kind === 'null') {
    if (by !== '=' && by !== '!=') throw wrong('INVALID_QUERY_FILTER_OPERATOR', 'invalid operator');
    return (value) => (value === null) === (by === '=');
  }
  const isTime = field.type === 'date' || field.type === 'datetime';
  if (isTime) return timed(field, by, to, nowMs);
  if (field.type === 'boolean') {
    if (to.kind !== 'boolean') throw mustBe(field, 'boolean', to);
    return by === '!=' ? (value) => value !== to.value : (value) => value === to.value;
  }
  if (NUMBERS.includes(field.type)) {
    if (to.kind !== 'number') throw mustBe(field, field.type, to);
    return (value) => (value === null ? by === '!=' : ordered(by, Number(value) - to.value));
  }
  if (to.kind !== 'text') throw mustBe(field, 'string', to);
  const isId = field.type === 'id' || field.type === 'reference';
  const wanted = isId ? wideId(to.value) : field.caseSensitive ? to.value : to.value.toLowerCase();
  if (wanted === undefined) throw wrong('INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${to.value}`);
  // An empty text is null: nothing holds one.
  if (wanted === '') return (value) => (value === null) === (by === '=');
  return (value) => {
    if (value === null) return by === '!=';
    const held = isId || field.caseSensitive ? String(value) : String(value).toLowerCase();
    return ordered(by, held < wanted ? -1 : held > wanted ? 1 : 0);
  };
}

/** Whether a set of options holds one of the combinations, which are joined by `;`. */
export function includes(field: Field, values: readonly Literal[]): Holds {
  if (field.type !== 'multipicklist') throw wrong('INVALID_QUERY_FILTER_OPERATOR', `includes or excludes operator only valid on multipicklist field`);
  const wanted = values.map((each) => (each.kind === 'text' ? each.value.toLowerCase().split(';') : []));
  return (value) => {
    const held = value === null ? [] : String(value).toLowerCase().split(';');
    return wanted.some((all) => all.every((each) => held.includes(each)));
  };
}

function like(field: Field, to: Literal): Holds {
  if (to.kind !== 'text') throw mustBe(field, 'string', to);
  if (['id', 'reference', 'boolean', 'date', 'datetime', ...NUMBERS].includes(field.type))
    throw wrong('INVALID_QUERY_FILTER_OPERATOR', `invalid operator on ${field.type} field`);
  const pattern = new RegExp(
    `^${to.value.replaceAll(/\\([_%])|[%_]|[.*+?^${}()|[\]\\]/g, (each, escaped?: string) => escaped ?? (each === '%' ? '[^]*' : each === '_' ? '[^]' : `\\${each}`))}$`,
    'i',
  );
  return (value) => value !== null && pattern.test(String(value));
}

function timed(field: Field, by: Comparison, to: Literal, nowMs: number): Holds {
  const isDate = field.type === 'date';
  if (to.kind !== 'range' && to.kind !== field.type) throw mustBe(field, isDate ? 'date' : 'dateTime', to);
  const [from, until] =
    to.kind === 'range'
      ? rangeOf(to.word, to.n, nowMs)
      : to.kind === 'date' || to.kind === 'datetime'
        ? [Date.parse(to.value), Date.parse(to.value) + 1]
        : [0, 0];
  return (value) => {
    if (value === null) return by === '!=';
    const at = isDate ? Date.parse(String(value)) : msOf(String(value));
    return ordered(by, at < from ? -1 : at >= until ? 1 : 0);
  };
}

function ordered(by: Comparison, order: number): boolean {
  switch (by) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case 'LIKE':
      return false;
    default:
      return by satisfies never;
  }
}

function mustBe(field: Field, type: string, to: Literal): ApiFailure {
  const quotes = type === 'string' ? 'should be enclosed in quotes' : to.kind === 'text' ? 'should not be enclosed in quotes' : 'is not';
  return wrong('INVALID_FIELD', `value of filter criterion for field '${field.name}' must be of type ${type} and ${quotes}`);
}
