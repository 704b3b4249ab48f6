import { invalidCrossReference, refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { unique } from './checks.js';
import { BIN_MS, type Deletion, LIMBO_MS, type Place, planDeletion } from './deletion.js';
import { wideId } from './ids.js';
import type { OrgState } from './org-state.js';
import { type StoredRecord, timeOf, type Writer } from './record.js';

/** The recycle bin: what was deleted, for 15 days, with what went with it. */
export class Bin {
  readonly deletions = new Map<number, Deletion>();
  /** When something of an object was last purged. */
  readonly purged = new Map<string, number>();
  #last = 0;

  constructor(private readonly org: OrgState) {}

  /** Deletes a live record, with what hangs on it. */
  remove(object: ObjectType, id: string, writer: Writer, at = this.org.now()): void {
    const { org } = this;
    if (!object.deletable) throw refused('CANNOT_DELETE_ENTITY', `entity type cannot be deleted: ${object.label}`);
    org.atomically(() => {
      const { id: wide } = org.held(object, id);
      org.unlocked(wide, writer);
      const deletion = planDeletion(org.schema, org.tables, { object: object.name, id: wide }, at);
      this.#last += 1;
      const number = this.#last;
      this.deletions.set(number, deletion);
      org.tables.undoing(() => this.deletions.delete(number));
      for (const place of deletion.members) this.#mark(place, number, writer, at);
      for (const { field, ...place } of deletion.cleared) this.#look(place, (held) => without(held, field));
      org.note('delete', object, wide, writer, at);
    });
  }

  /** Brings a record back under its id, with what went with it and the lookups that nobody has set since. */
  restore(id: string, writer: Writer): void {
    const { org } = this;
    const wide = wideId(id);
    const object = wide === undefined ? undefined : org.schema.ofId(wide);
    const held = object && wide !== undefined ? org.tables.get(object, wide) : undefined;
    if (!object || wide === undefined || !held) throw invalidCrossReference();
    if (!object.undeletable) throw refused('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', 'Entity type is not undeletable');
    const number = held.deletion ?? 0;
    const deletion = this.deletions.get(number);
    // What went with another is not in there by itself.
    if (deletion?.root.id !== wide || deletion.emptiedAt !== undefined) throw refused('UNDELETE_FAILED', 'Entity is not in the recycle bin');
    org.atomically(() => {
      const at = org.now();
      for (const place of deletion.members) this.#mark(place, undefined, writer, at);
      for (const { field, was, ...place } of deletion.cleared)
        this.#look(place, (found) => (found.values[field] === undefined ? { ...found, values: { ...found.values, [field]: was } } : found));
      org.note('undelete', object, wide, writer, at);
      this.deletions.delete(number);
      org.tables.undoing(() => this.deletions.set(number, deletion));
    });
  }

  /** Takes a record out of the bin; nothing brings it back. Throws where it is not in there. */
  purge(id: string, writer: Writer): void {
    const { org } = this;
    const wide = wideId(id);
    const object = wide === undefined ? undefined : org.schema.ofId(wide);
    const held = object && wide !== undefined ? org.tables.get(object, wide) : undefined;
    const number = held?.deletion ?? 0;
    const deletion = this.deletions.get(number);
    if (!object || !held || deletion?.root.id !== held.id || deletion.emptiedAt !== undefined)
      throw refused('INVALID_ID_FIELD', 'no recycle bin entry found');
    this.deletions.set(number, { ...deletion, emptiedAt: org.now() });
    org.tables.undoing(() => this.deletions.set(number, deletion));
    org.note('purge', object, held.id, writer, org.now());
  }

  /** Removes what has been in there for 15 days, or was taken out a day ago. */
  settle(): void {
    const now = this.org.clock.now().getTime();
    for (const [number, deletion] of this.deletions)
      if (Math.min(deletion.at + BIN_MS, (deletion.emptiedAt ?? Infinity) + LIMBO_MS) <= now) this.#empty(number, deletion);
  }

  load(deletions: Iterable<readonly [number, Deletion]>, purged: Iterable<readonly [string, number]>): void {
    this.deletions.clear();
    this.purged.clear();
    for (const [number, deletion] of deletions) this.deletions.set(number, deletion);
    for (const [object, at] of purged) this.purged.set(object, at);
    this.#last = Math.max(0, ...this.deletions.keys());
  }

  #empty(number: number, deletion: Deletion): void {
    for (const { object, id } of deletion.members) {
      this.org.tables.purge(this.org.schema.get(object), id);
      this.purged.set(object, this.org.clock.now().getTime());
    }
    this.deletions.delete(number);
  }

  #mark(place: Place, deletion: number | undefined, { userId }: Writer, at: number): void {
    const object = this.org.schema.get(place.object);
    const held = this.org.tables.get(object, place.id);
    if (!held) return;
    const stamp = { LastModifiedDate: timeOf(at), LastModifiedById: userId, SystemModstamp: timeOf(at) };
    // What comes back is merged into nothing any longer.
    const { MasterRecordId: _, ...own } = held.values;
    const record = { id: held.id, values: { ...own, ...(object.updateable ? stamp : {}) } };
    if (deletion === undefined) unique(this.org, object, record);
    this.org.tables.put(object, deletion === undefined ? record : { ...record, deletion });
  }

  #look(place: Place, change: (held: StoredRecord) => StoredRecord): void {
    const object = this.org.schema.get(place.object);
    const held = this.org.tables.get(object, place.id);
    if (held) this.org.tables.put(object, change(held));
  }
}

function without(held: StoredRecord, field: string): StoredRecord {
  const { [field]: _, ...values } = held.values;
  return { ...held, values };
}
