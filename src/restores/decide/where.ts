import { compileExpression, didYouMean, RunbackError, type Expression } from '../../lib/index.js';
import { setOwn, watchedFields, type ObjectSchema, type Value } from '../../records/index.js';
import type { RecordSides } from '../types.js';
import type { DecideContext } from './context.js';

const SIDES = ['base', 'damaged', 'live'] as const;
const EXAMPLE = 'Write it as a condition, for example: base.city != damaged.city';

/**
 * Compiles the `where` filter of a plan: CEL over `object`, `key`, `field` (empty for a whole record) and the maps
 * `base`, `damaged` and `live`, in which every field has a value, null where it holds nothing. Throws
 * `expression-invalid`.
 */
export function compileWhere(source: string | undefined): ((schema: ObjectSchema) => NonNullable<DecideContext['where']>) | undefined {
  if (source === undefined) return undefined;
  const expression = compiled(source);
  return (schema) => {
    const empty: Record<string, Value> = {};
    // A field of another object type holds nothing here; one that no object type has was refused before.
    for (const name of [...schema.fields.map((field) => field.name), ...fieldsIn(expression)]) setOwn(empty, name, null);
    return (field: string, sides: RecordSides) => {
      const { object, key, base, damaged, live } = sides;
      const result = expression.evaluate({
        object,
        key,
        field,
        base: { ...empty, ...base },
        damaged: { ...empty, ...damaged },
        live: { ...empty, ...live },
      });
      if (typeof result === 'boolean') return result;
      throw noCondition(`${source} gave ${JSON.stringify(result)} for ${object} ${key}.`);
    };
  };
}

/** Fields that a `where` filter goes by. */
export function fieldsOfWhere(source: string | undefined): readonly string[] {
  return source === undefined ? [] : fieldsIn(compiled(source));
}

/**
 * Checks a `where` filter before anything is read for it: its form, that it says yes or no, and, where object types are
 * given, that every field and object type it names is one of theirs. Throws `expression-invalid`.
 */
export function checkWhere(source: string, schemas?: readonly ObjectSchema[]): void {
  const expression = compiled(source);
  if (expression.type !== 'bool' && expression.type !== 'dyn') throw noCondition(`${source} gives ${expression.type}.`);
  if (schemas === undefined) return;
  const fields = new Set(schemas.flatMap((schema) => schema.fields.map((field) => field.name)));
  const objects = new Set(schemas.map((schema) => schema.object));
  // What cannot be written is not compared, so that an expression would find nothing there, whatever the records hold.
  const compared = new Set(
    schemas.flatMap((schema) => [...schema.fields.filter(({ readOnly }) => !readOnly), ...watchedFields(schema)].map(({ name }) => name)),
  );
  for (const name of fieldsIn(expression)) {
    if (!fields.has(name)) throw unknown(source, 'field', name, fields);
    if (!compared.has(name)) throw unknown(source, 'field', name, compared, 'cannot be written, so a plan does not use it');
  }
  for (const { of, text } of expression.texts) {
    if (of === 'field' && text !== '' && !fields.has(text)) throw unknown(source, 'field', text, fields);
    if (of === 'object' && !objects.has(text)) throw unknown(source, 'object type', text, objects);
  }
}

function compiled(source: string): Expression {
  const side = 'map<string, dyn>';
  return compileExpression(source, { object: 'string', key: 'string', field: 'string', base: side, damaged: side, live: side });
}

/** Fields that an expression reads of any side. */
function fieldsIn({ references, texts }: Expression): readonly string[] {
  const isSide = (name: string | undefined): boolean => SIDES.some((side) => side === name);
  const read = references.flatMap((reference) => {
    const dot = reference.indexOf('.');
    return dot === -1 || !isSide(reference.slice(0, dot)) ? [] : [reference.slice(dot + 1)];
  });
  return [...read, ...texts.filter(({ of }) => isSide(of)).map(({ text }) => text)];
}

function noCondition(why: string): RunbackError {
  return new RunbackError('expression-invalid', 'The filter does not say yes or no', { why, state: 'Nothing was written.', next: EXAMPLE });
}

function unknown(source: string, what: string, name: string, known: ReadonlySet<string>, why = 'is not there'): RunbackError {
  return new RunbackError(
    'expression-invalid',
    `The filter ${source} names ${what === 'field' ? 'a' : 'an'} ${what} that ${why}: ${name}${didYouMean(name, known)}`,
    {
      why: `There are ${[...known].sort().slice(0, 40).join(', ')}${known.size > 40 ? ', …' : ''}.`,
      state: 'Nothing was written.',
      next: EXAMPLE,
    },
  );
}
