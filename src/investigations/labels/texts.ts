/** A text without what only gives it another form: case, accents, spaces, punctuation. */
function bare(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}

const PHONE = /^\+?[\d\s().\-/]{6,}$/u;
/** What a phone number has and a plain number has not. */
const MARKED = /^[+0]|[\s()./-]/u;
const ISO_DAY = /^\d{4}-\d\d-\d\d/u;

/** True where two texts say the same in another form. */
export function sameButForm(before: string, after: string): boolean {
  const [a, b] = [bare(before), bare(after)];
  if (a === b && a !== '') return true;
  if (!PHONE.test(before) || !PHONE.test(after) || ISO_DAY.test(before) || !(MARKED.test(before) || MARKED.test(after))) return false;
  // With a country code or without: the last digits of a number are its own.
  const [long, short] = a.length > b.length ? [a, b] : [b, a];
  return short.length >= 6 && long.endsWith(short.replace(/^0+/u, ''));
}

/** Bytes 0x80 to 0x9f as Windows-1252 reads them. */
const WINDOWS =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/** UTF-8 that was read as a Western encoding. */
function misread(text: string, windows: boolean): string {
  return Array.from(
    Buffer.from(text, 'utf8'),
    (byte) => (windows && byte >= 0x80 && byte <= 0x9f ? WINDOWS[byte - 0x80] : undefined) ?? String.fromCharCode(byte),
  ).join('');
}

const ESCAPES: readonly (readonly [RegExp, string])[] = [
  [/&/gu, '&amp;'],
  [/</gu, '&lt;'],
  [/>/gu, '&gt;'],
  [/"/gu, '&quot;'],
  [/'/gu, '&#39;'],
];
const escaped = (text: string): string => ESCAPES.reduce((sum, [from, to]) => sum.replaceAll(from, to), text);

/** True where a text came through the wrong encoding, or was encoded once too often. */
export function isDecoded(before: string, after: string): boolean {
  if (before === after) return false;
  if (escaped(before) === after || (before.includes(' ') && encodeURI(before) === after)) return true;
  if (!/[\u0080-\uffff]/u.test(before)) return false;
  return misread(before, true) === after || misread(before, false) === after || isMarked(before, after);
}

/** True where marks stand for what the encoding does not have: one for each letter, or one for each of its bytes. */
function isMarked(before: string, after: string): boolean {
  if (!/[?\ufffd]/u.test(after)) return false;
  let at = 0;
  // Runs of letters that every encoding has, and of others.
  for (const [run] of before.matchAll(/[\u0020-\u007f]+|[^\u0020-\u007f]+/gu)) {
    if (run.charCodeAt(0) <= 0x7f) {
      if (!after.startsWith(run, at)) return false;
      at += run.length;
      continue;
    }
    const start = at;
    while (after[at] === '?' || after[at] === '\ufffd') at += 1;
    if (at - start < Array.from(run).length || at - start > Buffer.byteLength(run, 'utf8')) return false;
  }
  return at === after.length;
}

/** True where a text holds what a program writes when it has nothing, or a template that nobody filled in. */
export function isArtefact(text: string): boolean {
  return (
    /^(?:null|undefined|nan|\[object object\]|#n\/a|#ref!|#value!|#name\?|inf(?:inity)?)$/iu.test(text.trim()) ||
    /\{\{.*\}\}|%%.+%%|\$\{.*\}/u.test(text)
  );
}

/** What was put before or behind a text, with a mark which of the two; undefined where nothing was. */
export function affixOf(before: string, after: string): string | undefined {
  if (before.length < 2 || after.length <= before.length) return undefined;
  if (after.endsWith(before)) return `${after.slice(0, -before.length)}…`;
  return after.startsWith(before) ? `…${after.slice(before.length)}` : undefined;
}
