import { z } from 'zod';

import { SETTING_AREAS } from '../../connectors/index.js';
import { durationSchema } from '../../workspace/index.js';

const text = z.string().min(1, 'expected some text');
const name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a lower-case name such as "crm"');
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2027-01-31');
const field = z.string().regex(/^.+\.[^.]+$/u, 'expected an object type and a field, as in contacts.jobtitle');
const AREAS: readonly string[] = [...SETTING_AREAS, 'leak'];
const item = z
  .string()
  .regex(new RegExp(`^(?:${AREAS.join('|')})(?:[/*#].*)?$`, 'u'), `an item as the check names it, which begins with ${AREAS.join(', ')}`);

const acceptanceSchema = z
  .strictObject({
    item: item.describe(
      'What may differ, as the check names it: fields/contacts.jobtitle#length. Without # whatever is said of it; with * at the end everything that begins so.',
    ),
    reason: text.describe('Why that is right. Shown in every report.'),
    until: date.describe('The last day (UTC) on which it is accepted. From then on the difference fails the check.'),
    test: text.exactOptional().describe('Accepted only as long as the test environment says just this.'),
    production: text.exactOptional().describe('Accepted only as long as production says just this.'),
    unreadable: z.literal(true).exactOptional().describe('Accepts that it cannot be read, instead of a difference.'),
  })
  .describe('A difference that is meant to be, for a time.');

const leakSchema = z.union(
  [
    z.literal('off').describe('Nothing is written into the test environment, and a leak is not looked for.'),
    z.strictObject({
      settle: durationSchema.default('5m').describe('How long what flows on may take to reach production.'),
      mark: z
        .array(field)
        .min(1)
        .exactOptional()
        .describe('Texts that are marked, each on some record: contacts.jobtitle. One of each object type unless given.'),
      look_in: z.array(text).min(1).exactOptional().describe('Production platforms that are read. Every one of the same connector unless given.'),
    }),
  ],
  { error: 'expected off, or { settle: 5m, mark: [contacts.jobtitle], look_in: [crm] }' },
);

const checkSchema = z
  .strictObject({
    test: text.describe('The test environment: a platform of runback.yml that is no production.'),
    production: text.describe('The platform of runback.yml that it stands for. It is only read.'),
    objects: z.array(text).min(1).exactOptional().describe('Object types that are compared. Those of the two platforms in runback.yml unless given.'),
    areas: z
      .array(z.enum(SETTING_AREAS))
      .min(1)
      .default([...SETTING_AREAS])
      .describe('What is compared; everything unless given.'),
    accepted: z.array(acceptanceSchema).default([]).describe('Differences that are meant to be.'),
    leak: leakSchema.prefault({}).describe('Looks for a marker of the test environment in production.'),
  })
  .describe('One test environment and the production that it stands for.');

/** The format of parity.yml. */
export const paritySchema = z
  .strictObject({
    version: z.literal(1),
    checks: z.record(name, checkSchema).describe('Checks by name.'),
  })
  .describe('Which test environments have to be like production');

/** What {@link paritySchema} gives. */
export type ParityDocument = z.output<typeof paritySchema>;
export type ParityCheck = ParityDocument['checks'][string];
export type Acceptance = ParityCheck['accepted'][number];
