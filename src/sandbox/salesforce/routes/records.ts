import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { attributesOf } from '../soql/run.js';
import type { Sent } from '../state/draft.js';
import { msOf, type StoredRecord } from '../state/record.js';
import { type ApiContext, askedOf, on, type Request, type SalesforceRoute, writerOf } from './route.js';
import { saved, upsertBy, valueOfKey } from './upsert.js';

/** One record at a time. */
export function recordRoutes(context: ApiContext): readonly SalesforceRoute[] {
  const { org } = context;
  const one = '/sobjects/([^/]+)/([^/]+)';
  const byKey = '/sobjects/([^/]+)/([^/]+)/([^/]*)';
  const manner = (request: Request) => ({ writer: writerOf(context, request), form: 'json' }) as const;
  /** The record with a value, or the addresses of those that have it. */
  const byValue = (object: ObjectType, name: string, value: string, version: string): StoredRecord | ApiAnswer => {
    const ids = valueOfKey(org, object, name, value);
    return ids.length > 1 ? choices(object, ids, version) : org.held(object, ids[0] ?? '');
  };
  return [
    on('POST', '/sobjects/([^/]+)', (request, _, name = '') => {
      const { id } = org.create(org.schema.get(name), sentOf(request), manner(request));
      return { status: 201, body: saved(id), headers: { Location: `${request.path}/${id}` } };
    }),
    on('GET', one, (request, version, name = '', id = '') => {
      const object = org.schema.get(name);
      const held = org.held(object, id);
      const since = dateOf(request.headers['if-modified-since']);
      if (since !== undefined && modifiedAt(held) <= since) return { status: 304 };
      unmodified(request, held);
      return { status: 200, body: presentRecord(context, object, held, version, fieldsAsked(request)) };
    }),
    on('PATCH', one, (request, _, name = '', id = '') => {
      const object = org.schema.get(name);
      unmodified(request, org.held(object, id));
      org.update(object, org.held(object, id).id, sentOf(request), manner(request));
      return { status: 204 };
    }),
    on('DELETE', one, (request, _, name = '', id = '') => {
      org.bin.remove(org.schema.get(name), id, writerOf(context, request));
      return { status: 204 };
    }),
    on('GET', byKey, (request, version, name = '', key = '', value = '') => {
      const object = org.schema.get(name);
      const found = byValue(object, key, value, version);
      if ('status' in found) return found;
      return { status: 200, body: presentRecord(context, object, found, version, fieldsAsked(request)) };
    }),
    on('PATCH', byKey, (request, version, name = '', key = '', value = '') => {
      const object = org.schema.get(name);
      const sent = sentOf(request);
      if (Object.keys(sent).some((each) => each.toLowerCase() === key.toLowerCase()))
        throw new ApiFailure(400, 'INVALID_FIELD', `The ${key} field should not be specified in the sobject data.`, [key]);
      if (key.toLowerCase() === 'id') {
        org.update(object, org.held(object, value).id, sent, manner(request));
        return { status: 204 };
      }
      const done = upsertBy(org, object, key, value, sent, manner(request));
      if ('choices' in done) return choices(object, done.choices, version);
      return { status: done.created ? 201 : 200, body: { ...saved(done.id), created: done.created } };
    }),
    on('DELETE', byKey, (request, version, name = '', key = '', value = '') => {
      const object = org.schema.get(name);
      const found = byValue(object, key, value, version);
      if ('status' in found) return found;
      org.bin.remove(object, found.id, writerOf(context, request));
      return { status: 204 };
    }),
  ];
}

/** A record with the fields that were asked for, or all that are seen. */
export function presentRecord(
  context: ApiContext,
  object: ObjectType,
  record: StoredRecord,
  version: string,
  asked: readonly string[] | undefined,
): Readonly<Record<string, unknown>> {
  const { reader } = askedOf(context, false);
  const fields = asked
    ? asked.map((name) => reader.resolve(object, [name], `SELECT ${asked.join(',')} FROM ${object.name}`, 0).field)
    : [...object.fields.values()].filter(({ name }) => context.org.sees(object.name, name));
  const values = fields.map((field) => [field.name, reader.value(object, record, field)] as const);
  return { attributes: attributesOf(object.name, record.id, version), ...Object.fromEntries(values), ...(asked && { Id: record.id }) };
}

/** A body that holds the fields of a record. */
function sentOf({ body }: Request): Sent {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Sent;
  throw new ApiFailure(400, 'JSON_PARSER_ERROR', 'The HTTP entity body is required, but this request has no entity body.');
}

const fieldsAsked = ({ query }: Request): readonly string[] | undefined =>
  query
    .get('fields')
    ?.split(',')
    .map((each) => each.trim());

/** Throws 412 for a record that changed since the time that the request names. */
function unmodified({ headers }: Request, held: StoredRecord): void {
  const since = dateOf(headers['if-unmodified-since']);
  if (since !== undefined && modifiedAt(held) > since)
    throw new ApiFailure(412, 'PRECONDITION_FAILED', 'The record was modified after the date of If-Unmodified-Since');
}

const modifiedAt = ({ values }: StoredRecord): number => msOf(String(values.LastModifiedDate ?? values.SystemModstamp));

function dateOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const at = Date.parse(header);
  if (Number.isNaN(at)) throw new ApiFailure(400, 'BAD_REQUEST', `Invalid date in a conditional request: ${header}`);
  return at;
}

/** Several records have the value that one was asked for by. */
const choices = (object: ObjectType, ids: readonly string[], version: string): ApiAnswer => ({
  status: 300,
  body: ids.map((id) => attributesOf(object.name, id, version).url),
});
