import { compileExpression, type Expression, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Fields, FieldSchema, ObjectSchema, Value } from '../../records/index.js';

/** A part of a condition that is true or false by itself: `score > 50`. */
export interface ConditionPart {
  readonly source: string;
  readonly fields: readonly FieldSchema[];
  readonly literals: readonly (string | number | boolean | null)[];
  holds(values: Fields): boolean;
}

/** When something should fire. Pure. */
export interface Condition {
  readonly source: string;
  /** Those it reads, in the order of their names. */
  readonly fields: readonly FieldSchema[];
  readonly parts: readonly ConditionPart[];
  /** What it cannot be decided of, such as an empty value that is compared with a number, is not true. */
  holds(values: Fields): boolean;
}

/** Reads a condition over fields of an object type. Throws `expression-invalid`, and `usage` where it cannot be true or false. */
export function conditionOf(source: string, { object, fields }: Pick<ObjectSchema, 'object' | 'fields'>): Condition {
  const variables = Object.fromEntries(fields.filter(({ name }) => /^[A-Za-z_]\w*$/u.test(name)).map(({ name }) => [name, 'dyn' as const]));
  const compiled = compileExpression(source, variables);
  const named = (names: readonly string[]): readonly FieldSchema[] =>
    [...new Set(names.map((name) => name.split('.')[0] ?? ''))].sort().flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const own = named(compiled.references);
  if (!['bool', 'dyn'].includes(compiled.type) || own.length === 0)
    throw new RunbackError('usage', `The condition ${source} is not about fields of ${object}`, {
      why: own.length === 0 ? 'It names none of them.' : `It gives ${compiled.type}, and has to be true or false.`,
      state: 'Nothing was written.',
    });
  const parts = compiled.parts.map((part): ConditionPart => {
    const expression = compileExpression(part.source, variables);
    return { source: part.source, fields: named(part.references), literals: part.literals, holds: (values) => isTrue(expression, own, values) };
  });
  return { source, fields: own, parts: parts.filter((part) => part.fields.length > 0), holds: (values) => isTrue(compiled, own, values) };
}

function isTrue(expression: Expression, fields: readonly FieldSchema[], values: Fields): boolean {
  try {
    return expression.evaluate(Object.fromEntries(fields.map((field) => [field.name, celValue(field, values[field.name])]))) === true;
  } catch (error) {
    if (isRunbackError(error, 'expression-invalid')) return false;
    throw error;
  }
}

/** A decimal is a text with every digit in records, and a number in conditions. */
function celValue({ type }: FieldSchema, value: Value | undefined): unknown {
  if (value === undefined || value === null || value === '') return null;
  const isNumber = (type === 'number' || type === 'integer') && typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value));
  return isNumber ? Number(value) : value;
}
