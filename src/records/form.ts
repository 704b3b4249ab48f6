import type { FieldType, Value } from './record.js';

/**
 * True where two values say the same and differ only in the form a platform may give them on storing: spaces, case,
 * Unicode form, escaped characters, the punctuation of a phone number, trailing zeros of a decimal, the notation of a
 * time. Only for judging what a platform made of a value that was just written; two values that stand for different
 * edits are compared with `sameValue`.
 */
export function sameButForm(a: Value | undefined, b: Value | undefined, type: FieldType): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  const x = textOf(a);
  const y = textOf(b);
  if (x === undefined || y === undefined) return false;
  if (x === y) return true;
  switch (type) {
    case 'integer':
    case 'number':
      return sameNumber(x, y);
    case 'date':
    case 'datetime':
      return sameTime(x, y);
    case 'string':
    case 'other':
      return plain(x) === plain(y) || samePhone(x, y);
    default:
      return plain(x) === plain(y);
  }
}

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function textOf(value: Value | undefined): string | undefined {
  if (Array.isArray(value)) return value.map((element) => textOf(element as Value) ?? '').join(';');
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", apos: "'", nbsp: ' ' };

function plain(text: string): string {
  return text
    .replace(/&(#39|[a-z]+);/g, (whole, name: string) => (Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole))
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase();
}

const PHONE = /^[+\d][\d\s().\-/]*(?:(?:x|ext\.?)\s*\d+)?$/i;
const PHONE_DIGITS = 5;
/** Digits that a number needs so that a country code before it (or a trunk zero in its place) is form only. */
const SUBSCRIBER_DIGITS = 8;
const COUNTRY_DIGITS = 3;

function samePhone(a: string, b: string): boolean {
  if (!PHONE.test(a.trim()) || !PHONE.test(b.trim())) return false;
  const digits = (text: string): string => text.replace(/\D/g, '').replace(/^00/, '');
  const [x, y] = [digits(a), digits(b)];
  return (x.length >= PHONE_DIGITS && x === y) || withCountry(x, y) || withCountry(y, x);
}

/** True where `full` is `local` with a country code before it, in place of its trunk zero if it has one. */
function withCountry(full: string, local: string): boolean {
  const subscriber = local.replace(/^0/, '');
  const more = full.length - subscriber.length;
  return subscriber.length >= SUBSCRIBER_DIGITS && more >= 1 && more <= COUNTRY_DIGITS && full.endsWith(subscriber);
}

const DECIMAL = /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/;

/** Compares the digits, so that no number is too large. */
function sameNumber(a: string, b: string): boolean {
  const parts = (text: string): string | undefined => {
    const found = DECIMAL.exec(text.trim().replace(/^([+-]?)\./, '$10.'));
    if (found === null) return undefined;
    const [, sign, whole = '', fraction = ''] = found;
    const digits = fraction === '' ? whole : `${whole}.${fraction}`;
    return sign === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits;
  };
  const x = parts(a);
  return x !== undefined && x === parts(b);
}

function sameTime(a: string, b: string): boolean {
  const time = (text: string): number => (/^-?\d{9,}$/.test(text) ? Number(text) : Date.parse(text));
  return time(a) === time(b);
}
