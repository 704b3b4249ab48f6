import { z } from 'zod';

import { durationSchema, SECRET_REF } from '../../workspace/index.js';
import { disturbanceSchema, proxySchema } from '../disturb/schema.js';
import { REFIRES } from '../triggers/facts.js';
import { parallelSchema, personaSchema } from './journey.js';

const id = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a lower-case id such as "webinar-load"');
const text = z.string().min(1, 'expected some text');
const count = z.int().min(0);

/** Most submissions of one run: each has a connection of its own, and this machine has only so many. */
const MOST_SUBMISSIONS = 2000;
const MOST_RECORDS = 10_000;

const url = z
  .string()
  .refine((value) => SECRET_REF.test(value) || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)), {
    error: 'expected an address such as https://staging.example.com/signup, or env:NAME where it is a secret',
  })
  .describe('Address of the intake, or env:, file:, command: or keychain: where it is a secret.');

const submitSchema = z
  .strictObject({
    url,
    environment: z.enum(['sandbox', 'staging']).describe('What it belongs to. There is no other value: nothing is ever submitted to production.'),
    method: z.enum(['POST', 'PUT']).default('POST'),
    headers: z.record(z.string(), z.string()).default({}).describe('Values may be env:, file:, command: or keychain: references.'),
    json: z.unknown().optional().describe('The body as JSON. {address}, {mark} and {n} in its texts are filled in.'),
    form: z.record(z.string(), z.string()).exactOptional().describe('The body as a web form sends it, likewise.'),
    acknowledged: z
      .array(z.int().min(200).max(399))
      .min(1)
      .exactOptional()
      .describe('Statuses that mean that it was taken; 200 to 299 unless given.'),
    answer_within: durationSchema.default('30s'),
    limit: z
      .strictObject({ count: z.int().positive(), per: durationSchema })
      .exactOptional()
      .describe('What the intake allows. Submissions are paced, so that this is never passed.'),
  })
  .describe('Where the submissions go.');

const loadSchema = z
  .strictObject({
    submit: submitSchema,
    count: z.int().positive().max(MOST_SUBMISSIONS).describe('Submissions in all.'),
    at_once: z.literal(true).exactOptional().describe('All within a tenth of a second.'),
    over: durationSchema.exactOptional().describe('From the first to the last.'),
    same_person_twice: z
      .string()
      .regex(/^([0-4]?\d(\.\d+)?|50)%$/, 'expected a percentage up to 50%')
      .default('0%')
      .describe('Share of the submissions that are the second one of a person who submits twice.'),
    addresses: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'expected a domain such as example.com')
      .default('example.com')
      .describe('Domain of the invented addresses. No mail should reach a real person there.'),
  })
  .describe('Many people submit at the same time.');

const arrivalSchema = z
  .strictObject({
    in: z
      .string()
      .regex(/^[^/\s]+\/\S+$/, 'expected a platform of runback.yml and an object type, such as crm/contacts')
      .describe('Platform and object type.'),
    address: text.describe('The field that holds the address.'),
    mark: text.describe('The field that holds what {mark} was filled in for.'),
  })
  .describe('Where each submission has to arrive.');

const expectSchema = z
  .strictObject({
    within: durationSchema.default('10m').describe('Longest time from the answer of the intake to the record.'),
    lost: count.default(0).describe('Most submissions that were acknowledged and are nowhere.'),
    doubled: count.default(0).describe('Most submissions whose person has more than one record.'),
    late: count.default(0),
    refused: count.default(0),
    unknown: count.default(0).describe('Most submissions of which nothing can be said.'),
    order: z.array(text).min(2).exactOptional().describe('The places, by their `in`, in the order in which each submission has to reach them.'),
  })
  .prefault({});

const common = {
  unchanged: z
    .array(text)
    .default([])
    .describe(
      'Fields that have to stay as they were: of the other side, or of a side by its name, such as crm.Rating. New records have to lack them.',
    ),
  moves: z
    .array(text)
    .default([])
    .describe('Likewise fields that have to change, such as the time of the last change. New records have to have them.'),
  within: durationSchema.default('5m').describe('Longest time until everything is there.'),
  settle: durationSchema.default('10s').describe('How long is waited before it is looked at once more.'),
};

const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);
const place = z
  .string()
  .regex(/^[^/\s]+\/\S+$/, 'expected a platform of runback.yml and an object type, such as crm/contacts')
  .describe('Platform and object type.');

/** By what a thing that was done is seen in another place. */
const shownBy = [
  z.strictObject({ counts: text.describe('A field of the same record, a number that grows by one each time.') }),
  z.strictObject({ in: place, about: text.describe('The field that holds the key of the record: each time one more record.') }),
  z.strictObject({ in: place, address: text.describe('The field that holds the address of the person: each time one more record.') }),
  z.strictObject({
    in: text.describe('A platform of runback.yml.'),
    shows: z
      .enum(['mail', 'task', 'email', 'call', 'meeting', 'note'])
      .describe('What the platform tells of having done about the person: each time one more.'),
  }),
] as const;

const filledValue = fieldValue.describe('{address}, {mark} and {n} in texts are filled in.');

