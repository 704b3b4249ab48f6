import { Lexer } from 'yaml';

/** Largest file that is read. The shipped runbooks have 5 kB. */
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_INDENT = 500;

/** Why a text must not be given to the parser, and where; undefined where it may. Quick for any input. */
export function outOfBounds(text: string): { readonly offset: number; readonly message: string; readonly expected: string } | undefined {
  const shape = tooDeep(text.length > MAX_BYTES ? text.slice(0, MAX_BYTES) : text);
  if (shape !== undefined) return { offset: shape, message: 'the nesting is too deep', expected: `at most ${MAX_DEPTH} levels` };
  if (text.length > MAX_BYTES) return { offset: MAX_BYTES, message: 'the file is too long', expected: `at most ${MAX_BYTES / 1024} KiB` };
  return undefined;
}

/**
 * The offset at which brackets, or indicators in one line, or the indentation go too deep. The parser behind it is
 * recursive.
 */
function tooDeep(text: string): number | undefined {
  let offset = 0;
  let flow = 0;
  // Outside brackets the indicators of a line go into each other; inside, those between two commas do.
  let inLine = 0;
  let inEntry = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    // The lexer gives up on brackets that are not closed before the indentation ends.
    else if (token === '\u0018') flow = 0;
    else if (token === '\n' || token === '\r\n') inLine = 0;
    else if (token === '-' || token === '?' || token === ':') {
      if (flow > 0) inEntry += 1;
      else inLine += 1;
    } else if (token.length > MAX_INDENT && token.trim() === '') return offset;
    if (flow === 0 || token === ',' || token === '[' || token === '{') inEntry = 0;
    if (flow > MAX_DEPTH || inLine > MAX_DEPTH || inEntry > MAX_DEPTH) return offset;
    // The lexer marks documents and scalars with one control character that is not in the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') offset += token.length;
  }
  return undefined;
}
