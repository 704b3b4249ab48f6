import { type CallOptions, canonicalJson, chunksOf, sha256 } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { incomplete } from '../../http/whole.js';
import type { Setting } from '../../settings.js';
import { type HubSpotApi, isSuccess } from '../wire/api.js';
import { isObject, isPageOf, textIn } from '../wire/shapes.js';
import { wholeList } from './definitions.js';
import { typeIdOf } from './schema.js';

const LISTS_AT_ONCE = 500;
const FILTERS_AT_ONCE = 100;
const DIGEST = 8;

type Wire = Readonly<Record<string, unknown>>;

const digestOf = (value: unknown): string => sha256(canonicalJson(value ?? null)).slice(0, DIGEST);

/** Which rules the values of properties are held to (property validations API). */
export async function validationRules(api: HubSpotApi, { object }: ObjectSchema, call: CallOptions): Promise<readonly Setting[]> {
  const of = typeIdOf(api, object) ?? object;
  const found = await wholeList<Wire>(
    api,
    {
      path: `/crm/v3/property-validations/${encodeURIComponent(of)}`,
      valid: isPageOf((value) => textIn(value, 'propertyName') !== undefined && isObject(value) && Array.isArray(value['propertyValidationRules'])),
      what: `the validation rules of ${object}`,
      mayBeEmpty: true,
    },
    call,
  );
  return found.map((one) => ({
    name: textIn(one, 'propertyName') ?? '',
    says: {},
    parts: rulesIn(one['propertyValidationRules']).map((rule) => ({ name: textIn(rule, 'ruleType') ?? '', says: { arguments: argumentsOf(rule) } })),
  }));
}

const rulesIn = (rules: unknown): readonly Wire[] =>
  (Array.isArray(rules) ? rules : []).filter(isObject).toSorted((a, b) => ((textIn(a, 'ruleType') ?? '') < (textIn(b, 'ruleType') ?? '') ? -1 : 1));

const argumentsOf = (rule: Wire): string => (Array.isArray(rule['ruleArguments']) ? rule['ruleArguments'].map(String).join(', ') : '');

/** Static and active lists, with a digest of what an active one asks for. Who is on them is not told. */
export async function lists(api: HubSpotApi, call: CallOptions): Promise<readonly Setting[]> {
  const found = await allLists(api, call);
  const filters = new Map<string, unknown>();
  for (const some of chunksOf([...found.keys()], FILTERS_AT_ONCE)) {
    const query = some.map((id) => `listIds=${encodeURIComponent(id)}`).join('&');
    const page = (await api.get(`/crm/v3/lists?includeFilters=true&${query}`, isLists, call)) as { readonly lists: readonly Wire[] };
    for (const list of page.lists) filters.set(idOf(list), list['filterBranch']);
  }
  const unread = [...found.keys()].find((id) => !filters.has(id));
  if (unread !== undefined) throw incomplete(api, 'the filters of its lists', `List ${unread} is not among them.`);
  return [...found].map(([id, list]) => ({
    name: textIn(list, 'name') ?? `(list ${id})`,
    says: {
      type: textIn(list, 'processingType') ?? '',
      'object type': textIn(list, 'objectTypeId') ?? '',
      ...(filters.get(id) === undefined ? {} : { asks: `digest ${digestOf(filters.get(id))}` }),
    },
  }));
}

/** By id: what moves while pages are turned comes twice, and is counted once. */
async function allLists(api: HubSpotApi, call: CallOptions): Promise<ReadonlyMap<string, Wire>> {
  const found = new Map<string, Wire>();
  for (let offset = 0; ;) {
    const result = await api.look('POST', '/crm/v3/lists/search', { query: '', offset, count: LISTS_AT_ONCE, processingTypes: [] }, call);
    if (!isSuccess(result)) throw api.failure(result);
    if (!isLists(result.body)) throw incomplete(api, 'its lists', 'The answer has no lists.');
    const page = result.body as { readonly lists: readonly Wire[]; readonly hasMore?: unknown; readonly total?: unknown };
    for (const list of page.lists) found.set(idOf(list), list);
    offset += page.lists.length;
    if (page.hasMore === true && page.lists.length > 0) continue;
    if (typeof page.total === 'number' && found.size < page.total)
      throw incomplete(api, `${page.total - found.size} of ${page.total} lists`, 'Its own count is higher.');
    return found;
  }
}

const idOf = (list: Wire): string => String(list['listId']);
const isLists = (body: unknown): boolean =>
  isObject(body) &&
  Array.isArray(body['lists']) &&
  body['lists'].every((one) => isObject(one) && ['string', 'number'].includes(typeof one['listId']));

/** Forms with their fields in their order, and a digest of what they ask consent for. */
export async function forms(api: HubSpotApi, call: CallOptions): Promise<readonly Setting[]> {
  const found = await wholeList<Wire>(
    api,
    {
      path: '/marketing/v3/forms',
      valid: isPageOf((value) => textIn(value, 'id') !== undefined && textIn(value, 'name') !== undefined),
      what: 'its forms',
      mayBeEmpty: true,
    },
    call,
  );
  return found
    .filter(({ archived }) => archived !== true)
    .map((form) => ({
      name: textIn(form, 'name') ?? '',
      says: { type: textIn(form, 'formType') ?? '', consent: `digest ${digestOf(form['legalConsentOptions'])}` },
      parts: fieldsOf(form).map((field) => ({
        name: textIn(field, 'name') ?? '',
        says: { required: field['required'] === true, hidden: field['hidden'] === true },
      })),
    }));
}

function fieldsOf({ fieldGroups }: Wire): readonly Wire[] {
  return (Array.isArray(fieldGroups) ? fieldGroups : []).flatMap((group: unknown) =>
    isObject(group) && Array.isArray(group['fields']) ? group['fields'].filter(isObject) : [],
  );
}