const stepSchema = z.union(
  [
    z.strictObject({
      create: text.describe('The side of the mapping on which records are created.'),
      edge: z.boolean().default(true).describe('With values at the edges of what fits, and every option.'),
      ...common,
    }),
    z.strictObject({
      import: text.describe('The side of the mapping on which many records are created, in the largest batches that its platform takes.'),
      from: text
        .exactOptional()
        .describe('A CSV file of the workspace, a column for each field, a line for each record; invented values without it.'),
      edge: z.boolean().default(false).describe('Likewise.'),
      ...common,
    }),
    z.strictObject({
      submit: text.describe('The side of the mapping on which records come into being by what is submitted.'),
      to: submitSchema,
      makes: z
        .record(z.string(), filledValue)
        .describe('Fields that the record has to hold there then, its address and its mark among them, as the body has them.'),
      ...common,
    }),
    z.strictObject({
      activity: text.describe('The side of the mapping where something is done about each record.'),
      in: text.describe('The object type of that platform of which a record is made for each, such as Task.'),
      about: text.describe('Its field that holds the key of the record.'),
      set: z.record(z.string(), filledValue).default({}).describe('What else it is given.'),
      shown: z
        .union(shownBy, {
          error: 'expected { in: place, about: field }, { in: place, address: field }, { in: platform, shows: call } or { counts: field }',
        })
        .exactOptional()
        .describe('By what it is seen on the other side, once for each; without it, only what moves is looked at.'),
      ...common,
    }),
    z.strictObject({
      update: text.describe('A side of the mapping: on the one where the records were not created, their copies are changed.'),
      set: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
        .describe('Fields with their new values; each-option and each-edge give each record another one.'),
      ...common,
    }),
    z.strictObject({
      delete: text.describe('A side of the mapping: on the one where the records were not created, their copies are deleted.'),
      expect: z
        .enum(['deleted', 'inactive', 'kept'])
        .exactOptional()
        .describe('What becomes of the records of the other side; what the mapping says unless given.'),
      orphans: z
        .array(
          z.strictObject({
            in: z
              .string()
              .regex(/^[^/\s]+\/\S+$/, 'expected a side of the mapping and an object type, such as crm/Task')
              .describe('A side of the mapping, and an object type of its platform.'),
            field: text.exactOptional().describe('The field that holds the key of a record; links without it.'),
          }),
        )
        .default([])
        .describe('Where nothing may point to a deleted record any longer, on either side.'),
      ...common,
    }),
  ],
  {
    error:
      'expected { create: a side }, { import: a side }, { submit: a side, to: …, makes: … }, { activity: a side, in: …, about: … }, { update: a side, set: { field: value } } or { delete: a side }',
  },
);

const firesSchema = z
  .union(
    [
      z.strictObject({
        field: text.describe('A field of the same record, which gets a value.'),
        becomes: fieldValue.describe('The value that it gets.'),
        reset: fieldValue.default(null).describe('What the test writes there afterwards, so that the next time is seen.'),
      }),
      ...shownBy,
    ],
    {
      error:
        'expected { field: …, becomes: … }, { counts: field }, { in: place, about: field }, { in: place, address: field } or { in: platform, shows: mail }',
    },
  )
  .describe('By what it is seen that it fired.');

const triggerSchema = z
  .strictObject({
    on: text.describe('Whose changes set it off: a platform and an object type, such as crm/contacts, or a side of the mapping.'),
    address: text
      .exactOptional()
      .describe('The field with the address, by which records of the test are known; not where `on` is a side of a mapping.'),
    mark: text.exactOptional().describe('A text field that marks them too; likewise.'),
    with: z.record(z.string(), fieldValue).default({}).describe('What else a new record needs.'),
    when: text.describe('CEL over the fields of the record: score > 50'),
    refire: z
      .enum(REFIRES)
      .default('on_recross')
      .describe('When it fires again: never, each time it becomes true, or with every change while it is true.'),
    fires: firesSchema,
    within: durationSchema.default('5m').describe('Longest time until it has fired.'),
  })
  .describe('Something that an automation does when a condition becomes true.');
const canarySchema = z
  .strictObject({
    write: text.describe('The side of the mapping that is written to.'),
    key: text.describe('Key of the canary record there. It is the only record that is ever written to.'),
    known_by: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .describe('Fields of it with the very values that they hold, its address among them; one has runback-canary in it.'),
    field: text.describe('The one text field that is written to. Nothing else may use it.'),
    holds: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .default({})
      .describe('Fields that have to hold these values before each write: how a platform without consent fields says that nobody is mailed.'),
    moves: z.array(text).default([]).describe('Other fields of it that its platform changes with each write, such as the time of the last change.'),
    arrives: z
      .strictObject({
        key: text.describe('Key of the copy on the other side.'),
        field: text.exactOptional().describe('Where the text arrives; what the mapping says unless given.'),
      })
      .describe('Where it has to arrive.'),
    within: durationSchema.default('5m').describe('Longest time until it is there.'),
  })
  .describe('The one permanent record of a flow, in production too: a text that changes with each run has to arrive on the other side.');

/** The format of a test of an integration. */
export const testSchema = z.strictObject({
  version: z.literal(1),
  id,
  title: text,
  load: loadSchema.exactOptional(),
  arrives: z.array(arrivalSchema).min(1).exactOptional(),
  disturb: z.array(disturbanceSchema).min(1).exactOptional(),
  proxy: proxySchema.exactOptional(),
  settle: durationSchema.default('10s').describe('Of a load or a trigger: how long is waited, after all is there, for what comes twice.'),
  expect: expectSchema,
  mapping: id.exactOptional().describe('The mapping whose sides are tested, by its id.'),
  records: z
    .strictObject({ count: z.int().positive().max(MOST_RECORDS).default(50) })
    .prefault({})
    .describe('Of a test with steps: how many records it creates.'),
  steps: z.array(stepSchema).min(1).exactOptional(),
  trigger: triggerSchema.exactOptional(),
  persona: personaSchema.exactOptional(),
  parallel: parallelSchema.exactOptional(),
  canary: canarySchema.exactOptional(),
});

export type TestDocument = z.output<typeof testSchema>;
export type CanaryDocument = z.output<typeof canarySchema>;
export type StepDocument = z.output<typeof stepSchema>;
