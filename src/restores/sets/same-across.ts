import { type FieldSchema, sameForm, sameValue, type Value } from '../../records/index.js';

/** How a field is described, as far as it says in which forms a value can stand. */
export type FieldForm = Pick<FieldSchema, 'type' | 'platformType'>;

const TRUE: ReadonlySet<string> = new Set(['true', 't', '1', 'yes']);
const FALSE: ReadonlySet<string> = new Set(['false', 'f', '0', 'no']);

/**
 * True where two platforms hold the same in forms of their own: no value in any form, `42` and `"42.0"`, `true` and
 * `"true"`, two notations of one moment (to the millisecond, which is what some platforms keep). Text is compared as it is.
 */
export function sameAcross(a: Value | undefined, formA: FieldForm, b: Value | undefined, formB: FieldForm): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (sameValue(a, b)) return true;
  const [x, y] = [textOf(a), textOf(b)];
  if (x === y) return true;
  const isOne = (...types: readonly FieldForm['type'][]): boolean => types.includes(formA.type) || types.includes(formB.type);
  if (isOne('boolean')) {
    const [left, right] = [truth(x), truth(y)];
    return left !== undefined && left === right;
  }
  if (isOne('integer', 'number')) return sameForm(x, y, [NUMBER, NUMBER]);
  if (isOne('datetime')) return sameForm(x, y, [MOMENT, MOMENT]) || sameMoment(x, y);
  return sameForm(a, b, [formA, formB]);
}

const NUMBER: FieldForm = { type: 'number', platformType: '' };
const MOMENT: FieldForm = { type: 'datetime', platformType: '' };

/** No value, in whatever form a platform says so. */
export function isNothing(value: Value | undefined): value is undefined | null | '' {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** A value as one text; elements of a set with semicolons between. */
export function textOf(value: Value): string {
  if (Array.isArray(value)) return (value as readonly Value[]).map(textOf).join(';');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function truth(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
}

function sameMoment(a: string, b: string): boolean {
  const moment = (text: string): number => (/^\d{11,14}$/u.test(text) ? Number(text) : Date.parse(text));
  return moment(a) === moment(b);
}

/**
 * A value of another platform in the form that a field takes, for writing it there; undefined where that is not certain:
 * such a value is left to people.
 */
export function formFor(value: Value | undefined, target: FieldSchema): Value | undefined {
  if (isNothing(value)) return target.required === true ? undefined : null;
  const text = textOf(value);
  switch (target.type) {
    case 'string':
      return target.maxLength !== undefined && text.length > target.maxLength ? undefined : text;
    case 'enum':
      return target.options?.includes(text) === true ? text : undefined;
    case 'boolean':
      return truth(text);
    case 'integer':
      return /^-?\d{1,15}$/u.test(text) ? Number(text) : undefined;
    case 'number':
      return /^-?\d+(\.\d+)?$/u.test(text) ? text : undefined;
    case 'date':
      return /^\d{4}-\d\d-\d\d$/u.test(text) ? text : undefined;
    default:
      return undefined;
  }
}
