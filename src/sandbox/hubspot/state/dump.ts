import { z } from 'zod';

import { automationsForm } from '../../kit/automations/forms.js';
import type { PropertyDefinition } from '../properties/definition.js';
import type { Owner } from '../properties/owners.js';
import { flowForm } from './flows/flows.js';
import type { LinkType } from './link-types.js';
import { listsForm } from './lists/lists.js';
import type { ObjectType } from './object-type.js';
import type { Portal } from './portal.js';
import type { StoredRecord } from './record.js';

const source = z.object({ type: z.string(), id: z.string(), label: z.string().optional(), userId: z.number().optional() });
const values = z.record(z.string(), z.string());
const record = z.object({
  id: z.string(),
  createdAt: z.number(),
  createdBy: source,
  createdWith: values,
  filled: z.record(z.string(), source).default({}),
  values,
  updatedAt: z.number(),
  updatedBy: source,
  archivedAt: z.number().optional(),
  changes: z.array(z.object({ property: z.string(), value: z.string(), at: z.number(), source })),
  mergedIds: z.array(z.string()),
});
const definition = z.looseObject({ name: z.string(), type: z.string(), fieldType: z.string() });
const owner = z.looseObject({ id: z.string(), archived: z.boolean() });
const objectType = z.looseObject({
  name: z.string(),
  typeId: z.string(),
  properties: z.array(definition),
  records: z.array(record),
  aliases: z.array(z.tuple([z.string(), z.string()])),
});
const linkTypeSchema = z.looseObject({ from: z.string(), to: z.string(), typeId: z.number() });
const dumpSchema = z.object({
  version: z.literal(1),
  lastIds: z.object({ record: z.number(), linkType: z.number() }),
  blockedEmails: z.array(z.string()),
  /** Absent in dumps from before owners were kept: the account's own stay. */
  owners: z.array(owner).optional(),
  types: z.array(objectType),
  /** Absent, as the two after it, in dumps from before there were lists and automations. */
  lists: listsForm.optional(),
  automations: automationsForm.optional(),
  flows: z.array(z.tuple([z.string(), flowForm])).optional(),
  linkTypes: z.array(linkTypeSchema),
  /** Place of the link type in `linkTypes`, from, to. */
  links: z.array(z.tuple([z.number(), z.string(), z.string()])),
});

/** A whole account as JSON. The list of writes and the counts are not in it. */
export type PortalDump = z.infer<typeof dumpSchema>;

/** Everything the account holds, to be kept and loaded again. */
export function dumpPortal(portal: Portal): PortalDump {
  portal.automations.settle();
  const linkTypes = portal.links.allTypes();
  const place = new Map(linkTypes.map((type, index) => [type, index]));
  const links: [number, string, string][] = [];
  for (const { type, from, to } of portal.links.everything()) if (type.forward) links.push([place.get(type) ?? 0, from, to]);
  return {
    version: 1,
    lastIds: { ...portal.lastIds },
    blockedEmails: [...portal.blockedEmails],
    owners: [...portal.owners.values()].map((each) => ({ ...each })),
    types: portal.types.all().map((type) => {
      const table = portal.table(type);
      const { properties, aliases: names, ...rest } = type;
      return {
        ...rest,
        names,
        properties: [...properties.values()].map((each) => ({ ...each })),
        records: Array.from(table.everything(), plainRecord),
        aliases: [...table.aliases],
      };
    }),
    linkTypes: linkTypes.map((each) => ({ ...each })),
    links,
    lists: portal.lists.dump(),
    automations: portal.automations.dump(),
    flows: [...portal.flows.revisions],
  };
}

/**
 * Replaces everything the account holds. Throws a ZodError for JSON that is not a dump, before anything is replaced.
 */
export function loadPortal(portal: Portal, json: unknown): void {
  const dump = dumpSchema.parse(json);
  const owners = dump.owners ?? [...portal.owners.values()];
  // What a dump of an earlier version does not say of an object type is as it is today.
  const today = new Map(portal.types.all().map((type) => [type.name, type]));
  portal.clear();
  for (const { properties, records, aliases, ...rest } of dump.types) {
    const type = {
      answeredOnWrite: [],
      ...today.get(rest.name),
      ...rest,
      aliases: 'names' in rest ? rest.names : [],
      properties: new Map(properties.map((each) => [each.name, { dataSensitivity: 'non_sensitive', ...each } as unknown as PropertyDefinition])),
    } as unknown as ObjectType;
    portal.addType(type, false);
    const table = portal.table(type);
    for (const each of records) table.add({ ...each, archivedAt: each.archivedAt } as StoredRecord);
    for (const [merged, kept] of aliases) table.aliases.set(merged, kept);
    for (const stored of table.everything()) portal.onChange(type, stored);
  }
  const linkTypes = dump.linkTypes.map((each) => each as unknown as LinkType);
  for (const type of linkTypes) portal.links.addType(type);
  for (const [index, from, to] of dump.links) {
    const type = linkTypes[index];
    if (type) portal.links.add(type, from, to);
  }
  for (const email of dump.blockedEmails) portal.blockedEmails.add(email);
  for (const each of owners) portal.owners.set(each.id, each as unknown as Owner);
  Object.assign(portal.lastIds, dump.lastIds);
  if (dump.lists) portal.lists.load(dump.lists);
  portal.automations.load(dump.automations);
  for (const [id, revision] of dump.flows ?? []) portal.flows.revisions.set(id, revision);
}

const plainRecord = (stored: StoredRecord): z.infer<typeof record> => {
  const { archivedAt, ...rest } = stored;
  return { ...rest, changes: [...stored.changes], ...(archivedAt !== undefined && { archivedAt }) };
};
