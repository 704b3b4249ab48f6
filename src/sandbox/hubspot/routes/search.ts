import { z } from 'zod';

import { badRequest } from '../failure.js';
import { momentOf } from '../state/computed.js';
import type { ObjectType } from '../state/object-type.js';
import type { StoredRecord } from '../state/record.js';
import type { SearchIndex } from '../state/search-index.js';
import { timeOf } from '../state/values.js';
import { readBody } from './inputs.js';
import { OBJECTS_PATH } from './objects.js';
import { presenter } from './present.js';
import { objectScope, type ApiAnswer, type ApiContext, type ApiRequest, type Route } from './route.js';

const PAGE = 200;
const CAP = 10_000;
const GROUPS = 5;
const FILTERS_IN_GROUP = 6;
const FILTERS = 18;

const OPERATORS = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const filterInput = z.object({
  propertyName: z.string(),
  operator: z.enum(OPERATORS),
  value: text.optional(),
  highValue: text.optional(),
  values: z.array(text).optional(),
});
type Filter = z.infer<typeof filterInput>;

const searchInput = z.object({
  filterGroups: z.array(z.object({ filters: z.array(filterInput).default([]) })).default([]),
  sorts: z
    .array(z.union([z.string(), z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') })]))
    .default([]),
  query: z.string().optional(),
  properties: z.array(z.string()).default([]),
  limit: z.number().int().min(0).default(10),
  after: text.optional(),
});

/** Search: 200 a page, 10,000 in all, over an index that lags. Its answers carry no limit headers. */
export function searchRoutes(context: ApiContext, index: SearchIndex): readonly Route[] {
  let pages = 0;
  return [
    {
      method: 'POST',
      pattern: new RegExp(`^${OBJECTS_PATH}/search/?$`),
      scopes: (params) => [objectScope(context.portal.types.get(params[0] ?? ''), 'read')],
      search: true,
      handle: (request) => {
        pages += 1;
        const every = context.behaviour.shortSearchPageEvery;
        return search(context, index, request, every > 0 && pages % every === 0);
      },
    },
  ];
}

function search(context: ApiContext, index: SearchIndex, request: ApiRequest, cutShort: boolean): ApiAnswer {
  const { portal } = context;
  const type = portal.types.get(request.params[0] ?? '');
  const input = readBody(searchInput, request.body);
  check(type, input);
  const start = Number(input.after ?? 0);
  if (!Number.isInteger(start) || start < 0) throw badRequest(`Invalid paging token: ${input.after}`);
  if (start + input.limit > CAP) throw badRequest(`The requested offset and limit reach beyond the ${CAP} results that a search gives.`);

  const found: StoredRecord[] = [];
  const groups = input.filterGroups.map(({ filters }) => filters.map((filter) => testOf(index, type, filter)));
  for (const record of index.records(type, portal.now())) if (matches(index, type, record, groups, input.query)) found.push(record);
  sortRecords(index, type, found, input.sorts[0]);
  const end = start + input.limit;
  const page = found.slice(start, cutShort ? start + Math.floor(input.limit / 2) : end);
  // A page that was cut short still moves on by the whole of what it looked at, so what was cut off comes with the next
  // one.
  const next = start + (cutShort ? page.length : input.limit);
  // Records that were archived since the index saw them fall out of the page, while the cursor counts them.
  // What was found by the index is answered with the values of now.
  const live = page.flatMap(({ id }) => (portal.table(type).isLive(id) ? (portal.table(type).at(id) ?? []) : []));
  const results = live.map(presenter(type, portal, { properties: input.properties }));
  return {
    status: 200,
    body: {
      total: context.behaviour.cappedSearchTotal ? Math.min(found.length, CAP) : found.length,
      results,
      ...(next < found.length && { paging: { next: { after: String(next) } } }),
    },
  };
}

function check(type: ObjectType, input: z.infer<typeof searchInput>): void {
  if (input.limit > PAGE) throw badRequest(`limit must not be greater than ${PAGE}`);
  if (input.filterGroups.length > GROUPS) throw badRequest(`No more than ${GROUPS} filter groups are allowed`);
  if (input.filterGroups.some((group) => group.filters.length > FILTERS_IN_GROUP))
    throw badRequest(`No more than ${FILTERS_IN_GROUP} filters are allowed in a group`);
  if (input.filterGroups.reduce((sum, group) => sum + group.filters.length, 0) > FILTERS)
    throw badRequest(`No more than ${FILTERS} filters are allowed in all`);
  if (input.sorts.length > 1) throw badRequest('Only one sort is allowed');
  for (const filter of input.filterGroups.flatMap((group) => group.filters)) {
    if (!type.properties.has(filter.propertyName))
      throw badRequest(`There was a problem with the request. property ${filter.propertyName} does not exist`);
    const list = filter.operator === 'IN' || filter.operator === 'NOT_IN';
    if (list && (!filter.values || filter.value !== undefined)) throw badRequest(`operator ${filter.operator} requires values`);
    if (filter.operator === 'BETWEEN' && (filter.value === undefined || filter.highValue === undefined))
      throw badRequest('operator BETWEEN requires value and highValue');
    if (!list && !filter.operator.endsWith('HAS_PROPERTY') && filter.value === undefined)
      throw badRequest(`operator ${filter.operator} requires a value`);
  }
}

/** Whether a filter lets a record through. */
type Test = (record: StoredRecord) => boolean;

function matches(
  index: SearchIndex,
  type: ObjectType,
  record: StoredRecord,
  groups: readonly (readonly Test[])[],
  query: string | undefined,
): boolean {
  if (
    query !== undefined &&
    query !== '' &&
    !type.defaults.some((name) => (index.valueOf(type, record, name) ?? '').toLowerCase().includes(query.toLowerCase()))
  )
    return false;
  return groups.length === 0 || groups.some((tests) => tests.every((test) => test(record)));
}

/** Times of records are compared as they are kept: of an account of 200,000 each search would else write and read as many. */
function testOf(index: SearchIndex, type: ObjectType, filter: Filter): Test {
  const { propertyName: name, operator } = filter;
  const moment = momentOf(name);
  const [low, high] = [filter.value, filter.highValue].map((text = '') => timeOf(text) ?? Number.NaN) as [number, number];
  if (moment !== undefined && operator === 'LT') return (record) => moment(record) < low;
  if (moment !== undefined && operator === 'LTE') return (record) => moment(record) <= low;
  if (moment !== undefined && operator === 'GT') return (record) => moment(record) > low;
  if (moment !== undefined && operator === 'GTE') return (record) => moment(record) >= low;
  if (moment !== undefined && operator === 'BETWEEN') return (record) => moment(record) >= low && moment(record) <= high;
  return (record) => passes(type, filter, index.valueOf(type, record, name));
}

function passes(type: ObjectType, filter: Filter, value: string | null): boolean {
  const against = filter.value ?? '';
  const compare = (other: string): number => compareValues(type, filter.propertyName, value ?? '', other);
  switch (filter.operator) {
    case 'HAS_PROPERTY':
      return value !== null;
    case 'NOT_HAS_PROPERTY':
      return value === null;
    case 'NEQ':
      return value === null || compare(against) !== 0;
    case 'NOT_IN':
      return value !== null && !filter.values?.some((each) => compare(each) === 0);
    case 'NOT_CONTAINS_TOKEN':
      return value === null || !containsToken(value, against);
    case 'EQ':
      return value !== null && compare(against) === 0;
    case 'LT':
      return value !== null && compare(against) < 0;
    case 'LTE':
      return value !== null && compare(against) <= 0;
    case 'GT':
      return value !== null && compare(against) > 0;
    case 'GTE':
      return value !== null && compare(against) >= 0;
    case 'BETWEEN':
      return value !== null && compare(against) >= 0 && compare(filter.highValue ?? '') <= 0;
    case 'IN':
      return value !== null && (filter.values ?? []).some((each) => compare(each) === 0);
    case 'CONTAINS_TOKEN':
      return value !== null && containsToken(value, against);
    default:
      return filter.operator satisfies never;
  }
}

/**
 * Numbers and times by size; everything else as text without case. `hs_object_id` is compared as text although it is a
 * number.
 */
function compareValues(type: ObjectType, name: string, a: string, b: string): number {
  return compareComparable(comparable(type, name, a), comparable(type, name, b));
}

function comparable(type: ObjectType, name: string, value: string): number | string {
  const kind = type.properties.get(name)?.type;
  if (kind === 'number' && name !== 'hs_object_id') return Number(value);
  return kind === 'datetime' || kind === 'date' ? (timeOf(value) ?? Number.NaN) : value.toLowerCase();
}

function compareComparable(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : Number.NaN;
}

/**
 * Whole words next to each other, `*` standing for anything within one: `example.org` is found in `ann@example.org`.
 */
function containsToken(value: string, token: string): boolean {
  const words = wordsOf(value);
  const wanted = wordsOf(token).map(
    (word) =>
      new RegExp(
        `^${word
          .split('*')
          .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
          .join('.*')}$`,
        'u',
      ),
  );
  return wanted.length > 0 && words.some((_, start) => wanted.every((pattern, index) => pattern.test(words[start + index] ?? '')));
}

const wordsOf = (value: string): readonly string[] =>
  value
    .toLowerCase()
    .split(/[\s@.,;:]+/u)
    .filter((each) => each !== '');

function sortRecords(
  index: SearchIndex,
  type: ObjectType,
  records: StoredRecord[],
  sort: string | { readonly propertyName: string; readonly direction: string } | undefined,
): void {
  if (sort === undefined) return;
  const name = typeof sort === 'string' ? sort.replace(/^-/, '') : sort.propertyName;
  const sign = typeof sort === 'string' ? (sort.startsWith('-') ? -1 : 1) : sort.direction === 'DESCENDING' ? -1 : 1;
  const moment = momentOf(name);
  const read = (record: StoredRecord): number | string | null => {
    if (moment !== undefined) return moment(record);
    const value = index.valueOf(type, record, name);
    return value === null ? null : comparable(type, name, value);
  };
  const values = new Map(records.map((record) => [record, read(record)]));
  records.sort((a, b) => {
    const [left, right] = [values.get(a) ?? null, values.get(b) ?? null];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return sign * compareComparable(left, right);
  });
}
