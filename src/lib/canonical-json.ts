import { hash } from 'node:crypto';

/**
 * Canonical JSON after RFC 8785: names sorted by UTF-16 code unit, no white space, shortest numbers.
 * `undefined` members are left out; values JSON cannot hold (NaN, functions, BigInt) throw a TypeError.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${String(value)}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'object') {
    // Records that were read from a snapshot, and lines of journals, lie as they are written: JSON of them is canonical.
    if (isCanonical(value)) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
    return objectJson(value as Readonly<Record<string, unknown>>);
  }
  throw new TypeError(`JSON cannot hold a ${typeof value}`);
}

function objectJson(object: Readonly<Record<string, unknown>>): string {
  let text = '{';
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(name)}:${canonicalJson(value)}`;
  }
  return `${text}}`;
}

/** True for a list or an object that JSON writes by itself as it is to be: all names in it are sorted. */
function isCanonical(value: object): boolean {
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item)) return false;
    return true;
  }
  if ('toJSON' in value) return false;
  const object = value as Readonly<Record<string, unknown>>;
  let before = '';
  for (const name of Object.keys(object)) {
    if (name < before || !isPlain(object[name])) return false;
    before = name;
  }
  return true;
}

/** The same of any value; one that is undefined is left out of an object, and null in a list. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'object') return value === null || isCanonical(value);
  return typeof value === 'string' || value === undefined || typeof value === 'boolean' || Number.isFinite(value);
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
