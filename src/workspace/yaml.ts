import { type Document, LineCounter, isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

import { expectedWords, type RunbackError, messageOf } from '../lib/index.js';
import { type Position, type Problem, fileInvalid, positionOf } from './problems.js';
import { findingsOf } from './schema-words.js';
import { outOfBounds } from './yaml-bounds.js';

/** Keys and list indexes from the top of a file to a value. */
export type YamlPath = readonly PropertyKey[];

/** A problem that a later check found at a path. */
export interface PathProblem {
  readonly path: YamlPath;
  /** The key itself is wrong, not its value. */
  readonly onKey?: boolean;
  readonly message: string;
  readonly expected?: string | undefined;
  readonly secret?: boolean;
}

/** A YAML file that fits its schema. */
export interface YamlFile<T> {
  readonly value: T;
  /** Where the value at a path stands; where there is none, the nearest one around it. */
  at(path: YamlPath): Position;
  /** The error for problems that only a look at the whole shows (references, expressions). See {@link fileInvalid}. */
  invalid(problems: readonly PathProblem[]): RunbackError;
}

/** More are not looked for: finding the place of each costs time, and hostile files have very many. */
const MAX_PROBLEMS = 100;

/**
 * Parses YAML and checks it. Throws `file-invalid` (or `secret-literal`) with all problems of the file: place, line,
 * what was expected, nearest word. Bounded in size, depth and time for any input; aliases are refused, keys are unique.
 * @param fileName as people should see it, relative where possible.
 * @param check finds problems that a schema cannot (references). It is given the unchecked data, so that all problems
 * of
 *   a file are told at once, and must cope with anything.
 * @param isRecorded the text is one that was taken before: what an earlier version read is read as it was.
 */
export function parseYaml<T>(
  text: string,
  fileName: string,
  schema: z.ZodType<T>,
  check: (raw: unknown) => Iterable<PathProblem> = () => [],
  { isRecorded = false }: { readonly isRecorded?: boolean } = {},
): YamlFile<T> {
  const counter = new LineCounter();
  const bounds = outOfBounds(text);
  if (bounds !== undefined) {
    for (let at = text.indexOf('\n'); at !== -1 && at < bounds.offset; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1);
    counter.lineStarts.unshift(0);
    throw fileInvalid(fileName, text, [{ ...positionOf(counter, bounds.offset), message: bounds.message, expected: bounds.expected }]);
  }
  const document = parse(text, fileName, counter);
  const problems = problemsOf(document, counter, isRecorded);
  if (problems.length > 0) throw fileInvalid(fileName, text, problems);
  const raw: unknown = document.toJS({ maxAliasCount: 0 });
  const toProblem = ({ path, onKey, message, expected, secret }: PathProblem): Problem => ({
    ...positionOf(counter, offsetOf(document, path, onKey ?? false)),
    message,
    expected,
    secret: secret ?? false,
    hidden: path.includes('credentials'),
  });
  const result = schema.safeParse(raw, { error: expectedWords });
  const found: PathProblem[] = result.success ? [] : findingsOf(schema, result.error.issues.slice(0, MAX_PROBLEMS), raw);
  for (const problem of check(raw)) {
    if (found.length >= 2 * MAX_PROBLEMS) break;
    found.push(problem);
  }
  if (!result.success || found.length > 0) throw fileInvalid(fileName, text, found.map(toProblem));
  return {
    value: result.data,
    at: (path) => positionOf(counter, offsetOf(document, path, false)),
    invalid: (later) => fileInvalid(fileName, text, later.map(toProblem)),
  };
}

function parse(text: string, fileName: string, counter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter: counter, uniqueKeys: false, prettyErrors: false, logLevel: 'error', stringKeys: false });
  } catch (error) {
    throw fileInvalid(fileName, text, [{ line: 1, column: 1, message: `this is not YAML: ${messageOf(error)}` }]);
  }
}

function problemsOf(document: Document.Parsed, counter: LineCounter, isRecorded: boolean): Problem[] {
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...positionOf(counter, error.pos[0]),
    message: error.code === 'TAB_AS_INDENT' ? 'there is a tab where YAML needs spaces' : lowerFirst(error.message),
    expected: error.code === 'TAB_AS_INDENT' ? 'spaces' : undefined,
  }));
  // What follows a tab follows from it.
  const tab = document.errors.findIndex((error) => error.code === 'TAB_AS_INDENT');
  if (problems.length > 0) return tab < 0 ? problems : problems.slice(0, tab + 1);
  visit(document, {
    Alias: (_, node) => {
      problems.push({
        ...positionOf(counter, node.range?.[0] ?? 0),
        message: `the alias *${node.source} is not allowed`,
        expected: 'the value itself',
      });
    },
    Scalar: (_, { value, source, range }) => {
      // An option, a postal code, a number to call: its zeros would be lost without a word.
      if (!isRecorded && typeof value === 'number' && source !== undefined && /^[-+]?0\d/u.test(source))
        problems.push({
          ...positionOf(counter, range?.[0] ?? 0),
          message: `${source} is read as the number ${value}`,
          expected: `'${source}', in quotes, or ${value}`,
        });
    },
    Map: (_, node) => {
      const seen = new Map<unknown, number>();
      for (const { key } of node.items) {
        const offset = (isScalar(key) || isCollection(key) || isAlias(key) ? key.range?.[0] : undefined) ?? 0;
        if (!isScalar(key)) {
          problems.push({ ...positionOf(counter, offset), message: 'a list or group cannot be a key', expected: 'a word' });
          continue;
        }
        // What is put under this name is lost wherever values are copied by name.
        if (String(key.value) === '__proto__')
          problems.push({ ...positionOf(counter, offset), message: '"__proto__" cannot be a name', expected: 'another word' });
        const earlier = seen.get(String(key.value));
        if (earlier !== undefined)
          problems.push({
            ...positionOf(counter, offset),
            message: `the key "${String(key.value)}" is here twice`,
            expected: `it once; the first is on line ${positionOf(counter, earlier).line}`,
          });
        else seen.set(String(key.value), offset);
      }
    },
  });
  return problems;
}

/** Offset of the value (or key) at a path, or of the nearest thing around it. */
function offsetOf(document: Document.Parsed, path: YamlPath, onKey: boolean): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      const keyOffset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
      const valueOffset = isNodeWithRange(node) ? node.range[0] : keyOffset;
      offset = (last && onKey) || !last ? keyOffset : valueOffset;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNodeWithRange(node)) return offset;
      offset = node.range[0];
    } else return offset;
  }
  return offset;
}

function isNodeWithRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
