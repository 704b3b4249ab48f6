import { canonicalJson, sha256 } from '../lib/index.js';
import type { Fields, Link, PlatformRecord, Value } from './record.js';

/**
 * The line a record is stored as, without its newline: `{"key":…,"fields":{…},"meta":{…}}`. The envelope has this
 * fixed order so that a reader finds the key without parsing; everything inside is canonical JSON.
 */
export function recordLine(record: PlatformRecord): string {
  return `{"key":${JSON.stringify(record.key)},"fields":${canonicalJson(record.fields)},"meta":${canonicalJson(record.meta)}}`;
}

/** Reads what {@link recordLine} wrote. Throws a SyntaxError or TypeError on anything else. */
export function parseRecordLine(line: string): PlatformRecord {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || !('key' in value) || typeof value.key !== 'string') throw new TypeError('not a record line');
  const { key, fields, meta } = value as { key: string; fields?: Fields; meta?: Fields };
  return { key, fields: fields ?? {}, meta: meta ?? {} };
}

/** The line a link is stored as, without its newline. */
export function linkLine(link: Link): string {
  return `{"from":${JSON.stringify(link.from)},"to":${JSON.stringify(link.to)}}`;
}

/** Digest of what a restore may write. `meta` is outside. */
export function contentDigest(record: PlatformRecord): string {
  return sha256(canonicalJson(record.fields));
}

/** Compares keys by their UTF-8 bytes, as PostgreSQL's `COLLATE "C"` does. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-8 order is code point order: surrogates sort after U+E000..U+FFFF.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

/**
 * The order in which the keys of an object type are read and kept: `text`, by their UTF-8 bytes ({@link compareKeys}),
 * or `integer`, where every key is a whole number, by its size ({@link compareIntegers}).
 */
export type KeyOrder = 'text' | 'integer';

/** Compares two keys in an order. */
export function compareIn(order: KeyOrder, a: string, b: string): number {
  return order === 'text' ? compareKeys(a, b) : compareIntegers(a, b);
}

/** Compares whole numbers by their value; both have to be ones ({@link isInteger}). */
export function compareIntegers(a: string, b: string): number {
  const [below, other] = [a.startsWith('-'), b.startsWith('-')];
  if (below !== other) return below ? -1 : 1;
  const size = a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  return below ? -size : size;
}

/** Most digits of a key that counts as a whole number: more than any database has types for. */
export const MOST_DIGITS = 39;

/** True for a whole number as it is always written: no zeros before it, no plus, no minus before zero. */
export function isInteger(text: string): boolean {
  return text.length <= MOST_DIGITS + 1 && /^(?:0|-?[1-9]\d{0,38})$/.test(text);
}

/**
 * True where a key lies between two others, both included, in an order; a text that is not a whole number is not among
 * whole numbers.
 */
export function liesWithin(order: KeyOrder, key: string, first: string, last: string): boolean {
  if (order === 'integer' && !isInteger(key)) return false;
  return compareIn(order, first, key) <= 0 && compareIn(order, key, last) <= 0;
}

/** True where two values are the same canonical value. `undefined` stands for an absent field. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  return canonicalJson(a) === canonicalJson(b);
}

/** Key of a composite primary key. A single part is its own text. */
export function keyOf(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : canonicalJson(parts);
}
