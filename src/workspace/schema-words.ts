import type { z } from 'zod';

import { didYouMean, kindWords } from '../lib/index.js';

type Schema = z.core.$ZodType;
type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** A problem a schema found, before it has a place in the file. */
export interface Finding {
  readonly path: Path;
  /** The problem is the key at the end of the path, not its value. */
  readonly onKey: boolean;
  readonly message: string;
  readonly expected?: string | undefined;
  readonly secret: boolean;
}

/** What the schema of a secret reference says of anything else. */
export const SECRET_LITERAL = 'a secret must not be in a file';

/** Unknown keys of one group that are told. */
const MAX_KEYS = 50;

/** The issues of a failed check in words, each at its path. `value` is what was checked. */
export function findingsOf(schema: Schema, issues: readonly Issue[], value: unknown): Finding[] {
  return issues.flatMap((issue) => findingOf(schema, issue, value));
}

function findingOf(schema: Schema, issue: Issue, value: unknown): Finding[] {
  const { path } = issue;
  const name = path.length === 0 ? 'the file' : `"${String(path.at(-1))}"`;
  const one = (message: string, expected?: string, more: { onKey?: boolean; secret?: boolean; path?: Path } = {}): Finding[] => [
    { path: more.path ?? path, onKey: more.onKey ?? false, message, expected, secret: more.secret ?? false },
  ];
  const actual = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.slice(0, MAX_KEYS).flatMap((key) =>
        one(`unknown key "${key}"${didYouMean(key, known)}`, known.length === 0 ? undefined : `one of ${known.join(', ')}`, {
          onKey: true,
          path: [...path, key],
        }),
      );
    }
    case 'invalid_type': {
      const expected = kindWords(issue.expected);
      return actual === undefined && path.length > 0
        ? one(`${name} is missing`, describe(schema, path) ?? expected, { path: path.slice(0, -1), onKey: true })
        : one(`${name} is ${kindOf(actual)}`, expected);
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (actual === undefined && path.length > 0)
        return one(`${name} is missing`, `one of ${values.join(', ')}`, { path: path.slice(0, -1), onKey: true });
      const given = typeof actual === 'string' ? `"${actual.slice(0, 60)}"` : typeof actual === 'number' ? String(actual) : kindOf(actual);
      const near = typeof actual === 'string' ? didYouMean(actual, values) : '';
      return one(`${name} cannot be ${given}${near}`, values.length === 1 ? values[0] : `one of ${values.join(', ')}`);
    }
    case 'invalid_union':
      return unionFindings(schema, issue, value, name);
    case 'invalid_key':
      return one(`${name} cannot be a name here`, issue.issues[0]?.message, { onKey: true });
    case 'invalid_format':
      if (issue.message === SECRET_LITERAL)
        return one(`${name} ${SECRET_LITERAL.replace('a secret ', '')}`, 'env:NAME, file:PATH, command:PROGRAM ARGUMENT… or keychain:NAME', {
          secret: true,
        });
      return one(`${name} does not have the right format`, issue.message);
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
    default:
      return one(`${name} does not fit`, issue.message);
  }
}

function unionFindings(schema: Schema, issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown, name: string): Finding[] {
  const { path } = issue;
  const actual = valueAt(value, path);
  // No branch has this value of the key that tells them apart.
  const kinds = actual === undefined ? [] : literalsAt(schema, path);
  if (issue.errors.length === 0 && kinds.length > 1) return findingOf(schema, { ...issue, code: 'invalid_value', values: kinds }, value);
  const branches = issue.errors.filter((errors) => !errors.some((error) => error.code === 'invalid_type' && error.path.length === 0));
  // The branch that gets furthest is the one that was meant.
  const [best] = [...branches].sort(
    (a, b) => a.length - b.length || Math.max(...b.map((e) => e.path.length)) - Math.max(...a.map((e) => e.path.length)),
  );
  if (best !== undefined) return best.flatMap((error) => findingOf(schema, { ...error, path: [...path, ...error.path] }, value));
  const expected = [
    ...new Set(issue.errors.flatMap((errors) => errors.map((error) => (error.code === 'invalid_type' ? kindWords(error.expected) : error.message)))),
  ];
  const missing = actual === undefined && path.length > 0;
  return [
    {
      path: missing ? path.slice(0, -1) : path,
      onKey: missing,
      message: missing ? `${name} is missing` : `${name} is ${kindOf(actual)}`,
      expected: expected.length === 0 ? describe(schema, path) : expected.join(' or '),
      secret: false,
    },
  ];
}

/** The names a schema knows at a path. */
function keysAt(schema: Schema, path: Path): string[] {
  return [...new Set(schemasAt([schema], path).flatMap((found) => ('shape' in found._zod.def ? Object.keys(found._zod.def.shape as object) : [])))];
}

/** The single values that a schema knows at a path. */
const literalsAt = (schema: Schema, path: Path): z.core.util.Literal[] =>
  schemasAt([schema], path).flatMap(({ _zod: { def } }) =>
    def.type === 'literal' ? (def as z.core.$ZodLiteralDef<z.core.util.Literal>).values : [],
  );

function describe(schema: Schema, path: Path): string | undefined {
  for (const found of schemasAt([schema], path)) {
    const { type } = found._zod.def;
    if (type === 'enum') return `one of ${Object.values((found as z.core.$ZodEnum)._zod.def.entries).join(', ')}`;
    if (type === 'literal') return (found as z.core.$ZodLiteral)._zod.def.values.map(String).join(' or ');
    if (kindWords(type) !== type) return kindWords(type);
  }
  return undefined;
}

/** All schemas that may apply at a path: unions give several. */
function schemasAt(schemas: readonly Schema[], path: Path): Schema[] {
  const open = schemas.flatMap((schema) => unwrap(schema, 0));
  const [head, ...rest] = path;
  if (head === undefined) return open;
  const next = open.flatMap((schema): Schema[] => {
    const def = (schema as z.core.$ZodTypes)._zod.def;
    if (def.type === 'object') {
      const field = def.shape[String(head)];
      return field === undefined ? [] : [field];
    }
    if (def.type === 'record') return [def.valueType];
    if (def.type === 'array') return [def.element];
    return [];
  });
  return schemasAt(next, rest);
}

function unwrap(schema: Schema, depth: number): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (depth > 20) return [];
  if (def.type === 'union') return def.options.flatMap((option) => unwrap(option, depth + 1));
  if (def.type === 'lazy') return unwrap(def.getter(), depth + 1);
  if (def.type === 'pipe') return unwrap(def.in, depth + 1);
  if (def.type === 'intersection') return [...unwrap(def.left, depth + 1), ...unwrap(def.right, depth + 1)];
  if ('innerType' in def) return unwrap(def.innerType, depth + 1);
  return [schema];
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return kindWords(typeof value);
}
