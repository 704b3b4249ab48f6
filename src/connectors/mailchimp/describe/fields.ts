import { defined, ownValue } from '../../../lib/index.js';
import type { FieldForm, FieldSchema, FieldType } from '../../../records/index.js';
import type { WireMergeField } from '../wire/shapes.js';
import { PERMISSION_GUARDS, STATUS_GUARDS } from './status.js';

/** What is known of an audience before its members are read. */
export interface Audience {
  readonly id: string;
  readonly name: string;
  readonly mergeFields: readonly WireMergeField[];
  /** By id, with the names of its group and of itself. */
  readonly interests: ReadonlyMap<string, string>;
  /** By id; empty where the audience asks for none. */
  readonly permissions: ReadonlyMap<string, string>;
}

/** Fields that a member holds as sets, and the names that the API has for them. */
export const TAGS = 'tags';
export const INTERESTS = 'interests';
export const PERMISSIONS = 'marketing_permissions';
export const STATUS = 'status';
export const ADDRESS = 'email_address';

/** Mark of a field that is a merge field, in its `platformType`. */
const MERGE = 'merge/';

const OWN: readonly FieldSchema[] = [
  {
    name: ADDRESS,
    label: 'E-mail address',
    type: 'string',
    platformType: 'email',
    readOnly: false,
    required: true,
    unique: true,
    uniqueInAnyCase: true,
    form: 'email',
  },
  {
    name: STATUS,
    label: 'Status',
    type: 'enum',
    platformType: 'status',
    readOnly: false,
    required: true,
    options: ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'],
    optedOut: ['unsubscribed'],
    guarded: STATUS_GUARDS,
  },
  { name: 'email_type', label: 'Kind of mail', type: 'enum', platformType: 'email_type', readOnly: false, options: ['html', 'text'] },
  { name: 'language', label: 'Language', type: 'string', platformType: 'language', readOnly: false },
  { name: 'vip', label: 'VIP', type: 'boolean', platformType: 'boolean', readOnly: false },
  { name: TAGS, label: 'Tags', type: 'set', platformType: 'tags', readOnly: false },
];

/** What is made of other fields (the name, the hash of the address) is left out: those may be fields that must not be stored. */
const READ_ONLY: readonly (readonly [string, FieldType])[] = [
  ['unique_email_id', 'string'],
  ['web_id', 'number'],
  ['source', 'string'],
  ['unsubscribe_reason', 'string'],
  ['ip_signup', 'string'],
  ['timestamp_signup', 'datetime'],
  ['ip_opt', 'string'],
  ['timestamp_opt', 'datetime'],
  ['last_changed', 'datetime'],
];

/** Fields of the members of an audience; merge fields by their tags. */
export function memberFields({ mergeFields, interests, permissions }: Audience): readonly FieldSchema[] {
  const readOnly = READ_ONLY.map(([name, type]): FieldSchema => ({ name, type, platformType: type, readOnly: true }));
  const fields: FieldSchema[] = [...OWN];
  const setOf = (name: string, label: string, options: ReadonlyMap<string, string>): FieldSchema => ({
    name,
    label,
    type: 'set',
    platformType: name,
    readOnly: false,
    options: [...options.keys()],
  });
  if (interests.size > 0) fields.push(setOf(INTERESTS, 'Groups', interests));
  if (permissions.size > 0) fields.push({ ...setOf(PERMISSIONS, 'Marketing permissions', permissions), guarded: PERMISSION_GUARDS });
  return [...fields, ...mergeFields.map(mergeField), ...readOnly];
}

const TYPES: Readonly<Record<string, FieldType>> = {
  number: 'number',
  date: 'date',
  birthday: 'other',
  address: 'json',
  radio: 'enum',
  dropdown: 'enum',
};

const FORMS: Readonly<Record<string, FieldForm>> = { phone: 'phone/US', zip: 'zip/US', url: 'url', imageurl: 'url', birthday: 'birthday' };
/** Characters, and as many bytes: a text of other letters than a to z may be shorter. */
const TEXT_LENGTH = 255;

function mergeField({ tag, name, type, options, required }: WireMergeField): FieldSchema {
  const own = TYPES[type] ?? 'string';
  const choices = own === 'enum' && options?.choices !== undefined ? { options: options.choices } : {};
  const form = type === 'phone' && options?.phone_format !== 'US' ? undefined : ownValue(FORMS, type);
  return {
    name: tag,
    label: name,
    type: own,
    platformType: MERGE + type,
    readOnly: false,
    ...choices,
    ...defined({ form }),
    ...(type === 'text' ? { maxLength: TEXT_LENGTH, maxBytes: TEXT_LENGTH } : {}),
    ...(required === true ? { requiredOfOthers: true as const } : {}),
  };
}

export function isMergeField({ platformType }: FieldSchema): boolean {
  return platformType.startsWith(MERGE);
}

/** Whether a merge field holds an address: parts that are written together. */
export function isAddress({ platformType }: FieldSchema): boolean {
  return platformType === `${MERGE}address`;
}
