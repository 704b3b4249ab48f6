import { type FieldError, invalidFields } from '../failure.js';
import type { MemberChange } from '../state/members.js';
import { isMergeInput, type MergeInput } from '../state/merge-values.js';
import { type Status, WRITTEN_STATUSES } from '../state/model.js';
import { msOf } from '../state/times.js';
import { type Body, checkedBody, type Kind, wrongIn } from './body.js';

const SCHEMA: Readonly<Record<string, Kind>> = {
  email_address: 'string',
  email_type: ['html', 'text', ''],
  status: WRITTEN_STATUSES,
  status_if_new: WRITTEN_STATUSES,
  merge_fields: 'object',
  interests: 'object',
  language: 'string',
  vip: 'boolean',
  location: 'object',
  marketing_permissions: 'array',
  ip_signup: 'string',
  ip_opt: 'string',
  timestamp_signup: 'string',
  timestamp_opt: 'string',
  tags: 'array',
};

/** A member as a body names it. */
export interface MemberBody extends MemberChange {
  readonly statusIfNew?: Status;
}

/** Reads the body of a request about one member. */
export function memberBody(body: unknown, required: readonly string[] = []): MemberBody {
  const given = checkedBody(body, SCHEMA, required);
  const errors = deepErrors(given, '');
  if (errors.length > 0) throw invalidFields(errors);
  return changeOf(given);
}

/** Reads one of many members; what is wrong with its form is wrong with the whole request. */
export function memberItem(item: unknown, at: string): { readonly body: MemberBody; readonly errors: readonly FieldError[] } {
  const given = (typeof item === 'object' && item !== null ? item : {}) as Body;
  const errors = [...wrongIn(given, SCHEMA, ['email_address'], at), ...deepErrors(given, at)];
  return { errors, body: errors.length > 0 ? {} : changeOf(given) };
}

function deepErrors(given: Body, at: string): readonly FieldError[] {
  const entries = (name: string): readonly (readonly [string, unknown])[] => {
    const held = given[name];
    return typeof held === 'object' && held !== null && !Array.isArray(held) ? Object.entries(held) : [];
  };
  const list = (name: string): readonly unknown[] => (Array.isArray(given[name]) ? (given[name] as readonly unknown[]) : []);
  const time = (name: string): readonly FieldError[] =>
    typeof given[name] === 'string' && given[name] !== '' && msOf(given[name]) === undefined
      ? [{ field: `${at}${name}`, message: 'Data did not match any of the schemas described in anyOf.' }]
      : [];
  return [
    ...entries('merge_fields').flatMap(([tag, value]) =>
      isMergeInput(value) ? [] : [{ field: `${at}merge_fields.${tag}`, message: 'Data did not match any of the schemas described in anyOf.' }],
    ),
    ...entries('interests').flatMap(([id, value]) =>
      typeof value === 'boolean' ? [] : [{ field: `${at}interests.${id}`, message: 'Schema describes boolean' }],
    ),
    ...list('tags').flatMap((each, n) =>
      typeof each === 'string' ? [] : [{ field: `${at}tags.item:${n}`, message: 'Schema describes string, object found instead' }],
    ),
    ...time('timestamp_signup'),
    ...time('timestamp_opt'),
  ];
}

function changeOf(given: Body): MemberBody {
  const time = (name: string): number | undefined => (typeof given[name] === 'string' ? msOf(given[name]) : undefined);
  const permissions = given['marketing_permissions'] as readonly Body[] | undefined;
  const location = given['location'] as Body | undefined;
  const coordinate = (name: string): number | undefined =>
    location?.[name] === undefined || Number.isNaN(Number(location[name])) ? undefined : Number(location[name]);
  const change = {
    email: given['email_address'],
    status: given['status'],
    statusIfNew: given['status_if_new'],
    values: given['merge_fields'] as Readonly<Record<string, MergeInput>> | undefined,
    interests: given['interests'],
    permissions: permissions && Object.fromEntries(permissions.map((each) => [String(each['marketing_permission_id']), each['enabled'] === true])),
    emailType: given['email_type'] === '' ? undefined : given['email_type'],
    language: given['language'],
    vip: given['vip'],
    ipSignup: given['ip_signup'],
    ipOpt: given['ip_opt'],
    signedUpAt: time('timestamp_signup'),
    optedInAt: time('timestamp_opt'),
    latitude: coordinate('latitude'),
    longitude: coordinate('longitude'),
    tags: given['tags'],
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
