/** What Mailchimp's answers look like, checked once where they come in. */

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text of an object; undefined where there is none. */
export function textIn(body: unknown, name: string): string | undefined {
  const value = isObject(body) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** A member of an audience. `contact_id` stays whatever becomes of its address. */
export interface WireMember {
  readonly contact_id: string;
  readonly email_address?: string;
  readonly status: string;
  readonly [name: string]: unknown;
}

/** Its status while it is in the archive: not among the members, and not told what it was before. */
export const ARCHIVED = 'archived';

export function isMember(value: unknown): value is WireMember {
  return isObject(value) && typeof value['contact_id'] === 'string' && value['contact_id'] !== '' && typeof value['status'] === 'string';
}

/** Whether a body has a list of such things, and a total where it gives one. */
export function isPageOf(name: string, isItem: (value: unknown) => boolean): (body: unknown) => boolean {
  return (body) => {
    const list = isObject(body) ? body[name] : undefined;
    const total = isObject(body) ? body['total_items'] : undefined;
    return Array.isArray(list) && list.every(isItem) && (total === undefined || Number.isSafeInteger(total));
  };
}

export const isMembers = isPageOf('members', isMember);

/** What a batch of members answers, with 200 whatever became of them. */
export interface WireBatch {
  readonly new_members: readonly WireMember[];
  readonly updated_members: readonly WireMember[];
  readonly errors: readonly WireBatchError[];
}

export interface WireBatchError {
  readonly email_address?: string;
  readonly error?: string;
  readonly error_code?: string;
  readonly field?: string;
  readonly field_message?: string;
}

export function isBatch(body: unknown): body is WireBatch {
  const all = (name: string, isItem: (value: unknown) => boolean): boolean =>
    isPageOf(name, isItem)({ [name]: isObject(body) ? body[name] : undefined });
  return all('new_members', isMember) && all('updated_members', isMember) && all('errors', isObject);
}

export interface WireList {
  readonly id: string;
  readonly name: string;
  readonly marketing_permissions?: boolean;
}

export const isLists = isPageOf('lists', (value) => isObject(value) && typeof value['id'] === 'string' && typeof value['name'] === 'string');

export interface WireMergeField {
  readonly tag: string;
  readonly name: string;
  readonly type: string;
  /** For people and programs, unless these say `skip_merge_validation`. */
  readonly required?: boolean;
  readonly options?: { readonly choices?: readonly string[]; readonly date_format?: string; readonly phone_format?: string };
}

export const isMergeFields = isPageOf(
  'merge_fields',
  (value) => isObject(value) && ['tag', 'name', 'type'].every((name) => typeof value[name] === 'string'),
);

export interface WireCategory {
  readonly id: string;
  readonly title: string;
}

export const isCategories = isPageOf('categories', (value) => isObject(value) && ['id', 'title'].every((name) => typeof value[name] === 'string'));

export interface WireInterest {
  readonly id: string;
  readonly name: string;
}

export const isInterests = isPageOf('interests', (value) => isObject(value) && ['id', 'name'].every((name) => typeof value[name] === 'string'));

/** A text that a member may be asked, for channels other than mail. */
export interface WirePermission {
  readonly marketing_permission_id: string;
  readonly text: string;
  readonly enabled: boolean;
}

export function permissionsIn(member: unknown): readonly WirePermission[] {
  const list = isObject(member) ? member['marketing_permissions'] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const id = textIn(one, 'marketing_permission_id');
    const enabled = isObject(one) && one['enabled'] === true;
    return id === undefined ? [] : [{ marketing_permission_id: id, text: textIn(one, 'text') ?? id, enabled }];
  });
}
