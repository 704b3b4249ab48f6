import { z } from 'zod';

import { ApiFailure, badRequest, recordNotFound } from '../failure.js';
import type { LinkType } from '../state/link-types.js';
import type { ObjectType } from '../state/object-type.js';
import type { StoredRecord } from '../state/record.js';
import { associationTypeInput, idInput, namesInQuery, numberInQuery, propertiesInput, readBody } from './inputs.js';
import { presenter, presentRecord, presentWritten, type Wanted } from './present.js';
import { objectScope, type ApiContext, type ApiRequest, type Route } from './route.js';

/** Both forms of the path, up to and with the object type. */
export const OBJECTS_PATH = String.raw`/crm(?:/v3/objects|/objects/(?:v3|\d{4}-\d{2}))/([^/]+)`;

const associationsInput = z.array(z.object({ to: z.object({ id: idInput }), types: z.array(associationTypeInput) })).default([]);
/** Body of a create, alone or in a batch. */
export const createInput = z.object({
  properties: propertiesInput.default({}),
  associations: associationsInput,
  objectWriteTraceId: z.string().optional(),
});

interface NewLink {
  readonly type: LinkType;
  readonly to: string;
}

/** The links a create asks for; throws HubSpot's 400 for a type or a record that does not exist. */
export function linksToMake(context: ApiContext, type: ObjectType, associations: z.infer<typeof associationsInput>): readonly NewLink[] {
  return associations.flatMap(({ to, types }) =>
    types.map(({ associationCategory, associationTypeId }) => {
      const link = context.portal.links
        .allTypes()
        .find((each) => each.from === type.name && each.typeId === associationTypeId && each.category === associationCategory);
      if (!link) throw badRequest(`Invalid association type ${associationTypeId} for ${type.name}`);
      if (!context.portal.table(context.portal.types.get(link.to)).find(to.id))
        throw badRequest(`Invalid association: ${link.to} ${to.id} does not exist`);
      return { type: link, to: to.id };
    }),
  );
}

