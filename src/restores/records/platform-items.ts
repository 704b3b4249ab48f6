import type { Mutation, Platform, PlatformSchema } from '../../connectors/index.js';
import { RunbackError } from '../../lib/index.js';
import type { LinkSchema, ObjectSchema } from '../../records/index.js';
import type { JournalItem } from './items.js';

/** The schema of an object type of the plan. Throws `object-unsupported` where it is missing. */
export function schemaOf(schema: PlatformSchema, object: string): ObjectSchema {
  const found = schema.objects.find((candidate) => candidate.object === object);
  if (found !== undefined) return found;
  throw new RunbackError('object-unsupported', `The plan has no schema of ${object}`, {
    state: 'Nothing was written for this object type.',
    next: 'Make a new plan: runback restore plan',
  });
}

/** The schema of a link kind between two object types. Throws `object-unsupported` where it is missing. */
export function linkOf(schema: PlatformSchema, kind: string, from: string, to: string): LinkSchema {
  const found = schema.links.find((link) => link.kind === kind && link.from === from && link.to === to);
  if (found !== undefined) return found;
  throw new RunbackError('object-unsupported', `The plan has no links ${kind} from ${from} to ${to}`, {
    state: 'Nothing was written for these links.',
    next: 'Make a new plan: runback restore plan',
  });
}

/** The mutation that an item of the journal stands for. */
export function mutationOf(schema: PlatformSchema, item: JournalItem): Mutation {
  switch (item.action) {
    case 'update':
      return { action: 'update', schema: schemaOf(schema, item.object), key: item.key, set: item.set, expect: item.replaced };
    case 'create':
      return { action: 'create', schema: schemaOf(schema, item.object), key: item.key, set: { ...item.set, ...item.given } };
    case 'delete':
      return { action: 'delete', schema: schemaOf(schema, item.object), key: item.key, expect: item.replaced };
    case 'undelete':
      return { action: 'undelete', schema: schemaOf(schema, item.object), key: item.key };
    case 'link':
    case 'unlink':
    default:
      return { action: item.action, link: linkOf(schema, item.link, item.fromObject, item.toObject), from: item.from, to: item.to };
  }
}

/** What a look at the platform needs. */
export interface Looking {
  readonly platform: Platform;
  readonly schema: PlatformSchema;
}
