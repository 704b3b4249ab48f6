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
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
  if (typeof value === 'object') return objectJson(value as Readonly<Record<string, unknown>>);
  throw new TypeError(`JSON cannot hold a ${typeof value}`);
}

function objectJson(object: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(object);
  let sorted = true;
  let flat = true;
  for (let n = 0; n < names.length; n += 1) {
    const name = names[n] ?? '';
    if (n > 0 && name < (names[n - 1] ?? '')) sorted = false;
    if (!isPlain(object[name])) flat = false;
  }
  // Fields of a record that was read from a snapshot lie as they are written: JSON of them is canonical.
  if (sorted && flat && !('toJSON' in object)) return JSON.stringify(object);
  if (!sorted) names.sort();
  let text = '{';
  for (const name of names) {
    const value = object[name];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(name)}:${canonicalJson(value)}`;
  }
  return `${text}}`;
}

/** True for a value that JSON writes by itself as it is to be, or leaves out. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined || typeof value === 'boolean' || Number.isFinite(value);
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
