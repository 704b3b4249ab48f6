import type { FieldSchema, Value } from '../../../records/index.js';

/**
 * A property value as HubSpot gives it, in canonical form. A property that was never set is null there, one that was
 * cleared is `''` from then on: both are null. Text that does not fit the declared type is kept as it is.
 */
export function fromPlatform(field: FieldSchema, told: unknown): Value {
  if (told === null || told === undefined || told === '') return null;
  const raw = typeof told === 'string' ? told : JSON.stringify(told);
  if (field.type === 'set') {
    const items = [...new Set(raw.split(';').filter((item) => item !== ''))].sort();
    return items.length === 0 ? null : items;
  }
  if (field.type === 'boolean' && (raw === 'true' || raw === 'false')) return raw === 'true';
  return raw;
}

/**
 * What to send for a canonical value. Null, empty text and the empty set all clear a property; HubSpot has no other
 * way.
 */
export function toPlatform(value: Value): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item) => toPlatform(item as Value)).join(';');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * True where what HubSpot now tells is what was sent, allowing for the forms it rewrites: cleared, number, time,
 * e-mail, order of a set.
 */
export function isAsSent(field: FieldSchema, sent: string, told: unknown): boolean {
  const now = typeof told === 'string' ? told : told === null ? '' : JSON.stringify(told);
  if (now === sent) return true;
  if (now === '' || sent === '') return false;
  switch (field.type) {
    case 'set':
      return JSON.stringify(fromPlatform(field, sent)) === JSON.stringify(fromPlatform(field, now));
    case 'number':
    case 'integer':
      return plainNumber(now) === plainNumber(sent);
    case 'date':
    case 'datetime':
      return instant(now) === instant(sent);
    case 'string':
      return field.name === 'email' && now === sent.trim().toLowerCase();
    default:
      return false;
  }
}

/**
 * True where two texts are one value in two forms: what HubSpot makes of it when it stores it. Formatting of phone
 * numbers, spaces, encoded characters, and all that {@link isAsSent} allows. Never a difference of upper and lower
 * case, which may be the damage.
 */
export function isSameInForm(field: FieldSchema, a: string, b: string): boolean {
  if (isAsSent(field, a, b)) return true;
  if (a === '' || b === '') return false;
  if (field.type !== 'string' && field.type !== 'other') return false;
  if (isPhone(field)) return digits(a) !== '' && digits(a) === digits(b);
  return plainText(a) === plainText(b);
}

function isPhone(field: FieldSchema): boolean {
  return field.platformType.includes('phone') || /phone|mobile|(^|_)fax(_|$)/.test(field.name);
}

function digits(text: string): string {
  return text.normalize('NFKC').replaceAll(/\D/g, '');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'", nbsp: ' ' };

function plainText(text: string): string {
  return text
    .replaceAll(/&(amp|lt|gt|quot|apos|#39|nbsp);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .normalize('NFC')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function plainNumber(text: string): string {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text.trim());
  if (!match) return String(Number(text));
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

function instant(text: string): number | string {
  // A year is no number of milliseconds.
  const ms = /^(-?\d{5,}|0)$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? text : ms;
}
