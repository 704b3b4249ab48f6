/** A piece of a function's source: a word in lower case unless it is quoted, a text, a number or a sign. */
export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

const PIECES =
  /\s+|--[^\n]*|([eE]?'(?:[^'\\]|''|\\[\s\S])*')|(\$([\p{L}_][\p{L}\p{N}_]*)?\$)|("(?:[^"]|"")*")|([\p{L}_][\p{L}\p{N}_$]*)|(\d+(?:\.\d+)?)|(:=|::|<>|!=|<=|>=|\|\||<<|>>|[\s\S])/uy;

/** The pieces of a source, without comments and spaces. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length;) {
    if (source.startsWith('/*', at)) {
      at = endOfComment(source, at);
      continue;
    }
    PIECES.lastIndex = at;
    const match = PIECES.exec(source);
    if (match === null) break;
    at = PIECES.lastIndex;
    const [, text, dollar, , quoted, word, number, sign] = match;
    if (dollar !== undefined) {
      const end = source.indexOf(dollar, at);
      at = end === -1 ? source.length : end + dollar.length;
      tokens.push({ kind: 'text', text: dollar });
    } else if (text !== undefined) tokens.push({ kind: 'text', text });
    else if (quoted !== undefined) tokens.push({ kind: 'word', text: quoted.slice(1, -1).replaceAll('""', '"') });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase() });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

/** Comments of PostgreSQL nest. */
function endOfComment(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    if (source.startsWith('/*', at)) depth += 1;
    else if (source.startsWith('*/', at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return source.length;
}

/** Without the brackets around the whole. */
export function unwrapped(tokens: readonly Token[]): readonly Token[] {
  let inner = tokens;
  while (inner[0]?.text === '(' && closing(inner) === inner.length - 1) inner = inner.slice(1, -1);
  return inner;
}

function closing(tokens: readonly Token[]): number {
  let depth = 0;
  return tokens.findIndex(({ text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return depth === 0;
  });
}

/** The parts between a word that stands outside of brackets. */
export function split(tokens: readonly Token[], by: string): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (token.text === by && token.kind === 'word' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
