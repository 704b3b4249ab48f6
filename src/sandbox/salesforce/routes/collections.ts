import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, invalidCrossReference, jsonParserError, refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { wideId } from '../state/ids.js';
import type { Manner } from '../state/org.js';
import { said } from '../state/text.js';
import { presentRecord } from './records.js';
import { type ApiContext, on, type Request, type SalesforceRoute, writerOf } from './route.js';
import { saved, upsertBy } from './upsert.js';

const MOST = 200;
const MOST_READ = 2000;
const MOST_CHUNKS = 10;
/** What turning JSON into records finds out: the request as a whole is no good. */
const WHOLE = new Set(['JSON_PARSER_ERROR', 'INVALID_FIELD']);

/** What became of one record: an id only where it was written. */
export type RowResult =
  | { readonly id: string; readonly success: true; readonly errors: readonly []; readonly created?: boolean }
  | { readonly success: false; readonly errors: readonly RowError[] };

interface RowError {
  readonly statusCode: string;
  readonly message: string;
  readonly fields: readonly string[];
}

interface Collection {
  readonly allOrNone: boolean;
  readonly records: readonly Row[];
}
type Row = Readonly<Record<string, unknown>> & { readonly attributes?: { readonly type?: string } };

/** Up to 200 records in one request, answered in their order. */
export function collectionRoutes(context: ApiContext): readonly SalesforceRoute[] {
  const { org } = context;
  const manner = (request: Request): Manner => ({ writer: writerOf(context, request), form: 'json' });
  const typed = (row: Row): ObjectType => {
    const type = row.attributes?.type;
    const object = type === undefined ? undefined : org.schema.find(type);
    if (!object) throw refused('INVALID_TYPE', `sObject type '${type ?? ''}' is not supported.`);
    return object;
  };
  const read = (request: Request, version: string, name: string, ids: readonly string[], fields: readonly string[]): ApiAnswer => {
    if (ids.length > MOST_READ) throw tooMany(MOST_READ);
    const object = org.schema.get(name);
    const found = ids.map((id) => {
      const wide = wideId(id);
      const record = wide === undefined ? undefined : org.tables.live(object, wide);
      return record && !org.isHidden(record.id) ? presentRecord(context, object, record, version, fields) : null;
    });
    return { status: 200, body: found };
  };
  return [
    on('POST', '/composite/sobjects', (request) =>
      settled(context, collectionOf(request), (row) => saved(org.create(typed(row), withoutId(row, true), manner(request)).id)),
    ),
    on('PATCH', '/composite/sobjects', (request) =>
      settled(context, collectionOf(request), (row) => {
        const object = typed(row);
        const id = idOf(row);
        if (id === undefined) throw refused('MISSING_ARGUMENT', 'Id not specified in an update call', ['Id']);
        return found(() => saved(org.update(object, malformed(object, id), withoutId(row, false), manner(request)).id));
      }),
    ),
    on('DELETE', '/composite/sobjects', (request) => {
      const records = (request.query.get('ids') ?? '').split(',').map((id) => ({ id: id.trim() }));
      return settled(context, { allOrNone: request.query.get('allOrNone') === 'true', records }, ({ id }) => {
        const object = org.schema.ofId(String(id));
        if (!object) throw refused('MALFORMED_ID', `bad id ${String(id)}`);
        return found(() => {
          org.bin.remove(object, malformed(object, String(id)), writerOf(context, request));
          return saved(wideId(String(id)) ?? String(id));
        });
      });
    }),
    on('GET', '/composite/sobjects/([^/]+)', (request, version, name = '') =>
      read(request, version, name, listed(request.query.get('ids')), listed(request.query.get('fields'))),
    ),
    on(
      'POST',
      '/composite/sobjects/([^/]+)',
      (request, version, name = '') => {
        const { ids = [], fields = [] } = (request.body ?? {}) as { readonly ids?: readonly string[]; readonly fields?: readonly string[] };
        return read(request, version, name, ids, fields);
      },
      false,
    ),
    on('PATCH', '/composite/sobjects/([^/]+)/([^/]+)', (request, _, name = '', key = '') =>
      settled(context, collectionOf(request), (row) => {
        const object = typed(row);
        if (object !== org.schema.get(name)) throw refused('INVALID_TYPE', `All records must be of type ${name}`);
        const { [key]: value, ...rest } = row;
        const done = upsertBy(org, object, key, said(value), withoutId(rest, false), manner(request));
        if ('choices' in done)
          throw refused('DUPLICATE_EXTERNAL_ID', `${key}: more than one record found for external id field: [${done.choices.join(', ')}]`);
        return { ...saved(done.id), created: done.created };
      }),
    ),
  ];
}

/** Writes row by row; with `allOrNone`, nothing where one of them fails. */
function settled(context: ApiContext, { allOrNone, records }: Collection, write: (row: Row) => RowResult): ApiAnswer {
  if (records.length > MOST) throw tooMany(MOST);
  const chunks = records.filter((row, index) => row.attributes?.type !== records[index - 1]?.attributes?.type).length;
  if (chunks > MOST_CHUNKS)
    throw refused(
      'LIMIT_EXCEEDED',
      `Cannot have more than ${MOST_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking.`,
    );
  const results: RowResult[] = [];
  try {
    // What cannot be read as records at all writes none of them.
    context.org.atomically(() => {
      for (const row of records) results.push(settle(() => context.org.atomically(() => write(row))));
      if (allOrNone && results.some(({ success }) => !success)) throw new RolledBack();
    });
    return { status: 200, body: results };
  } catch (error) {
    if (error instanceof RolledBack) return { status: 200, body: results.map(rolledBack) };
    throw error;
  }
}

/** Ends a transaction that is to leave nothing behind, and is no failure of the request. */
class RolledBack extends Error {}

function settle(write: () => RowResult): RowResult {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof ApiFailure) || WHOLE.has(error.errorCode)) throw error;
    return { success: false, errors: error.body.map(({ errorCode, message, fields = [] }) => ({ statusCode: errorCode, message, fields })) };
  }
}

const rolledBack = (result: RowResult): RowResult =>
  result.success
    ? {
        success: false,
        errors: [
          {
            statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
            message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
            fields: [],
          },
        ],
      }
    : result;

/** A row names a record that is not there otherwise than a path does. */
function found(write: () => RowResult): RowResult {
  try {
    return write();
  } catch (error) {
    throw error instanceof ApiFailure && error.errorCode === 'NOT_FOUND' ? invalidCrossReference() : error;
  }
}

function malformed(object: ObjectType, id: string): string {
  const wide = wideId(id);
  if (wide === undefined || !wide.startsWith(object.keyPrefix))
    throw refused('MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, ['Id']);
  return wide;
}

function collectionOf({ body }: Request): Collection {
  const { records, allOrNone = false } = (body ?? {}) as { readonly records?: unknown; readonly allOrNone?: boolean };
  if (!Array.isArray(records)) throw jsonParserError('The request has no records');
  return { allOrNone, records: records as readonly Row[] };
}

const idOf = (row: Row): string | undefined => {
  const name = Object.keys(row).find((each) => each.toLowerCase() === 'id');
  return name === undefined || row[name] === null ? undefined : said(row[name]);
};

function withoutId(row: Row, isNew: boolean): Row {
  if (isNew && idOf(row) !== undefined) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => name.toLowerCase() !== 'id'));
}

const listed = (value: string | null): readonly string[] =>
  (value ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
const tooMany = (most: number): ApiFailure =>
  refused('EXCEEDED_ID_LIMIT', `record limit reached. cannot submit more than ${most} records into this call`);
