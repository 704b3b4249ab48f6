import { z } from 'zod';

import { automationsForm } from '../../kit/automations/forms.js';
import { descriptionForm } from '../schema/description.js';
import { Schema } from '../schema/schema.js';
import { setOptions } from './options.js';
import type { Org } from './org.js';
import { Tables } from './tables.js';

const place = { object: z.string(), id: z.string() };
const record = z.object({
  id: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  deletion: z.number().optional(),
});
const deletion = z.object({
  at: z.number(),
  root: z.object(place),
  members: z.array(z.object(place)),
  cleared: z.array(z.object({ ...place, field: z.string(), was: z.string() })),
  emptiedAt: z.number().exactOptional(),
});
const dumpForm = z.object({
  version: z.literal(1),
  platform: z.literal('salesforce'),
  pod: z.string(),
  description: descriptionForm,
  options: z.array(z.tuple([z.string(), z.string(), z.array(z.string())])),
  lastIds: z.array(z.tuple([z.string(), z.number()])),
  records: z.array(z.tuple([z.string(), z.array(record)])),
  deletions: z.array(z.tuple([z.number(), deletion])),
  purged: z.array(z.tuple([z.string(), z.number()])),
  automations: automationsForm.optional(),
});

/** A whole account as JSON. The list of writes, the counts and the sessions are not in it. */
export type OrgDump = z.infer<typeof dumpForm>;

/** Everything the account holds, to be kept and loaded again. */
export function dumpOrg(org: Org): OrgDump {
  const automations = org.automations.dump();
  org.bin.settle();
  return {
    version: 1,
    platform: 'salesforce',
    pod: org.facts.pod,
    description: org.description,
    options: org.options.map(([object, field, options]) => [object, field, [...options]]),
    lastIds: [...org.lastIds],
    records: org.schema.all().map((object) => [
      object.name,
      Array.from(org.tables.all(object), ({ id, values, deletion: number }) => ({
        id,
        values: { ...values },
        ...(number !== undefined && { deletion: number }),
      })),
    ]),
    deletions: [...org.bin.deletions].map(([number, each]) => [number, { ...each, members: [...each.members], cleared: [...each.cleared] }]),
    purged: [...org.bin.purged],
    automations,
  };
}

/** Replaces everything the account holds. Throws a ZodError for JSON that is no dump of one, before anything is replaced. */
export function loadOrg(org: Org, json: unknown): void {
  const dump = dumpForm.parse(json);
  if (dump.pod !== org.facts.pod) throw new RangeError(`The account is on another instance: its ids have ${dump.pod}, not ${org.facts.pod}`);
  const schema = new Schema(dump.description, org.facts.pod);
  const tables = new Tables();
  for (const [name, records] of dump.records) {
    const object = schema.get(name);
    for (const { deletion: number, ...each } of records) tables.put(object, number === undefined ? each : { ...each, deletion: number });
  }
  org.description = dump.description;
  org.schema = schema;
  tables.onSet = org.tables.onSet;
  org.tables = tables;
  org.options = [];
  for (const [object, field, options] of dump.options) setOptions(org, object, field, options);
  org.lastIds.clear();
  for (const [prefix, n] of dump.lastIds) org.lastIds.set(prefix, n);
  org.bin.load(dump.deletions, dump.purged);
  org.automations.load(dump.automations);
}
