import { z } from 'zod';

import type { FieldType } from '../../../records/index.js';
import type { RejectReason } from '../../connector.js';

/**
 * What a description of a platform says (`docs/rest.md`). Paths into answers are names and list indexes with dots in between
 * (`data.attributes.email`), `.` is the whole of it. `{words}` stand for what a request is about.
 */

const TYPES = [
  'string',
  'boolean',
  'integer',
  'number',
  'date',
  'datetime',
  'time',
  'enum',
  'set',
  'json',
  'other',
] as const satisfies readonly FieldType[];
const REASONS = [
  'unique-taken',
  'merged-away',
  'parent-missing',
  'type-changed',
  'option-removed',
  'field-removed',
  'read-only',
  'rejected',
  'irreversible',
  'consent',
  'deleted-later',
] as const satisfies readonly RejectReason[];

const words = z.string().min(1);
const inBody = z.string().regex(/^(\.|[^.\s]+(\.[^.\s]+)*)$/u, 'a path such as data.id, or . for the whole of it');
const path = z.string().regex(/^\/(?!\/)\S*$/u, 'a path that begins with one /');
const name = z.string().regex(/^[A-Za-z][\w-]*$/u, 'a word of letters, digits, _ and -');
const literal = z.union([z.string(), z.number(), z.boolean()]);
const most = z.int().min(1).max(10_000);

const method = {
  get: path.exactOptional().describe('A path that is read.'),
  post: path.exactOptional(),
  put: path.exactOptional(),
  patch: path.exactOptional(),
  delete: path.exactOptional(),
};
const call = {
  ...method,
  query: z.record(z.string(), literal).exactOptional().describe('What is asked behind the path. What has no value at the time is left out.'),
  body: z
    .unknown()
    .exactOptional()
    .describe(
      'What is sent, with {words} in it; { each: … } stands for one such thing a record, { merge: [ … ] } for the members of several in one.',
    ),
};

const pages = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('none').describe('All of it comes at once.') }),
  z.strictObject({ by: z.literal('offset').describe('{offset} and {limit}, by an order in which new records come last.'), size: most }),
  z.strictObject({ by: z.literal('page'), size: most, first: z.union([z.literal(0), z.literal(1)]).default(1) }),
  z.strictObject({
    by: z.literal('cursor'),
    size: most.default(100),
    next: inBody.describe('Where the cursor of the next page is; {cursor} is what it said.'),
  }),
  z.strictObject({
    by: z.literal('link'),
    size: most.default(100),
    next: inBody.exactOptional().describe('Where the address of the next page is; without it, it is in the header Link.'),
  }),
  z.strictObject({
    by: z.literal('key').describe('{after} is the key of the last record; sorted by key.'),
    size: most,
    first: z.string().exactOptional().describe('What {after} is for the first page; without it, what has {after} in it is left out.'),
  }),
]);

const list = z.strictObject({
  ...call,
  items: inBody,
  total: inBody.exactOptional().describe('Where the answer says how many there are in all.'),
  none_yet: z.array(literal).exactOptional().describe('Codes of a 404 that means: there are none yet.'),
  pages,
});

const counting = z.strictObject({
  ...call,
  total: inBody.describe('Where the answer says how many there are.'),
  times: z.enum(['iso', 'seconds', 'milliseconds']).default('iso').describe('How {from}, {to} and {last} are written.'),
  most: most.exactOptional().describe('Where its totals stop: of so many, shorter times are asked for.'),
});

const field = z.strictObject({
  type: z.enum(TYPES),
  label: words.exactOptional(),
  at: inBody.exactOptional().describe('Where it is in a record; without it, under its name.'),
  read_only: z.boolean().default(false),
  given_on_create: z.boolean().exactOptional(),
  unique: z.boolean().exactOptional(),
  required: z.boolean().exactOptional(),
  options: z.array(z.string()).exactOptional(),
  opted_out: z.array(literal).exactOptional().describe('Values that mean that a person opted out.'),
  max_length: most.exactOptional(),
  sent_as: z
    .enum(['number', 'text'])
    .exactOptional()
    .describe('How a number is written in JSON; without it, as a number. A boolean with `number` is 0 or 1; a string or enum with it is a number.'),
  refers_to: z.string().exactOptional().describe('The object type whose key it holds: a link.'),
  may_be_absent: z.boolean().exactOptional().describe('Answers leave it out where it has no value.'),
});

const readByKeys = z.strictObject({
  ...call,
  items: inBody.exactOptional().describe('Where the records are; with {key}, the one record.'),
  missing: inBody.exactOptional().describe('Where the keys are of which it says that there is no such record.'),
  most: most.default(1),
  from_list: z.literal(true).exactOptional().describe('It cannot be asked for by key: the whole list is read instead.'),
});

