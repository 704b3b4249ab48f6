import { z } from 'zod';

import { durationSchema } from '../../workspace/index.js';
import { AS_FORM } from './kinds.js';

const id = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a lower-case id such as "contacts"');
const text = z.string().min(1, 'expected some text');
/** Name of a side: a word of its own within the file. */
const side = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'letters, digits, "-" and "_", beginning with a letter');

const as = z.string().min(1).describe(`What kind of value it is, so that two forms of one value count as the same: ${AS_FORM}.`);

const option = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const fieldSchema = z
  .object({
    authority: text.exactOptional().describe('The side whose value counts: it is written to the other side, never back.'),
    two_way: text.exactOptional().describe('Both sides may change it: why that has to be so, in words.'),
    wins: text.exactOptional().describe('With two_way: whose value stays when both were changed: newest, person, or the name of a side.'),
    as: as.exactOptional(),
    values: z
      .record(z.string(), z.union([option, z.array(option).min(1)], { error: 'expected an option of the other side, or a list of them' }))
      .exactOptional()
      .describe('Options of the first side with those of the second: { New: NEW, Working: [OPEN, IN_PROGRESS] }; of a list, the first is written.'),
    blank: z
      .enum(['keep', 'clear', 'refuse'])
      .default('clear')
      .describe('What an empty value of the authority means: keep what the other side has, clear it too, or it is never right.'),
    max: z.int().positive().exactOptional().describe('Most characters that are carried over; what is longer is cut.'),
    type: z
      .enum(['string', 'boolean', 'integer', 'number', 'date', 'datetime', 'time', 'enum', 'set', 'json', 'bytes', 'other'])
      .exactOptional()
      .describe('The type that both sides have to have.'),
    settle: durationSchema.exactOptional().describe('How long a change may take to get over, where that is not what the mapping says.'),
    frequency: durationSchema.exactOptional().describe('How often it is carried over.'),
    note: text.exactOptional().describe('For people.'),
  })
  .catchall(z.unknown())
  .describe('One field: its name on both sides, and which side counts.');

/** The format of a mapping. */
export const mappingSchema = z
  .strictObject({
    version: z.literal(1),
    id,
    title: text.exactOptional(),
    between: z
      .record(side, z.string().regex(/^[^/]+\/.+$/u, 'expected an object type of a platform, as in hubspot/contacts'))
      .describe('The two sides, each by a name of its own: { crm: salesforce/Contact, map: hubspot/contacts }. Platforms are those of runback.yml.'),
    creates: z.array(text).exactOptional().describe('The sides on which records are created: [map]. Without it, every side that is written to.'),
    syncs: z.array(text).min(1).exactOptional().describe('The syncs of runback.yml that carry it. Without it, those that write to a side of it.'),
    match: z
      .array(z.object({ as: as.exactOptional() }).catchall(z.unknown()))
      .min(1)
      .describe('How a record of one side is found on the other, tried in order: [{ crm: HubSpotId__c, map: key }]. key is the key of the record.'),
    settle: durationSchema.default('5m').describe('How long a change may take to get over: what differs for less is no difference.'),
    on_delete: z
      .record(side, text)
      .default({})
      .describe('What becomes of the other record when one is deleted: { crm: inactive in map }; deleted, inactive or kept.'),
    inactive: z
      .record(side, z.record(z.string(), option))
      .default({})
      .describe('How an inactive record of a side looks: { map: { hs_lead_status: UNQUALIFIED } }.'),
    fields: z.array(fieldSchema).min(1),
    note: text.exactOptional().describe('For people.'),
  })
  .describe('A mapping of runback: which records and fields of two platforms belong together, and which side counts.');

/** What {@link mappingSchema} gives. */
export type MappingDocument = z.output<typeof mappingSchema>;
export type FieldDocument = MappingDocument['fields'][number];
