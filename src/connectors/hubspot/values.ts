import type { FieldSchema, Value } from '../../records/index.js';

/** A property value as HubSpot gives it, in canonical form. Text that does not fit the declared type is kept as it is. */
export function fromPlatform(field: FieldSchema, told: unknown): Value {
  if (told === null || told === undefined) return null;
  const raw = typeof told === 'string' ? told : JSON.stringify(told);
  if (field.type === 'set') return [...new Set(raw.split(';').filter((item) => item !== ''))].sort();
  if (field.type === 'boolean' && (raw === 'true' || raw === 'false')) return raw === 'true';
  return raw;
}

/** What to send for a canonical value. Null, empty text and the empty set all clear a property; HubSpot has no other way. */
export function toPlatform(value: Value): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item) => toPlatform(item as Value)).join(';');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** True where what HubSpot now tells is what was sent, allowing for the forms it rewrites: cleared, number, time, e-mail, order of a set. */
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

function plainNumber(text: string): string {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text.trim());
  if (!match) return String(Number(text));
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

function instant(text: string): number | string {
  const ms = /^-?\d{9,}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? text : ms;
}
