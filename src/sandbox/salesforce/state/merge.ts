import { ApiFailure, refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Bin } from './bin.js';
import { checkRecord } from './checks.js';
import type { OrgState } from './org-state.js';
import { type StoredRecord, timeOf, type Writer } from './record.js';

const MERGEABLE = ['Account', 'Contact', 'Lead'];

/**
 * Merges a record into another, which keeps its values: what refers to the first refers to the second from now on, and
 * stays so even if the first, which goes to the recycle bin, comes back. Throws for objects that cannot be merged.
 */
export function merge(org: OrgState & { readonly bin: Bin }, object: ObjectType, key: string, into: string, writer: Writer): void {
  if (!MERGEABLE.includes(object.name)) throw refused('INVALID_OPERATION', `entity type cannot be merged: ${object.label}`);
  org.atomically(() => {
    const [lost, kept] = [org.held(object, key), org.held(object, into)];
    if (lost.id === kept.id) throw refused('INVALID_OPERATION', 'cannot merge a record with itself');
    const at = org.now();
    for (const { child, field } of org.schema.childrenOf(object.name))
      for (const id of org.tables.byValue(child, field.name, lost.id)) {
        const held = org.tables.live(child, id);
        if (held) hand(org, child, stamped({ ...held, values: { ...held.values, [field.name]: kept.id } }, writer, at), held, writer);
      }
    org.bin.remove(object, lost.id, writer, at);
    const deleted = org.tables.get(object, lost.id);
    if (deleted) org.tables.put(object, { ...deleted, values: { ...deleted.values, MasterRecordId: kept.id } });
    const winner = org.tables.get(object, kept.id);
    if (winner) org.tables.put(object, stamped(winner, writer, at));
  });
}

/** What the other record has already, a place on the same campaign, goes with the one that is lost. */
function hand(org: OrgState, child: ObjectType, record: StoredRecord, held: StoredRecord, writer: Writer): void {
  try {
    checkRecord(org, child, record, held.values, writer);
    org.tables.put(child, record);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.errorCode !== 'DUPLICATE_VALUE') throw error;
  }
}

const stamped = (record: StoredRecord, { userId }: Writer, at: number): StoredRecord => ({
  ...record,
  values: { ...record.values, LastModifiedDate: timeOf(at), LastModifiedById: userId, SystemModstamp: timeOf(at) },
});
