import { compareKeys, MOST_DIGITS, type KeyOrder } from '../../records/index.js';

/**
 * Snapshot lines as bytes. A line begins with its key (`{"key":"…",…` or, for links, `{"from":"…","to":"…"}`), so that
 * order, key ranges and differences can be found without parsing.
 */

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
export const NEWLINE = 0x0a;

/** Which kind of lines a part holds. */
export type LineKind = 'records' | 'links';

const RECORD_PREFIX = Buffer.from('{"key":"');
const LINK_PREFIX = Buffer.from('{"from":"');
const LINK_MIDDLE = Buffer.from(',"to":"');
const FIELDS_START = Buffer.from(',"fields":{');

/** Number of bytes before the first character of the key. */
export function keyOffset(kind: LineKind): number {
  return kind === 'records' ? RECORD_PREFIX.length : LINK_PREFIX.length;
}

/** True where the line at `start` begins as a line of that kind does. */
export function beginsLine(kind: LineKind, bytes: Buffer, start: number): boolean {
  const prefix = kind === 'records' ? RECORD_PREFIX : LINK_PREFIX;
  for (let i = 0; i < prefix.length; i += 1) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/** Offset of the quote that ends the JSON string whose first character is at `start`; `limit` where it does not end. */
export function stringEnd(bytes: Buffer, start: number, limit: number): number {
  let i = start;
  while (i < limit) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    i += byte === BACKSLASH ? 2 : 1;
  }
  return limit;
}

/** The text of the JSON string between two offsets, quotes excluded. */
export function stringAt(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  for (let i = start; i < end; i += 1) if (bytes[i] === BACKSLASH) return unescaped(text);
  return text;
}

/** What somebody else wrote may be no JSON string at all; it stands for itself then. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** The key of the line at `start`: for links, the key of its `from` side. */
export function keyAt(kind: LineKind, bytes: Buffer, start: number, limit: number): string {
  const from = start + keyOffset(kind);
  return stringAt(bytes, from, stringEnd(bytes, from, limit));
}

/** Where the key of the line at `start` ends, quote included; of a link, its `to` side. */
export function keyEnd(kind: LineKind, bytes: Buffer, start: number): number {
  const end = stringEnd(bytes, start + keyOffset(kind), bytes.length) + 1;
  return kind === 'records' ? end : stringEnd(bytes, end + LINK_MIDDLE.length, bytes.length) + 1;
}

/** The key of the `to` side of the link whose line begins at `start`. */
export function otherEndAt(bytes: Buffer, start: number): string {
  const to = stringEnd(bytes, start + LINK_PREFIX.length, bytes.length) + 1 + LINK_MIDDLE.length;
  return stringAt(bytes, to, stringEnd(bytes, to, bytes.length));
}

/**
 * Compares two JSON strings in the order of the keys they stand for. Both offsets are of the first character; returns
 * <0, 0, >0.
 */
function compareStrings(a: Buffer, aStart: number, b: Buffer, bStart: number): number {
  let i = aStart;
  let j = bStart;
  for (;;) {
    const x = a[i];
    const y = b[j];
    if (x !== y || x === undefined) {
      if (x === undefined || y === undefined) return (x ?? -1) - (y ?? -1);
      // Escapes sort by what they stand for, not by their backslash; a surrogate pair may even be cut by one.
      if (x === BACKSLASH || y === BACKSLASH) break;
      if (x === QUOTE) return -1;
      if (y === QUOTE) return 1;
      return x - y;
    }
    if (x === QUOTE) return 0;
    if (x === BACKSLASH) break;
    i += 1;
    j += 1;
  }
  return compareKeys(stringAt(a, aStart, stringEnd(a, aStart, a.length)), stringAt(b, bStart, stringEnd(b, bStart, b.length)));
}

/**
 * Compares two JSON strings that hold whole numbers, by their size. Offsets and answer as for {@link compareStrings}.
 */
function compareWhole(a: Buffer, aStart: number, b: Buffer, bStart: number): number {
  const below = a[aStart] === MINUS;
  if (below !== (b[bStart] === MINUS)) return below ? -1 : 1;
  let first = 0;
  for (let i = aStart, j = bStart; ; i += 1, j += 1) {
    const x = a[i] ?? QUOTE;
    const y = b[j] ?? QUOTE;
    if (x === QUOTE || y === QUOTE) {
      const size = x !== y ? (x === QUOTE ? -1 : 1) : first;
      return below ? -size : size;
    }
    if (first === 0) first = x - y;
  }
}

/** True where the JSON string whose first character is at `start` is a whole number as it is always written. */
export function isWholeAt(bytes: Buffer, start: number): boolean {
  const from = bytes[start] === MINUS ? start + 1 : start;
  let at = from;
  for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[at] ?? 0) at += 1;
  if (bytes[at] !== QUOTE || at === from || at - from > MOST_DIGITS) return false;
  return bytes[from] !== ZERO || (at === from + 1 && from === start);
}

/** How lines lie: their kind, and the order of their keys. Links always lie by the bytes of theirs. */
export interface LineOrder {
  readonly kind: LineKind;
  readonly order: KeyOrder;
}

/** Compares the keys of two lines in their order; for links, `from` and then `to`. */
export function compareLines({ kind, order: of }: LineOrder, a: Buffer, aStart: number, b: Buffer, bStart: number): number {
  const offset = keyOffset(kind);
  if (of === 'integer') return compareWhole(a, aStart + offset, b, bStart + offset);
  const order = compareStrings(a, aStart + offset, b, bStart + offset);
  if (order !== 0 || kind === 'records') return order;
  const aTo = stringEnd(a, aStart + offset, a.length) + 1 + LINK_MIDDLE.length;
  const bTo = stringEnd(b, bStart + offset, b.length) + 1 + LINK_MIDDLE.length;
  return compareStrings(a, aTo, b, bTo);
}

const META = '},"meta":{';

/**
 * Offset in a record line where `fields` ends (after its closing brace). The bytes `},"meta":{` occur at that place and
 * otherwise only where a field holds an object with a member `meta`: inside a JSON string the quotes would be escaped.
 * So one occurrence is the boundary; with several, braces are counted.
 */
function fieldsEnd(line: string): number {
  const last = line.lastIndexOf(META);
  if (last === -1) return line.length;
  if (line.indexOf(META) === last) return last + 1;
  let depth = 0;
  let text = false;
  for (let i = 0; i < line.length; i += 1) {
    const unit = line.charCodeAt(i);
    if (text) {
      if (unit === BACKSLASH) i += 1;
      else if (unit === QUOTE) text = false;
    } else if (unit === QUOTE) text = true;
    else if (unit === 0x7b) depth += 1;
    else if (unit === 0x7d) {
      depth -= 1;
      if (depth === 1) return i + 1;
    }
  }
  return line.length;
}

/** True where two record lines of one key hold the same `fields`, whatever their `meta`. */
export function sameFields(a: string, b: string): boolean {
  const end = fieldsEnd(a);
  return end === fieldsEnd(b) && a.startsWith(b.slice(0, end));
}

/** Offset of the line of `key` in the bytes of a part, or -1. */
export function findRecord(bytes: Buffer, key: string): number {
  const needle = Buffer.concat([RECORD_PREFIX, Buffer.from(JSON.stringify(key).slice(1)), FIELDS_START]);
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) {
    if (at === 0 || bytes[at - 1] === NEWLINE) return at;
  }
  return -1;
}
