import { refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Schema } from '../schema/schema.js';
import type { StoredRecord } from './record.js';
import type { Tables } from './tables.js';

/** How long the recycle bin keeps what is in it, and how long it takes until what was taken out is gone. */
export const BIN_MS = 15 * 86_400_000;
export const LIMBO_MS = 86_400_000;

/** A record by its object. */
export interface Place {
  readonly object: string;
  readonly id: string;
}

/** What one delete took: the record, what went with it, and the lookups that were emptied. */
export interface Deletion {
  readonly at: number;
  readonly root: Place;
  /** With the root, which is the first. */
  readonly members: readonly Place[];
  readonly cleared: readonly (Place & { readonly field: string; readonly was: string })[];
  /** When it was taken out of the bin: nothing brings it back, and queries that tell what was deleted still do so for a while. */
  readonly emptiedAt?: number;
}

/** Works out what a delete takes; throws where one of the relationships does not allow it. */
export function planDeletion(schema: Schema, tables: Tables, root: Place, at: number): Deletion {
  const members = new Map<string, Place>([[root.id, root]]);
  const cleared: (Place & { readonly field: string; readonly was: string })[] = [];
  for (const { object, id } of members.values()) {
    for (const { child, field } of schema.childrenOf(object)) {
      if (field.onParentDelete === 'keep') continue;
      for (const childId of tables.byValue(child, field.name, id)) {
        const record = tables.live(child, childId);
        if (!record || members.has(childId)) continue;
        if (field.onParentDelete === 'restrict') throw inTheWay(schema.get(object), tables, id, child, record);
        if (field.onParentDelete === 'clear') cleared.push({ object: child.name, id: childId, field: field.name, was: id });
        else if (object === 'Account' && child.name === 'Opportunity' && record.values.IsWon === true)
          throw inTheWay(schema.get(object), tables, id, child, record);
        else members.set(childId, { object: child.name, id: childId });
      }
    }
  }
  return { at, root, members: [...members.values()], cleared: cleared.filter(({ id }) => !members.has(id)) };
}

function inTheWay(object: ObjectType, tables: Tables, id: string, child: ObjectType, { values }: StoredRecord): Error {
  const name = String(tables.get(object, id)?.values.Name ?? id);
  return refused(
    'DELETE_FAILED',
    `Your attempt to delete ${name} could not be completed because it is associated with the following ${child.labelPlural.toLowerCase()}.: ${String(values.Name ?? values.Id)}\n`,
  );
}
