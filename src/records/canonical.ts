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

/** Compares keys by their UTF-8 bytes: the order of every snapshot, and of PostgreSQL's `COLLATE "C"`. */
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
