import { z } from 'zod';

import { badRequest, recordNotFound } from '../failure.js';
import { type List, PROCESSING } from '../state/lists/lists.js';
import { idInput, numberInQuery, readBody } from './inputs.js';
import type { ApiContext, ApiRequest, Route } from './route.js';

const PATH = String.raw`/crm/(?:v3/lists|lists/\d{4}-\d{2})`;
const READ = [['crm.lists.read']];
const WRITE = [['crm.lists.read'], ['crm.lists.write', 'cms.membership.access_groups.write']];
/** Of lists that are copied or emptied as a whole. */
const MOST_MEMBERS = 100_000;

const newList = z.object({ name: z.string(), objectTypeId: z.string(), processingType: z.enum(PROCESSING), filterBranch: z.unknown().optional() });
const search = z.object({
  query: z.string().default(''),
  offset: z.number().int().min(0).default(0),
  count: z.number().int().min(1).max(500).default(20),
  processingTypes: z.array(z.enum(PROCESSING)).default([]),
  listIds: z.array(idInput).default([]),
});
const records = z.array(idInput);

/** Lists and who is on them. */
export function listRoutes({ portal }: ApiContext): readonly Route[] {
  const { lists } = portal;
  const on = (method: string, tail: string, rights: readonly (readonly string[])[], handle: Route['handle']): Route => ({
    method,
    pattern: new RegExp(`^${PATH}${tail}/?$`),
    scopes: () => rights,
    handle,
  });
  const id = ({ params }: ApiRequest): string => params[0] ?? '';
  const wantsFilters = ({ query }: ApiRequest): boolean => query.get('includeFilters') === 'true';
  const told = (list: List, filters: boolean): unknown => ({
    listId: list.id,
    listVersion: list.version,
    name: list.name,
    objectTypeId: portal.types.get(list.object).typeId,
    processingType: list.processing,
    processingStatus: 'COMPLETE',
    createdAt: new Date(list.createdAt).toISOString(),
    updatedAt: new Date(list.updatedAt).toISOString(),
    size: lists.members(list.id).length,
    ...(filters && list.filterBranch !== undefined && { filterBranch: list.filterBranch }),
  });
  const changed = (request: ApiRequest, add: readonly string[], remove: readonly string[]) => {
    const added = lists.change(id(request), true, add, request.writer);
    const removed = lists.change(id(request), false, remove, request.writer);
    return {
      status: 200,
      body: { recordsIdsAdded: added.done, recordIdsRemoved: removed.done, recordIdsMissing: [...added.missing, ...removed.missing] },
    };
  };
  const whole = (listId: string): readonly string[] => {
    const members = lists.members(listId);
    if (members.length >= MOST_MEMBERS) throw badRequest(`List ${listId} has ${MOST_MEMBERS} memberships or more`);
    return members.map(([record]) => record);
  };
  return [
    on('POST', '', WRITE, (request) => {
      const { name, objectTypeId, processingType: processing, filterBranch } = readBody(newList, request.body);
      return { status: 200, body: { list: told(lists.create({ name, object: objectTypeId, processing, filterBranch }, request.writer), true) } };
    }),
    on('GET', '', READ, (request) => {
      const wanted = new Set(request.query.getAll('listIds'));
      const found = lists.all().filter((each) => wanted.has(each.id));
      return { status: 200, body: { lists: found.map((each) => told(each, wantsFilters(request))) } };
    }),
    on('POST', '/search', READ, ({ body }) => {
      const { query, offset, count, processingTypes, listIds } = readBody(search, body);
      const found = lists
        .all()
        .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
        .filter(({ processing }) => processingTypes.length === 0 || processingTypes.includes(processing))
        .filter((list) => listIds.length === 0 || listIds.includes(list.id));
      const page = found.slice(offset, offset + count).map((list) => {
        const additionalProperties = { hs_list_size: String(lists.members(list.id).length) };
        return { ...(told(list, false) as object), additionalProperties };
      });
      return { status: 200, body: { lists: page, total: found.length, offset: offset + page.length, hasMore: offset + count < found.length } };
    }),
    on('GET', '/object-type-id/([^/]+)/name/([^/]+)', READ, (request) => {
      const [object = '', name = ''] = request.params;
      const type = portal.types.get(object).name;
      const found = lists.all().find((each) => each.object === type && each.name.toLowerCase() === name.toLowerCase());
      if (!found) throw recordNotFound();
      return { status: 200, body: { list: told(found, wantsFilters(request)) } };
    }),
    on('GET', '/records/([^/]+)/([^/]+)/memberships', READ, ({ params: [object = '', record = ''] }) => {
      const type = portal.types.get(object).name;
      const results = lists
        .all()
        .filter((each) => each.object === type)
        .flatMap((list) => {
          const since = lists.members(list.id).find(([key]) => key === record)?.[1];
          if (since === undefined) return [];
          const at = new Date(since).toISOString();
          return [{ listId: list.id, listVersion: list.version, firstAddedTimestamp: at, lastAddedTimestamp: at }];
        });
      return { status: 200, body: { results, total: results.length } };
    }),
    on('GET', String.raw`/(\d+)`, READ, (request) => ({ status: 200, body: { list: told(lists.get(id(request)), wantsFilters(request)) } })),
    on('DELETE', String.raw`/(\d+)`, WRITE, (request) => {
      lists.remove(id(request), request.writer);
      return { status: 204 };
    }),
    on('GET', String.raw`/(\d+)/memberships`, READ, (request) => {
      const limit = numberInQuery(request.query, 'limit', 100, 250);
      const after = Number(request.query.get('after') ?? 0);
      const all = lists.members(id(request));
      const rest = all.filter(([record]) => Number(record) > after);
      const results = rest.slice(0, limit).map(([recordId, at]) => ({ recordId, membershipTimestamp: new Date(at).toISOString() }));
      const last = results.at(-1)?.recordId;
      return { status: 200, body: { results, total: all.length, ...(rest.length > limit && { paging: { next: { after: last } } }) } };
    }),
    on('DELETE', String.raw`/(\d+)/memberships`, WRITE, (request) => {
      changed(request, [], whole(id(request)));
      return { status: 204 };
    }),
    on('PUT', String.raw`/(\d+)/memberships/add`, WRITE, (request) => changed(request, readBody(records, request.body), [])),
    on('PUT', String.raw`/(\d+)/memberships/remove`, WRITE, (request) => changed(request, [], readBody(records, request.body))),
    on('PUT', String.raw`/(\d+)/memberships/add-and-remove`, WRITE, (request) => {
      const form = z.object({ recordIdsToAdd: records.default([]), recordIdsToRemove: records.default([]) });
      const { recordIdsToAdd, recordIdsToRemove } = readBody(form, request.body);
      return changed(request, recordIdsToAdd, recordIdsToRemove);
    }),
    on('PUT', String.raw`/(\d+)/memberships/add-from/(\d+)`, WRITE, (request) => {
      const [to = '', from = ''] = request.params;
      if (to === from || lists.get(to).object !== lists.get(from).object) throw badRequest('The two lists must differ and hold records of one type');
      changed(request, whole(from), []);
      return { status: 204 };
    }),
  ];
}
