import { createRequire } from 'node:module';

import type { ASTNode, Environment, EvaluationError } from '@marcbachmann/cel-js';

import { defined } from '../defined.js';
import { RunbackError, isRunbackError, messageOf } from '../errors.js';
import { didYouMean } from '../text/suggest.js';
import { budgeted, checkTypes, childrenOf } from './cel-budget.js';

/**
 * Declared type of a variable: a CEL type (`list<string>`, `map<string, dyn>` too), or the fields of an object with
 * theirs. `int` takes JavaScript integers, `double` any number; in `dyn` an integral number counts as int.
 */
export type CelType = 'string' | 'int' | 'double' | 'bool' | 'dyn' | `list<${string}>` | `map<${string}>` | { readonly [field: string]: CelType };

/** A compiled, type-checked expression. */
export interface Expression {
  readonly source: string;
  /** CEL type of the result: `bool`, `int`, `dyn` … */
  readonly type: string;
  /** What it reads, as dotted paths without the variables it binds itself: `steps.plan.records`. Sorted. */
  readonly references: readonly string[];
  /** Texts that variables are compared with: `field == "city"`, `field in ["city"]`, `"city" in base`. */
  readonly texts: readonly { readonly of: string; readonly text: string }[];
  /** What `&&`, `||` and `!` join, in the order of the source: the whole expression where they join nothing. */
  readonly parts: readonly ExpressionPart[];
  /**
   * The result as plain JSON-like data: integers as numbers (as text beyond 53 bits), times as ISO text. Throws
   * `expression-invalid` where the values do not allow a result (a missing field, a wrong type in `dyn`, Infinity), and
   * where it would pass the budget of steps and bytes.
   */
  evaluate(values: Readonly<Record<string, unknown>>): unknown;
}

/** A part of a condition that is true or false by itself. */
export interface ExpressionPart {
  readonly source: string;
  readonly references: readonly string[];
  /** Every value that stands in it: numbers, texts, `true`, `null`. */
  readonly literals: readonly (string | number | boolean | null)[];
}

const MAX_SOURCE = 4000;
const MAX_LIST = 10_000;
const MAX_NESTED_LOOPS = 2;
/** Characters of a source that a message repeats. */
const MOST_SHOWN = 300;
const LOOPS = new Set(['map', 'filter', 'exists', 'exists_one', 'all']);

/**
 * The environments made last, by the variables they declare. Making one costs 10 ms for the variables of a runbook, and
 * a runbook has dozens of expressions over the same ones.
 */
const environments = new Map<string, Environment>();
const KEPT_ENVIRONMENTS = 8;

function environmentFor(variables: Readonly<Record<string, CelType>>): Environment {
  const key = JSON.stringify(variables);
  const kept = environments.get(key);
  if (kept) return kept;
  const environment = newEnvironment();
  for (const [name, type] of Object.entries(variables))
    if (typeof type === 'string') environment.registerVariable(name, type);
    else environment.registerVariable(name, { schema: toSchema(type) });
  const [oldest] = environments.keys();
  if (environments.size >= KEPT_ENVIRONMENTS && oldest !== undefined) environments.delete(oldest);
  environments.set(key, environment);
  return environment;
}

/** Loads the library with the first expression: 20 ms that a command without one does not pay. */
function newEnvironment(): Environment {
  const library = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js');
  return new library.Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 2000, maxDepth: 60, maxListElements: 1000, maxMapEntries: 1000 },
  });
}

/**
 * Compiles a CEL expression. Every variable it may read is declared; unknown names, unknown fields of declared objects
 * and types that do not fit are found here. `matches` (whose patterns can hang) is forbidden; lists and loops are
 * bounded, and so is what an evaluation may spend. Throws `expression-invalid` with `data: {source, start, end}`, the
 * place in the source.
 */
