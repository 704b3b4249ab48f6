import { z } from 'zod';

import type { Ids } from './ids.js';
import { type Audience, type MergeField, MERGE_TYPES, type MergeType } from './model.js';

const mergeFieldForm = z.object({
  tag: z.string().regex(/^[A-Z0-9_]{1,10}$/),
  name: z.string().optional(),
  type: z.enum(MERGE_TYPES).optional(),
  required: z.boolean().optional(),
  default: z.string().optional(),
  choices: z.array(z.string()).optional(),
  dateFormat: z.string().optional(),
  phoneFormat: z.string().optional(),
});
/** A thing of a group or a permission whose id matters: an account that is made like another one. */
const named = z.object({ id: z.string(), name: z.string() });
const interestsForm = z.object({
  title: z.string(),
  type: z.enum(['checkboxes', 'dropdown', 'radio', 'hidden']).optional(),
  interests: z.array(z.union([z.string(), named])),
});

/** The form of a description of an audience. */
export const audienceForm = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{10}$/)
    .optional(),
  name: z.string().optional(),
  mergeFields: z.array(mergeFieldForm).optional(),
  groups: z.array(interestsForm).optional(),
  permissions: z.array(z.union([z.string(), named])).optional(),
  doubleOptIn: z.boolean().optional(),
});

/** Something with an id of its own; a text alone gets one. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** How an audience differs from a new one. */
export interface AudienceDescription {
  /** Ten digits of a hexadecimal number; made by default. */
  readonly id?: string;
  readonly name?: string;
  /** In addition to FNAME, LNAME, ADDRESS and PHONE; one of these names takes its place. */
  readonly mergeFields?: readonly MergeFieldDescription[];
  readonly groups?: readonly {
    readonly title: string;
    readonly type?: 'checkboxes' | 'dropdown' | 'radio' | 'hidden';
    readonly interests: readonly (string | Named)[];
  }[];
  /** Texts of marketing permissions, which the audience then asks for. */
  readonly permissions?: readonly (string | Named)[];
  readonly doubleOptIn?: boolean;
}

export interface MergeFieldDescription {
  /** At most ten characters, in capitals. */
  readonly tag: string;
  readonly name?: string;
  /** Default `text`. */
  readonly type?: MergeType;
  readonly required?: boolean;
  readonly default?: string;
  readonly choices?: readonly string[];
  readonly dateFormat?: string;
  readonly phoneFormat?: string;
}

const STANDARD: readonly MergeFieldDescription[] = [
  { tag: 'FNAME', name: 'First Name' },
  { tag: 'LNAME', name: 'Last Name' },
  { tag: 'ADDRESS', name: 'Address', type: 'address' },
  { tag: 'PHONE', name: 'Phone Number', type: 'phone' },
];

/** The form of dates where none was chosen. */
export const dateFormatOf = (type: MergeType): string => (type === 'date' ? 'MM/DD/YYYY' : type === 'birthday' ? 'MM/DD' : '');

/** Makes an audience. */
export function audienceOf(description: AudienceDescription, ids: Ids, createdAt: number): Audience {
  const {
    id = ids.short(),
    name = 'Example Ltd',
    mergeFields = [],
    groups = [],
    permissions = [],
    doubleOptIn = false,
  } = audienceForm.parse(description);
  const fields = [...STANDARD.filter(({ tag }) => !mergeFields.some((each) => each.tag === tag)), ...mergeFields];
  return {
    id,
    webId: ids.number(),
    createdAt,
    settings: {
      name,
      contact: { company: name, address1: '1 Example Street', address2: '', city: 'Example', state: 'EX', zip: '12345', country: 'US', phone: '' },
      permissionReminder: 'You signed up on our website.',
      campaignDefaults: { from_name: name, from_email: 'news@example.com', subject: '', language: 'en' },
      emailTypeOption: false,
      doubleOptIn,
      notifyOnSubscribe: '',
      notifyOnUnsubscribe: '',
      useArchiveBar: true,
    },
    mergeFields: new Map(fields.map((each, index) => [index + 1, mergeFieldOf(each as MergeFieldDescription, index + 1)])),
    categories: new Map(
      groups.map(({ title, type = 'checkboxes', interests }, order) => {
        const category = {
          id: ids.short(),
          title,
          type,
          order,
          interests: interests.map((each, n) => ({ ...namedOf(each, ids), order: n + 1 })),
        };
        return [category.id, category];
      }),
    ),
    permissions: new Map(permissions.map((each) => namedOf(each, ids)).map(({ id, name }) => [id, name])),
    tags: new Map(),
    members: new Map(),
    hashes: new Map(),
    forgotten: new Set(),
  };
}

const namedOf = (given: string | Named, ids: Ids): Named => (typeof given === 'string' ? { id: ids.short(), name: given } : given);

/** Makes a merge field; `id` is its place, too. */
export function mergeFieldOf(given: MergeFieldDescription, id: number): MergeField {
  const { tag, name = tag, type = 'text' } = given;
  return {
    id,
    tag,
    name,
    type,
    required: given.required === true,
    defaultValue: given.default ?? '',
    public: true,
    order: id + 1,
    help: '',
    choices: given.choices ?? [],
    dateFormat: given.dateFormat ?? dateFormatOf(type),
    phoneFormat: given.phoneFormat ?? (type === 'phone' ? 'none' : ''),
  };
}
