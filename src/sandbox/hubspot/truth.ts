import type { SandboxLink, TrueValues, Truth } from '../sandbox.js';
import { trueLinks, writtenValues } from './direct.js';
import type { List } from './state/lists/lists.js';
import type { Portal } from './state/portal.js';

/** The name under which lists stand beside the object types of the CRM. */
export const LISTS = 'lists';

/** The account in the terms of the seam: lists are an object type of it, and who is on a static one is a link. */
export function truthOf(portal: Portal): Truth {
  return {
    objects: [...portal.types.all().map(({ name }) => name), LISTS],
    record(object, key) {
      if (object === LISTS) return listValues(portal.lists.all().find(({ id }) => id === key));
      const type = portal.types.get(object);
      const record = portal.table(type).find(key);
      // A merged-away id leads to another record, which is not that one.
      return record?.id === key ? writtenValues(type, record) : undefined;
    },
    *records(object) {
      if (object === LISTS) {
        for (const list of portal.lists.all()) yield { key: list.id, values: listValues(list) ?? {} };
        return;
      }
      const type = portal.types.get(object);
      for (const record of portal.table(type).from(undefined, false)) yield { key: record.id, values: writtenValues(type, record) };
    },
    *links() {
      for (const { category, typeId, fromObject, from, toObject, to } of trueLinks(portal))
        yield { kind: `${category}-${String(typeId)}`, fromObject, from, toObject, to } satisfies SandboxLink;
      for (const { id, object, processing } of portal.lists.all()) {
        if (processing === 'DYNAMIC') continue;
        for (const [from] of portal.lists.members(id))
          yield { kind: 'list-member', fromObject: object, from, toObject: LISTS, to: id } satisfies SandboxLink;
      }
    },
  };
}

function listValues(list: List | undefined): TrueValues | undefined {
  if (!list) return undefined;
  const { name, object, processing, filterBranch } = list;
  return { name, object, processing, ...(filterBranch !== undefined && { filterBranch: JSON.stringify(filterBranch) }) };
}