/** Where an answer to a write says what became of each record. */
const results = z.strictObject({
  items: inBody.exactOptional().describe('The records as they are now.'),
  keys: inBody.exactOptional().describe('Their keys, in the order in which they were sent.'),
  each: inBody.exactOptional().describe('One result a record, which `item`, `key`, `position`, `error` and `message` are in.'),
  item: inBody.exactOptional(),
  key: inBody.exactOptional().describe('Without `each`: where the answer to one record has its key, where it shows nothing else of it.'),
  position: inBody.exactOptional().describe('Which of those sent it is about, from 0; without it, they come in order.'),
  error: inBody.exactOptional().describe('A code; where there is one, it was not done.'),
  message: inBody.exactOptional(),
});
const write = z.strictObject({ ...call, most: most.default(1), answer: results.default({}) });

const object = z.strictObject({
  label: words.exactOptional(),
  key: inBody.describe('Where the key is in a record.'),
  key_type: z.enum(['integer', 'uuid', 'text']),
  fields_at: inBody.exactOptional().describe('What all fields lie in; {fields} is what is in there.'),
  groups_merge: z
    .boolean()
    .exactOptional()
    .describe('The platform leaves members of a group that a write does not name as they are. Fields inside of groups are not written without it.'),
  fields: z.record(name, field),
  created: name.exactOptional().describe('The field that says when a record was made.'),
  modified: z.strictObject({ at: name, by: name.exactOptional() }).exactOptional().describe('The fields that say who wrote last, and when.'),
  list,
  changed: list.exactOptional().describe('The same, only of what was written at or after {since}.'),
  counted: z
    .strictObject({ created: counting.exactOptional(), changed: counting.exactOptional() })
    .exactOptional()
    .describe('How many were made, or written last, from {from} until before {to}; {last} is the last second of that time.'),
  read: readByKeys,
  create: write.exactOptional(),
  update: write.exactOptional(),
  delete: write.exactOptional(),
  create_with_key: z.boolean().default(false),
  side_effects: z.array(words).default([]).describe('What a write sets off, in sentences.'),
  page: z.string().exactOptional().describe('Path of the page on which people see a record, with {key}.'),
});

const secret = z.string().describe('A name under credentials.').default('token');
const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bearer'), credential: secret }),
  z.strictObject({ kind: z.literal('header'), header: z.string().regex(/^[\w-]+$/u), before: z.string().default(''), credential: secret }),
  z.strictObject({ kind: z.literal('basic'), user: z.string().default('user'), password: z.string().default('password') }),
  z.strictObject({ kind: z.literal('query'), parameter: z.string().regex(/^[\w.-]+$/u), credential: secret }),
  z.strictObject({
    kind: z.literal('client-credentials').describe('OAuth: a token is fetched with id and secret, and again when it has expired.'),
    token: path.describe('The path that gives tokens.'),
    id: z.string().default('id'),
    secret: z.string().default('secret'),
    scope: words.exactOptional(),
    in: z.enum(['basic', 'body']).default('basic').describe('How id and secret are sent.'),
  }),
]);

/** A whole description. */
export const descriptionForm = z.strictObject({
  version: z.literal(1),
  name: words.describe('Of the platform, for people.'),
  auth,
  account: z.strictObject({
    get: path,
    id: inBody.exactOptional().describe('Where its id is; without it, the address stands for it.'),
    label: inBody.exactOptional(),
  }),
  limits: z
    .strictObject({
      requests: most.default(100),
      per: z
        .string()
        .regex(/^\d+(ms|s|m)$/u, 'a time such as 10s')
        .default('10s'),
      concurrency: z.int().min(1).max(64).default(4),
      left: z.string().exactOptional().describe('Header that says how many requests are left now.'),
      left_today: z.string().exactOptional().describe('Header that says how many are left today.'),
      used_up: z.array(literal).default([]).describe('Codes of a 429 after which waiting does not help today.'),
    })
    .prefault({}),
  errors: z
    .strictObject({
      code: inBody.exactOptional(),
      message: inBody.exactOptional(),
      id: inBody.exactOptional().describe('What its support asks for.'),
      field: inBody.exactOptional(),
      reasons: z.record(z.string(), z.enum(REASONS)).default({}).describe('What codes mean.'),
      later: z.array(literal).default([]).describe('Codes that mean: not done, try again later.'),
      absent: z.array(literal).default([]).describe('Codes that mean that a record is not there, where the status is not 404.'),
    })
    .prefault({}),
  empty_is_null: z.boolean().default(false).describe('It knows no difference between an empty text and none.'),
  objects: z.record(z.string().regex(/^[\w.-]+$/u), object),
});

export type Description = z.infer<typeof descriptionForm>;
export type ObjectDescription = Description['objects'][string];
export type FieldDescription = ObjectDescription['fields'][string];
export type ListDescription = ObjectDescription['list'];
export type CountDescription = NonNullable<NonNullable<ObjectDescription['counted']>['created']>;
export type ReadDescription = ObjectDescription['read'];
export type WriteDescription = NonNullable<ObjectDescription['update']>;
export type CallDescription = Pick<ReadDescription, 'get' | 'post' | 'put' | 'patch' | 'delete' | 'query' | 'body'>;