/** The endpoints for single records, listing, merging and erasing. */
export function objectRoutes(context: ApiContext): readonly Route[] {
  const { portal } = context;
  const scopes = (right: 'read' | 'write') => (params: readonly string[]) => [objectScope(portal.types.get(params[0] ?? ''), right)];
  const path = (tail: string): RegExp => new RegExp(`^${OBJECTS_PATH}${tail}/?$`);
  const typeOf = (request: ApiRequest): ObjectType => portal.types.get(request.params[0] ?? '');
  const present = (type: ObjectType, record: StoredRecord, wanted: Wanted) => presentRecord(type, record, portal, wanted);

  return [
    {
      method: 'GET',
      pattern: path(''),
      scopes: scopes('read'),
      handle: (request) => ({ status: 200, body: listRecords(context, typeOf(request), request.query) }),
    },
    {
      method: 'POST',
      pattern: path(''),
      scopes: scopes('write'),
      handle: (request) => {
        const type = typeOf(request);
        const input = readBody(createInput, request.body);
        portal.checkCreate(type, input.properties, request.writer);
        const links = linksToMake(context, type, input.associations);
        const record = portal.create(type, input.properties, request.writer);
        for (const link of links) portal.link(link.type, record.id, link.to, request.writer);
        return { status: 201, body: presentWritten(type, record, portal, Object.keys(input.properties)) };
      },
    },
    {
      method: 'POST',
      pattern: path('/merge'),
      scopes: scopes('write'),
      handle: (request) => {
        const type = typeOf(request);
        const input = readBody(z.object({ primaryObjectId: idInput, objectIdToMerge: idInput }), request.body);
        return { status: 200, body: present(type, portal.merge(type, input.primaryObjectId, input.objectIdToMerge, request.writer), {}) };
      },
    },
    {
      method: 'POST',
      pattern: path('/gdpr-delete'),
      scopes: scopes('write'),
      handle: (request) => {
        const type = typeOf(request);
        const input = readBody(z.object({ objectId: idInput, idProperty: z.string().optional() }), request.body);
        const id = input.idProperty === undefined ? input.objectId : portal.table(type).holder(input.idProperty, input.objectId);
        if (id !== undefined) portal.gdprDelete(type, id, request.writer);
        else if (input.idProperty === 'email') portal.blockedEmails.add(input.objectId.toLowerCase());
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      pattern: path('/([^/]+)'),
      scopes: scopes('read'),
      handle: (request) => {
        const type = typeOf(request);
        const archived = request.query.get('archived') === 'true';
        const record = findRecord(context, type, request, archived);
        if (!record) throw recordNotFound();
        const wanted = { properties: namesInQuery(request.query, 'properties'), withHistory: namesInQuery(request.query, 'propertiesWithHistory') };
        const associations = associationsOf(context, type, record, namesInQuery(request.query, 'associations'));
        return { status: 200, body: { ...present(type, record, wanted), ...(associations && { associations }) } };
      },
    },
    {
      method: 'PATCH',
      pattern: path('/([^/]+)'),
      scopes: scopes('write'),
      handle: (request) => {
        const type = typeOf(request);
        const record = findRecord(context, type, request, false);
        if (!record) throw recordNotFound();
        const { properties } = readBody(z.object({ properties: propertiesInput }), request.body);
        portal.update(type, record, properties, request.writer);
        return { status: 200, body: presentWritten(type, record, portal, Object.keys(properties)) };
      },
    },
    {
      method: 'DELETE',
      pattern: path('/([^/]+)'),
      scopes: scopes('write'),
      handle: (request) => {
        portal.archive(typeOf(request), request.params[1] ?? '', request.writer);
        return { status: 204 };
      },
    },
  ];
}

function findRecord(context: ApiContext, type: ObjectType, request: ApiRequest, archived: boolean): StoredRecord | undefined {
  const table = context.portal.table(type);
  const given = request.params[1] ?? '';
  const idProperty = request.query.get('idProperty');
  if (idProperty !== null && idProperty !== 'hs_object_id' && !type.properties.get(idProperty)?.unique)
    throw badRequest(`Unable to perform read/update by non-unique ${type.typeId} property ${idProperty}`);
  const id = idProperty === null || idProperty === 'hs_object_id' ? given : table.holder(idProperty, given);
  if (id === undefined) return undefined;
  if (!archived) return table.find(id);
  const record = table.at(id);
  return record?.archivedAt === undefined ? undefined : record;
}

function listRecords(context: ApiContext, type: ObjectType, query: URLSearchParams): unknown {
  const withHistory = namesInQuery(query, 'propertiesWithHistory');
  const limit = numberInQuery(query, 'limit', 10, withHistory.length > 0 ? 50 : 100);
  const show = presenter(type, context.portal, { properties: namesInQuery(query, 'properties'), withHistory });
  const associations = namesInQuery(query, 'associations');
  const after = query.get('after') ?? undefined;
  if (after !== undefined && !/^\d+$/.test(after)) throw new ApiFailure(400, `Invalid paging token: ${after}`, { category: 'VALIDATION_ERROR' });
  const results: unknown[] = [];
  let last: string | undefined;
  for (const record of recordsAfter(context, type, after, query.get('archived') === 'true')) {
    if (results.length === limit)
      return { results, paging: { next: { after: last, link: `https://api.hubapi.com/crm/v3/objects/${type.name}?limit=${limit}&after=${last}` } } };
    const linked = associationsOf(context, type, record, associations);
    results.push({ ...show(record), ...(linked && { associations: linked }) });
    last = record.id;
  }
  return { results };
}

/** Records behind one, by id: as they are, or as a list that lags knows them. */
function* recordsAfter({ portal, listed }: ApiContext, type: ObjectType, after: string | undefined, archived: boolean): Generator<StoredRecord> {
  if (listed === undefined || archived) return yield* portal.table(type).from(after, archived);
  for (const record of listed.records(type, portal.now())) if (Number(record.id) > Number(after ?? -1)) yield record;
}

/** The `associations` of a single or listed record, in the older form that names kinds by words. */
function associationsOf(context: ApiContext, type: ObjectType, record: StoredRecord, names: readonly string[]): Record<string, unknown> | undefined {
  if (names.length === 0) return undefined;
  const answered: Record<string, unknown> = {};
  for (const name of names) {
    const other = context.portal.types.get(name);
    const results: { id: string; type: string }[] = [];
    for (const [id, types] of context.portal.links.neighbours(type.name, record.id, other.name) ?? [])
      for (const link of types) results.push({ id, type: wordFor(link, type, other) });
    if (results.length > 0) answered[other.name] = { results };
  }
  return answered;
}

const wordFor = (link: LinkType, from: ObjectType, to: ObjectType): string =>
  `${from.singular.toLowerCase()}_to_${to.singular.toLowerCase()}${link.label === null ? '_unlabeled' : link.primary ? '' : `_${link.label.toLowerCase().replaceAll(/\W+/g, '_')}`}`;
