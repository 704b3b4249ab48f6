import { graphemes } from '../lib/index.js';

/** How a service counts, and what it wants escaped. */
export interface Fit {
  /** Applied to each character by itself. */
  readonly escape?: (character: string) => string;
  /** Default: UTF-16 units, which is never less than characters. */
  readonly size?: (text: string) => number;
}

const ELLIPSIS = '…';
/** UTF-16 units of the longest character that is kept whole. */
const LONGEST = 128;

/** Text that any service takes: well-formed, and without control characters but newlines and tabs. */
export function clean(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(/\p{Surrogate}|(?![\n\t])\p{Cc}|[\uFFFE\uFFFF]/gu, '\uFFFD');
}

/** The same in one line, also without what turns the direction of what follows. */
export function oneLine(text: string): string {
  return clean(text)
    .replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll(/[\s\u2028\u2029]+/gu, ' ')
    .trim();
}

/**
 * The text, escaped and cut to `most` with an ellipsis; never inside a character, as people see characters, nor inside
 * an escape.
 */
export function fit(text: string, most: number, { escape = (character) => character, size = (part) => part.length }: Fit = {}): string {
  // Nothing gets shorter by escaping, so what lies beyond `most` units is never shown.
  const enough = clean(text.slice(0, most + 2));
  if (text.length <= most) {
    const whole = escaped(enough, escape);
    if (size(whole) <= most) return whole;
  }
  const room = most - size(ELLIPSIS);
  let used = 0;
  let end = 0;
  for (const character of enough) {
    used += size(escape(character));
    if (used > room) break;
    end += character.length;
  }
  return `${escaped(enough.slice(0, wholeTo(enough, end)), escape)}${ELLIPSIS}`;
}

/**
 * The nearest place at or before `end` where no character, as people see characters, is cut. One with hundreds of
 * accents is.
 */
function wholeTo(text: string, end: number): number {
  const from = Math.max(0, end - LONGEST);
  const start = graphemes(text.slice(from, end + LONGEST)).containing(end - from)?.index ?? end - from;
  return start === 0 ? end : from + start;
}

/** Bytes in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** For XML and HTML, in text and in attributes. */
export function escapeMarkup(character: string): string {
  return MARKUP[character] ?? character;
}

const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function escaped(text: string, escape: (character: string) => string): string {
  let out = '';
  for (const character of text) out += escape(character);
  return out;
}
