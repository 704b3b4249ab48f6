import type { FieldSchema, Value } from './record.js';

/** What of a field's description says in which forms one value can stand. */
export type FormOf = Pick<FieldSchema, 'type' | 'platformType'>;

/**
 * True where two values are the same value, perhaps in another form: a decimal with other zeros (`1.50`, `1.5000`), a
 * time with other zeros of its second, a text of fixed length with other padding, a float in another width. `fields`:
 * how the field is described on the sides that are compared; where the descriptions do not allow another form, only the
 * same canonical value is the same.
 */
export function sameForm(a: Value | undefined, b: Value | undefined, fields: readonly FormOf[]): boolean {
  if (a === b) return true;
  const [first] = fields;
  if (first === undefined || !isScalar(a) || !isScalar(b)) return false;
  // So it is for most fields that differ.
  if (first.type === 'string') return isPadded(fields) && String(a).replace(/ +$/, '') === String(b).replace(/ +$/, '');
  const [left, right] = [String(a), String(b)];
  if (fields.every(({ type }) => type === 'number' || type === 'integer')) {
    const [x, y] = [decimalForm(left), decimalForm(right)];
    if (x === undefined || y === undefined) return false;
    return x === y || (narrowed(fields) && Math.fround(Number(left)) === Math.fround(Number(right)));
  }
  if (fields.every(({ type }) => type === 'datetime')) {
    const x = timeForm(left);
    return x !== undefined && x === timeForm(right);
  }
  return false;
}

/** True for texts of which one side at least is filled up with spaces to a fixed length. */
function isPadded(fields: readonly FormOf[]): boolean {
  return fields.some(({ platformType }) => PADDED.test(platformType)) && fields.every(({ type }) => type === 'string');
}

const PADDED = /^(character|char|bpchar)(\(\d+\))?$/;

function isScalar(value: Value | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** True where one side keeps floats in fewer digits than the other. */
function narrowed(fields: readonly FormOf[]): boolean {
  const narrow = fields.filter(({ platformType }) => platformType === 'real').length;
  return narrow > 0 && narrow < fields.length;
}

/** A decimal as its digits and exponent, without zeros that say nothing; undefined where the text is none. */
function decimalForm(text: string): string | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign === '-' ? '-' : ''}${significant}e${String(Number(exponent) - fraction.length + digits.length - significant.length)}`;
}

/** A time without zeros at the end of its second; without a zone, UTC is meant. Undefined where the text is none. */
function timeForm(text: string): string | undefined {
  const match = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)*)?( BC)?$/.exec(text);
  if (match === null) return undefined;
  const [, date = '', minute = '', second = '00', fraction = '', zone = '', era = ''] = match;
  return `${date} ${minute}:${second}.${fraction.replace(/0+$/, '')}${/^(Z|[+-]00(:?00)*)$/.test(zone) ? '' : zone}${era}`;
}
