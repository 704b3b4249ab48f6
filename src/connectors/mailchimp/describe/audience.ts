import type { CallOptions } from '../../../lib/index.js';
import { listPath, type MailchimpApi } from '../wire/api.js';
import {
  ARCHIVED,
  isCategories,
  isInterests,
  isLists,
  isMergeFields,
  isPageOf,
  permissionsIn,
  type WireCategory,
  type WireInterest,
  type WireList,
  type WireMergeField,
} from '../wire/shapes.js';
import type { Audience } from './fields.js';

/** The most that a collection gives at once. */
const PAGE = 1000;

/** All audiences of the account. */
export async function listAudiences(api: MailchimpApi, call: CallOptions): Promise<readonly WireList[]> {
  return await collection<WireList>(api, '/3.0/lists', 'lists', ['id', 'name', 'marketing_permissions'], isLists, call);
}

/** What has to be known of an audience: two requests, one for each of its groups, one where it asks for permissions. */
export async function describeAudience(api: MailchimpApi, { id, name, marketing_permissions: asks }: WireList, call: CallOptions): Promise<Audience> {
  const fields = ['tag', 'name', 'type', 'options'];
  const mergeFields = await collection<WireMergeField>(api, listPath(id, '/merge-fields'), 'merge_fields', fields, isMergeFields, call);
  const categories = await collection<WireCategory>(api, listPath(id, '/interest-categories'), 'categories', ['id', 'title'], isCategories, call);
  const interests = new Map<string, string>();
  for (const category of categories) {
    const path = listPath(id, `/interest-categories/${encodeURIComponent(category.id)}/interests`);
    for (const each of await collection<WireInterest>(api, path, 'interests', ['id', 'name'], isInterests, call))
      interests.set(each.id, `${category.title}: ${each.name}`);
  }
  return { id, name, mergeFields, interests, permissions: asks === true ? await permissionsOf(api, id, call) : new Map() };
}

/** Permissions are told with members only, in the archive too; an audience that never had any has nothing to lose. */
async function permissionsOf(api: MailchimpApi, audience: string, call: CallOptions): Promise<ReadonlyMap<string, string>> {
  const one = async (query: Readonly<Record<string, string>>): Promise<unknown> => {
    const path = listPath(audience, '/members', { count: 1, fields: 'members.marketing_permissions', ...query });
    const isPage = isPageOf('members', () => true);
    return ((await api.get(path, isPage, call)) as { readonly members: readonly unknown[] }).members[0];
  };
  const member = (await one({})) ?? (await one({ status: ARCHIVED }));
  return new Map(permissionsIn(member).map(({ marketing_permission_id: id, text }) => [id, text]));
}

async function collection<T>(
  api: MailchimpApi,
  path: string,
  name: string,
  fields: readonly string[],
  isPage: (body: unknown) => boolean,
  call: CallOptions,
): Promise<readonly T[]> {
  const all: T[] = [];
  const only = ['total_items', ...fields.map((field) => `${name}.${field}`)].join(',');
  for (;;) {
    const query = `count=${String(PAGE)}&offset=${String(all.length)}&fields=${encodeURIComponent(only)}`;
    const body = (await api.get(`${path}?${query}`, isPage, call)) as Readonly<Record<string, readonly T[]>>;
    const page = body[name] ?? [];
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
