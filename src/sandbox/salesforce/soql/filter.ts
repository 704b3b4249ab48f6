import { ApiFailure } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { wideId } from '../state/ids.js';
import type { Scalar, StoredRecord } from '../state/record.js';
import type { Condition, Literal, Path, Query } from './ast.js';
import { comparison, includes } from './compare.js';
import type { Reader, Resolved } from './reader.js';

export type Predicate = (record: StoredRecord) => boolean;

/** What a condition is read with. */
export interface Filtering {
  readonly reader: Reader;
  readonly object: ObjectType;
  readonly text: string;
  readonly now: number;
  /** The values that a query inside of a condition gives. */
  inner(query: Query): ReadonlySet<Scalar>;
}

/** A condition as a function. Throws INVALID_FIELD and the like for what does not fit the object. */
export function predicateOf(condition: Condition, context: Filtering): Predicate {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const all = condition.all.map((each) => predicateOf(each, context));
      return condition.kind === 'and' ? (record) => all.every((holds) => holds(record)) : (record) => all.some((holds) => holds(record));
    }
    case 'not': {
      const holds = predicateOf(condition.of, context);
      return (record) => !holds(record);
    }
    case 'compare': {
      const { resolved, value } = found(condition.path, context);
      const holds = comparison(resolved.field, condition.by, condition.to, context.now);
      return (record) => holds(value(record));
    }
    case 'in': {
      const { resolved, value } = found(condition.path, context);
      const values = wantedValues(resolved, condition.values);
      if (values) return (record) => values.has(folded(resolved, value(record))) !== condition.negated;
      const holds = condition.values.map((each) => comparison(resolved.field, '=', each, context.now));
      return (record) => holds.some((each) => each(value(record))) !== condition.negated;
    }
    case 'in-query': {
      const { value } = found(condition.path, context);
      const values = context.inner(condition.query);
      return (record) => {
        const held = value(record);
        return (held !== null && values.has(held)) !== condition.negated;
      };
    }
    case 'includes': {
      const { resolved, value } = found(condition.path, context);
      const holds = includes(resolved.field, condition.values);
      return (record) => holds(value(record)) !== condition.negated;
    }
    default:
      return condition satisfies never;
  }
}

/** The ids that a condition allows at most, where it says so at its top: reading these is reading all. */
export function idsOf(condition: Condition | undefined): readonly string[] | undefined {
  if (condition?.kind === 'and') return condition.all.map(idsOf).find((ids) => ids !== undefined);
  const isOnId = condition && 'path' in condition && condition.path.names.length === 1 && condition.path.names[0]?.toLowerCase() === 'id';
  if (!isOnId) return undefined;
  const values =
    condition.kind === 'in' && !condition.negated
      ? condition.values
      : condition.kind === 'compare' && condition.by === '='
        ? [condition.to]
        : undefined;
  if (!values) return undefined;
  const ids = values.map((each) => (each.kind === 'text' ? wideId(each.value) : undefined));
  return ids.every((id) => id !== undefined) ? [...new Set(ids)] : undefined;
}

function found(
  { names, at }: Path,
  { reader, object, text }: Filtering,
): { readonly resolved: Resolved; readonly value: (record: StoredRecord) => Scalar | null } {
  const resolved = reader.resolve(object, names, text, at);
  return { resolved, value: (record) => reader.plain(object, record, resolved) };
}

/** Many texts at once, as a set; undefined where they are to be compared one by one. */
function wantedValues({ field }: Resolved, values: readonly Literal[]): ReadonlySet<Scalar | null> | undefined {
  const isId = field.type === 'id' || field.type === 'reference';
  if (field.longText || ['boolean', 'int', 'double', 'currency', 'percent', 'date', 'datetime', 'address'].includes(field.type)) return undefined;
  if (!values.every((each) => each.kind === 'text' || each.kind === 'null')) return undefined;
  return new Set(
    values.map((each) => {
      if (each.kind !== 'text' || each.value === '') return null;
      const id = isId ? wideId(each.value) : undefined;
      if (isId && id === undefined) throw new ApiFailure(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${each.value}`);
      return isId ? (id ?? null) : field.caseSensitive ? each.value : each.value.toLowerCase();
    }),
  );
}

const folded = ({ field }: Resolved, value: Scalar | null): Scalar | null =>
  typeof value !== 'string' || field.caseSensitive || field.type === 'id' || field.type === 'reference' ? value : value.toLowerCase();
