import { malformedQuery } from '../failure.js';

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'date' | 'datetime' | 'sign' | 'end';
  /** A text without its quotes and with what was escaped. */
  readonly value: string;
  readonly at: number;
}

const PATTERNS = [
  ['datetime', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/y],
  ['date', /\d{4}-\d\d-\d\d(?![\dT])/y],
  ['number', /[+-]?\d+(?:\.\d+)?(?![\w.])/y],
  ['word', /[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::\d+)?/y],
  ['sign', /<=|>=|!=|<>|[=<>(),]/y],
] as const;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
  _: '\\_',
  '%': '\\%',
};

/** Reads a query into words. Throws MALFORMED_QUERY where it cannot. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) return [...tokens, { kind: 'end', value: '<EOF>', at }];
    const token = text[at] === "'" ? quoted(text, at) : plain(text, at);
    tokens.push(token.token);
    at = token.next;
  }
}

function plain(text: string, at: number): { readonly token: Token; readonly next: number } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { token: { kind, value: found[0], at }, next: at + found[0].length };
  }
  throw unexpected(text, at, `line 1:${at} no viable alternative at character '${text[at] ?? ''}'`);
}

function quoted(text: string, from: number): { readonly token: Token; readonly next: number } {
  let value = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const each = text[at] ?? '';
    if (each === "'") return { token: { kind: 'text', value, at: from }, next: at + 1 };
    if (each !== '\\') {
      value += each;
      continue;
    }
    at += 1;
    const escaped = ESCAPES[text[at] ?? ''];
    const hex = /^u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 5))?.[1];
    if (escaped === undefined && hex === undefined) throw malformedQuery(`Illegal character sequence '\\${text[at] ?? ''}' in string literal`);
    value += escaped ?? String.fromCharCode(Number.parseInt(hex ?? '', 16));
    if (hex !== undefined) at += 4;
  }
  throw unexpected(text, from, `line 1:${text.length} mismatched character '<EOF>' expecting '''`);
}

/** What was not expected, with the place in the query as Salesforce draws it. */
export function unexpected(text: string, at: number, why: string): Error {
  return malformedQuery(`${placed(text, at)}\n${why}`);
}

/** The query with a mark under the place that is meant. */
export function placed(text: string, at: number): string {
  const shown = text.slice(Math.max(0, at - 40), at + 40).replaceAll(/\s/g, ' ');
  return `\n${shown}\n${' '.repeat(Math.min(at, 40))}^\nERROR at Row:1:Column:${at + 1}`;
}