export function compileExpression(source: string, variables: Readonly<Record<string, CelType>>): Expression {
  if (source.length > MAX_SOURCE) throw invalid(source.slice(0, 60), `it is longer than ${MAX_SOURCE} characters`);
  const environment = environmentFor(variables);
  let parsed: ReturnType<Environment['parse']>;
  try {
    parsed = environment.parse(source);
  } catch (error) {
    throw explain(source, error, variables, []);
  }
  guard(source, parsed.ast, 0);
  checkTypes(parsed.ast, (problem, node) => invalid(source, problem, placeOf(node)));
  const references = [...referencesIn(parsed.ast, new Set())].sort();
  const checked = parsed.check();
  if (!checked.valid) throw explain(source, checked.error, variables, references);
  const within = budgeted(parsed.ast, (problem, node) => invalid(source, problem, placeOf(node)));
  return {
    source,
    type: checked.type ?? 'dyn',
    references,
    texts: [...textsIn(parsed.ast)],
    parts: [...partsIn(source, parsed.ast)],
    evaluate: (values) => {
      const context: Record<string, unknown> = {};
      for (const [name, type] of Object.entries(variables)) if (values[name] !== undefined) context[name] = toCel(source, values[name], type);
      try {
        return fromCel(within(() => parsed(context)));
      } catch (error) {
        if (error instanceof NotFinite) throw invalid(source, `its result is ${error.message}, which is not a usable number`, placeOf(parsed.ast));
        if (isRunbackError(error)) throw error;
        throw explain(source, error, variables, references);
      }
    },
  };
}

function toSchema(type: { readonly [field: string]: CelType }): { [field: string]: string | ReturnType<typeof toSchema> } {
  return Object.fromEntries(Object.entries(type).map(([name, field]) => [name, typeof field === 'string' ? field : toSchema(field)]));
}

function toCel(source: string, value: unknown, type: CelType): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) && type !== 'double' ? BigInt(value) : value;
  if (Array.isArray(value)) {
    if (value.length > MAX_LIST) throw invalid(source, `a list of ${value.length} elements is too long for an expression (${MAX_LIST} at most)`);
    const inner: CelType = type === 'list<double>' ? 'double' : 'dyn';
    return value.map((item) => toCel(source, item, inner));
  }
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const converted = entries.map(([name, item]): [string, unknown] => [name, toCel(source, item, fieldType(type, name) ?? 'dyn')]);
  // The library takes an object for what its `constructor` says.
  return Object.hasOwn(value, 'constructor') ? new Map(converted) : Object.fromEntries(converted);
}

/** A number that no file can hold and no platform takes: `1.0 / 0.0`. */
class NotFinite extends Error {}

function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NotFinite(String(value));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [String(fromCel(name)), fromCel(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromCel(item)]));
}

function fieldType(type: CelType | undefined, field: string): CelType | undefined {
  return typeof type === 'object' && Object.hasOwn(type, field) ? type[field] : undefined;
}

/** Refuses what could run for ever. */
function guard(source: string, node: ASTNode, loops: number): void {
  const name = node.op === 'call' ? node.args[0] : node.op === 'rcall' ? node.args[0] : undefined;
  if (name === 'matches')
    throw invalid(source, 'matches() is not allowed', {
      why: 'Its patterns can take forever. Use startsWith, endsWith, contains or ==.',
      ...placeOf(node),
    });
  const inside = name !== undefined && LOOPS.has(name) ? loops + 1 : loops;
  if (inside > MAX_NESTED_LOOPS) throw invalid(source, `more than ${MAX_NESTED_LOOPS} nested loops are not allowed`, placeOf(node));
  for (const child of childrenOf(node)) guard(source, child, inside);
}

function* referencesIn(node: ASTNode, bound: ReadonlySet<string>): Generator<string> {
  const chain = chainOf(node);
  if (chain !== undefined) {
    if (!bound.has(chain[0] ?? '')) yield chain.join('.');
    return;
  }
  if (node.op === 'rcall' && LOOPS.has(node.args[0])) {
    const [, receiver, [variable, ...rest]] = node.args;
    yield* referencesIn(receiver, bound);
    const inner = variable?.op === 'id' ? new Set([...bound, variable.args]) : bound;
    for (const child of rest) yield* referencesIn(child, inner);
    return;
  }
  for (const child of childrenOf(node)) yield* referencesIn(child, bound);
}

function* partsIn(source: string, node: ASTNode): Generator<ExpressionPart> {
  if (node.op === '&&' || node.op === '||' || node.op === '!_') {
    for (const child of childrenOf(node)) yield* partsIn(source, child);
    return;
  }
  const references = [...new Set(referencesIn(node, new Set()))].sort();
  yield { source: sliceOf(source, node), references, literals: [...valuesIn(node)] };
}

