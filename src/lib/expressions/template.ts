import { canonicalJson } from '../canonical-json.js';
import { detailsOf, isRunbackError, RunbackError } from '../errors.js';
import { type CelType, type Expression, compileExpression } from './cel.js';

/** A value of a file with its `${{ … }}` compiled. */
export interface Template {
  /** What its expressions read; see {@link Expression.references}. Sorted, each once. */
  readonly references: readonly string[];
  /**
   * The value with every expression replaced. Throws `expression-invalid` with `data.path`: keys and indexes from the
   * value to the text.
   */
  evaluate(values: Readonly<Record<string, unknown>>): unknown;
}

/**
 * Compiles a text with `${{ expression }}` in it. A text that is one expression keeps the type of its result; in mixed
 * text results are written as text (null as nothing, lists and objects as JSON). `$${{` stands for `${{` itself.
 * Throws `expression-invalid`.
 */
export function compileTemplate(text: string, variables: Readonly<Record<string, CelType>>): Template {
  const parts = split(text).map((part) => ('expression' in part ? compileExpression(part.expression, variables) : part.text));
  const expressions = parts.filter((part): part is Expression => typeof part !== 'string');
  const references = [...new Set(expressions.flatMap((expression) => expression.references))].sort();
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'object') return { references, evaluate: (values) => only.evaluate(values) };
  return { references, evaluate: (values) => parts.map((part) => (typeof part === 'string' ? part : asText(part.evaluate(values)))).join('') };
}

/**
 * The same for all texts in a list or object, however deep; other values stay as they are. Throws `expression-invalid`.
 */
export function compileTemplates(value: unknown, variables: Readonly<Record<string, CelType>>): Template {
  if (typeof value === 'string') return compileTemplate(value, variables);
  if (Array.isArray(value)) {
    const items = value.map((item) => compileTemplates(item, variables));
    return { references: union(items), evaluate: (values) => items.map((item, index) => below(index, () => item.evaluate(values))) };
  }
  if (typeof value !== 'object' || value === null) return { references: [], evaluate: () => value };
  const fields = Object.entries(value).map(([name, item]): [string, Template] => [name, compileTemplates(item, variables)]);
  return {
    references: union(fields.map(([, field]) => field)),
    evaluate: (values) => Object.fromEntries(fields.map(([name, field]) => [name, below(name, () => field.evaluate(values))])),
  };
}

/** What a part gives; an error of its expression says in `data.path` where the part stands. */
function below(name: string | number, evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch (error) {
    if (!isRunbackError(error, 'expression-invalid')) throw error;
    const path = Array.isArray(error.data['path']) ? (error.data['path'] as unknown[]) : [];
    throw new RunbackError('expression-invalid', error.message, {
      ...detailsOf(error),
      data: { ...error.data, path: [name, ...path] },
      cause: error,
    });
  }
}

function union(templates: readonly Template[]): string[] {
  return [...new Set(templates.flatMap((template) => template.references))].sort();
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : canonicalJson(value);
}

function split(text: string): ({ readonly text: string } | { readonly expression: string })[] {
  const parts: ({ text: string } | { expression: string })[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('${{', at);
    if (next === -1) break;
    if (text[next - 1] === '$') {
      literal += `${text.slice(at, next - 1)}\${{`;
      at = next + 3;
      continue;
    }
    literal += text.slice(at, next);
    const end = endOfExpression(text, next + 3);
    if (end === -1)
      throw new RunbackError(
        'expression-invalid',
        `The value ${JSON.stringify(text.slice(0, 200))} opens an expression with \${{ and does not close it`,
        {
          why: 'An expression ends with }}.',
          data: { source: text, start: next, end: text.length },
        },
      );
    if (literal !== '') parts.push({ text: literal });
    literal = '';
    parts.push({ expression: text.slice(next + 3, end).trim() });
    at = end + 2;
  }
  literal += text.slice(at);
  if (literal !== '' || parts.length === 0) parts.push({ text: literal });
  return parts;
}

/** Where `}}` closes the expression; braces of maps and everything in quotes are passed over. */
function endOfExpression(text: string, from: number): number {
  let depth = 0;
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      if (depth > 0) depth -= 1;
      else if (text[at + 1] === '}') return at;
    }
  }
  return -1;
}
