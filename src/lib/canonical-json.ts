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
  if (typeof value === 'object') {
    const object = value as Record<string, unknown>;
    const parts: string[] = [];
    for (const name of Object.keys(object).sort()) {
      if (object[name] !== undefined) parts.push(`${JSON.stringify(name)}:${canonicalJson(object[name])}`);
    }
    return `{${parts.join(',')}}`;
  }
  throw new TypeError(`JSON cannot hold a ${typeof value}`);
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
