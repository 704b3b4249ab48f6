import { ApiFailure, malformedQuery } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Schema } from '../schema/schema.js';
import { msOf, type Scalar, type StoredRecord } from '../state/record.js';
import type { Tables } from '../state/tables.js';
import type { Query, Sorting } from './ast.js';
import { idsOf, predicateOf } from './filter.js';
import type { Reader, Resolved } from './reader.js';

const MOST_OFFSET = 2000;

/** What queries are asked of. */
export interface Asked {
  readonly schema: Schema;
  readonly tables: Tables;
  readonly reader: Reader;
  readonly now: number;
  /** With what is in the recycle bin. */
  readonly deletedToo: boolean;
  /** What a query shows of a record just now: undefined where its transaction has not ended yet. */
  readonly seen?: (object: ObjectType, record: StoredRecord) => StoredRecord | undefined;
}

/** The records of a query, in order, and what is told of each. */
export interface Result {
  readonly object: ObjectType;
  readonly records: readonly StoredRecord[];
  readonly columns: readonly Column[];
}

/** A field of the object or over references, or the children of a relationship. */
export type Column =
  | { readonly kind: 'field'; readonly resolved: Resolved }
  | { readonly kind: 'children'; readonly name: string; readonly of: (record: StoredRecord) => Result };