/** The text of a node, with the parentheses that its beginning leaves out. */
function sliceOf(source: string, { start, end }: ASTNode): string {
  let [from, to] = [start, end];
  const many = (character: string): number => source.slice(from, to).split(character).length;
  while (many(')') > many('(') && from > 0) from -= 1;
  while (many('(') > many(')') && to < source.length) to += 1;
  return source.slice(from, to);
}

function* valuesIn(node: ASTNode): Generator<string | number | boolean | null> {
  if (node.op === 'value') {
    const value: unknown = node.args;
    if (typeof value === 'bigint') yield Number(value);
    else if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') yield value;
  }
  for (const child of childrenOf(node)) for (const value of valuesIn(child)) yield node.op === '-_' && typeof value === 'number' ? -value : value;
}

function* textsIn(node: ASTNode): Generator<{ readonly of: string; readonly text: string }> {
  if (node.op === '==' || node.op === '!=' || node.op === 'in') {
    const [left, right] = node.args;
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const)
      if (one.op === 'id') for (const text of literalsOf(other)) yield { of: one.args, text };
  }
  for (const child of childrenOf(node)) yield* textsIn(child);
}

function literalsOf(node: ASTNode): string[] {
  if (node.op === 'value') return typeof node.args === 'string' ? [node.args] : [];
  return node.op === 'list' ? node.args.flatMap(literalsOf) : [];
}

/** `a.b["c"]` as `[a, b, c]`; undefined where the node is not such a path. */
function chainOf(node: ASTNode): string[] | undefined {
  if (node.op === 'id') return [node.args];
  if (node.op === '.' || node.op === '.?') {
    const before = chainOf(node.args[0]);
    return before === undefined ? undefined : [...before, node.args[1]];
  }
  if (node.op === '[]' && node.args[1].op === 'value' && typeof node.args[1].args === 'string') {
    const before = chainOf(node.args[0]);
    return before === undefined ? undefined : [...before, node.args[1].args];
  }
  return undefined;
}

function explain(source: string, error: unknown, variables: Readonly<Record<string, CelType>>, references: readonly string[]): RunbackError {
  const { code, summary, range } = error as Partial<EvaluationError>;
  const place = range === undefined ? {} : { start: range.start, end: range.end };
  const name = /: ([^\s:]+)$/.exec(summary ?? '')?.[1] ?? '';
  if (code === 'unknown_variable') {
    const hasNoValue = Object.hasOwn(variables, name);
    return invalid(source, hasNoValue ? `"${name}" has no value` : `nothing is named "${name}"${didYouMean(name, Object.keys(variables))}`, {
      why: hasNoValue ? undefined : `Known here: ${Object.keys(variables).join(', ')}.`,
      ...place,
    });
  }
  if (code === 'no_such_key') {
    const known = fieldsBeside(name, variables, references);
    return invalid(source, `there is no field "${name}"${didYouMean(name, known)}`, {
      why: known.length === 0 ? undefined : `Known there: ${known.slice(0, 30).join(', ')}.`,
      ...place,
    });
  }
  return invalid(source, lowerFirst(summary ?? messageOf(error)), place);
}

/** Names of the declared fields where `field` was looked for. */
function fieldsBeside(field: string, variables: Readonly<Record<string, CelType>>, references: readonly string[]): string[] {
  for (const reference of references) {
    let type: CelType | undefined = variables;
    for (const part of reference.split('.')) {
      if (typeof type !== 'object') break;
      if (part === field && !Object.hasOwn(type, part)) return Object.keys(type);
      type = fieldType(type, part);
    }
  }
  return [];
}

function placeOf(node: ASTNode): { start: number; end: number } {
  return { start: node.start, end: node.end };
}

function invalid(source: string, problem: string, details: { why?: string | undefined; start?: number; end?: number } = {}): RunbackError {
  const { why, start, end } = details;
  return new RunbackError('expression-invalid', `The expression ${JSON.stringify(shortened(source))} cannot be used: ${problem}`, {
    ...defined({ why }),
    data: { source, problem, ...(start === undefined ? {} : { start, end }) },
  });
}

const shortened = (source: string): string => (source.length > MOST_SHOWN ? `${source.slice(0, MOST_SHOWN)} …` : source);

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
