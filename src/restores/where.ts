import { compileExpression, RunbackError } from '../lib/index.js';
import { put, type ObjectSchema, type Value } from '../records/index.js';
import type { DecideContext } from './decide-context.js';
import type { RecordSides } from './types.js';

/**
 * Compiles the `where` filter of a plan: CEL over `object`, `key`, `field` (empty for a whole record) and the maps `base`, `damaged` and
 * `live`, in which every field of the schema has a value, null where it holds nothing. Throws `expression-invalid`.
 */
export function compileWhere(source: string | undefined): ((schema: ObjectSchema) => NonNullable<DecideContext['where']>) | undefined {
  if (source === undefined) return undefined;
  const side = 'map<string, dyn>';
  const expression = compileExpression(source, { object: 'string', key: 'string', field: 'string', base: side, damaged: side, live: side });
  return (schema) => {
    const empty: Record<string, Value> = {};
    for (const field of schema.fields) put(empty, field.name, null);
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
      throw new RunbackError('expression-invalid', 'The filter does not say yes or no', {
        why: `${source} gave ${JSON.stringify(result)} for ${object} ${key}.`,
        state: 'Nothing was written.',
        next: 'Write --where as a condition, for example: base.city != damaged.city',
      });
    };
  };
}