/** Runs a query. Throws what Salesforce says of one that does not fit the account. */
export function runQuery(query: Query, asked: Asked): Result {
  const name = query.from.names.join('.');
  const object = asked.schema.find(name);
  if (!object)
    throw new ApiFailure(
      400,
      'INVALID_TYPE',
      `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  const ids = idsOf(query.where);
  const candidates = ids ? ids.flatMap((id) => asked.tables.get(object, id) ?? []) : asked.tables.all(object);
  return { object, ...chosen(query, object, kept(object, seenOf(object, candidates, asked), asked), asked) };
}

function* seenOf(object: ObjectType, candidates: Iterable<StoredRecord>, { seen }: Asked): Iterable<StoredRecord> {
  for (const record of candidates) {
    const shown = seen === undefined ? record : seen(object, record);
    if (shown !== undefined) yield shown;
  }
}

/** History is told for 18 months, and to those who ask for what was deleted for 24. */
function* kept(object: ObjectType, candidates: Iterable<StoredRecord>, { now, deletedToo }: Asked): Iterable<StoredRecord> {
  const oldest = new Date(now);
  oldest.setUTCMonth(oldest.getUTCMonth() - (deletedToo ? 24 : 18));
  const isHistory = !object.business && object.fields.has('OldValue');
  for (const record of candidates) if (!isHistory || msOf(String(record.values.CreatedDate)) >= oldest.getTime()) yield record;
}

function chosen(query: Query, object: ObjectType, candidates: Iterable<StoredRecord>, asked: Asked): Omit<Result, 'object'> {
  const columns = columnsOf(query, object, asked);
  if (query.offset > MOST_OFFSET) throw new ApiFailure(400, 'NUMBER_OUTSIDE_VALID_RANGE', `Maximum SOQL offset allowed is ${MOST_OFFSET}`);
  const holds =
    query.where &&
    predicateOf(query.where, { reader: asked.reader, object, text: query.text, now: asked.now, inner: (inner) => innerValues(inner, asked) });
  const compare = orderOf(query.orderBy, object, query.text, asked.reader);
  const found: StoredRecord[] = [];
  for (const record of candidates) if (isShown(object, record, asked) && (!holds || holds(record))) found.push(record);
  if (compare) found.sort(compare);
  const end = query.limit === undefined ? undefined : query.offset + query.limit;
  return { columns, records: found.slice(query.offset, end) };
}

/** A query shows neither what is in the recycle bin nor activities that are archived, unless it asks for all. */
function isShown({ name }: ObjectType, { deletion, values }: StoredRecord, { deletedToo }: Asked): boolean {
  return deletedToo || (deletion === undefined && !(name === 'Task' && values.IsArchived === true));
}

function columnsOf(query: Query, object: ObjectType, asked: Asked): readonly Column[] {
  return query.select.flatMap((each): readonly Column[] => {
    if (each.kind === 'field') return [{ kind: 'field', resolved: asked.reader.resolve(object, each.path.names, query.text, each.path.at) }];
    if (each.kind === 'children') return [childrenColumn(each.query, object, asked)];
    if (query.limit === undefined || query.limit > 200) throw malformedQuery('The SOQL FIELDS function must have a LIMIT of at most 200');
    return [...object.fields.values()]
      .filter(({ custom }) => each.which === 'ALL' || custom === (each.which === 'CUSTOM'))
      .flatMap(({ name }): readonly Column[] => {
        try {
          return [{ kind: 'field', resolved: asked.reader.resolve(object, [name], query.text, 0) }];
        } catch {
          return [];
        }
      });
  });
}

function childrenColumn(query: Query, object: ObjectType, asked: Asked): Column {
  const name = query.from.names[0] ?? '';
  const relation = asked.schema.childrenOf(object.name).find(({ field }) => field.childRelationshipName?.toLowerCase() === name.toLowerCase());
  if (!relation)
    throw new ApiFailure(
      400,
      'INVALID_TYPE',
      `Didn't understand relationship '${name}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  const { child, field } = relation;
  chosen(query, child, [], asked);
  return {
    kind: 'children',
    name: field.childRelationshipName ?? name,
    of: (parent) => {
      const own = asked.deletedToo
        ? [...asked.tables.all(child)].filter(({ values }) => values[field.name] === parent.id)
        : asked.tables.byValue(child, field.name, parent.id).flatMap((id) => asked.tables.get(child, id) ?? []);
      return { object: child, ...chosen(query, child, own, asked) };
    },
  };
}

function innerValues(query: Query, asked: Asked): ReadonlySet<Scalar> {
  const { object, records, columns } = runQuery(query, asked);
  const [column] = columns;
  if (column?.kind !== 'field' || columns.length > 1) throw malformedQuery('Nesting of semi join sub-selects is not supported');
  return new Set(records.flatMap((record) => asked.reader.plain(object, record, column.resolved) ?? []));
}

/** Empty values come first, unless it is said otherwise; texts are ordered in any case, ids by their characters. */
function orderOf(
  sortings: readonly Sorting[],
  object: ObjectType,
  text: string,
  reader: Reader,
): ((a: StoredRecord, b: StoredRecord) => number) | undefined {
  if (sortings.length === 0) return undefined;
  const keys = sortings.map(({ path, descending, nullsLast }) => {
    const resolved = reader.resolve(object, path.names, text, path.at);
    const { field } = resolved;
    if (field.longText || field.type === 'address') throw malformedQuery(`field '${field.name}' can not be sorted in a query call`);
    const isId = field.type === 'id' || field.type === 'reference';
    const key = (record: StoredRecord): Scalar | null => {
      const value = reader.plain(object, record, resolved);
      return typeof value === 'string' && !isId ? value.toLowerCase() : value;
    };
    return { key, sign: descending ? -1 : 1, nulls: nullsLast ? 1 : -1 };
  });
  return (a, b) => {
    for (const { key, sign, nulls } of keys) {
      const [one, other] = [key(a), key(b)];
      if (one === other) continue;
      if (one === null || other === null) return one === null ? nulls : -nulls;
      return one < other ? -sign : sign;
    }
    return 0;
  };
}

/** A record as a query tells it. */
export function presentRow({ object, columns }: Result, record: StoredRecord, asked: Asked, version: string): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = { attributes: attributesOf(object.name, record.id, version) };
  for (const column of columns) {
    if (column.kind === 'children') {
      const result = column.of(record);
      const records = result.records.map((each) => presentRow(result, each, asked, version));
      row[column.name] = records.length === 0 ? null : { totalSize: records.length, done: true, records };
      continue;
    }
    presentField(row, object, record, column.resolved, asked, version);
  }
  return row;
}

function presentField(
  row: Record<string, unknown>,
  object: ObjectType,
  record: StoredRecord,
  { relations, field, names }: Resolved,
  asked: Asked,
  version: string,
): void {
  let into = row;
  for (const [depth, relation] of relations.entries()) {
    const name = names[depth] ?? relation.name;
    const end = asked.reader.follow(object, record, relations.slice(0, depth + 1));
    if (!end) {
      into[name] ??= null;
      return;
    }
    into = (into[name] ??= { attributes: attributesOf(end.object.name, end.record.id, version) }) as Record<string, unknown>;
  }
  const end = asked.reader.follow(object, record, relations);
  const own = end?.object.fields.get(field.name);
  into[field.name] = end && own ? asked.reader.value(end.object, end.record, own) : null;
}

export const attributesOf = (object: string, id: string, version: string): { readonly type: string; readonly url: string } => ({
  type: object,
  url: `/services/data/v${version}/sobjects/${object}/${id}`,
});
