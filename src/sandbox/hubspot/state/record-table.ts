import type { ObjectType } from './object-type.js';
import type { StoredRecord } from './record.js';
import type { PropertyValues } from './values.js';

/** The records of one object type: by id, in id order, by unique value. */
export class RecordTable {
  private readonly records = new Map<string, StoredRecord>();
  /** Every id ever given, ascending: ids only grow, so adding keeps the order. */
  private readonly order: number[] = [];
  private readonly unique = new Map<string, Map<string, string>>();
  /** Merged-away id to the id it went into. */
  readonly aliases = new Map<string, string>();
  live = 0;

  constructor(readonly type: ObjectType) {}

  add(record: StoredRecord): void {
    this.records.set(record.id, record);
    this.order.push(Number(record.id));
    if (record.archivedAt === undefined) {
      this.live += 1;
      this.claim(record, {}, record.values);
    }
  }

  /** The record of that id, archived or not, without following merges. */
  at(id: string): StoredRecord | undefined {
    return this.records.get(id);
  }

  /** Whether this very id is a live record: not archived, merged away or erased. */
  isLive(id: string): boolean {
    const record = this.records.get(id);
    return record !== undefined && record.archivedAt === undefined;
  }

  /** The live record behind an id; a merged-away id gives the record it went into. */
  find(id: string): StoredRecord | undefined {
    let current = id;
    for (let next = this.aliases.get(current); next !== undefined; next = this.aliases.get(current)) current = next;
    const record = this.records.get(current);
    return record?.archivedAt === undefined ? record : undefined;
  }

  /** Id of the live record that holds this unique value. */
  holder(property: string, value: string): string | undefined {
    return this.unique.get(property)?.get(value.trim().toLowerCase());
  }

  /** Moves a live record to other values and keeps the unique index right. */
  replaceValues(record: StoredRecord, values: PropertyValues): void {
    this.claim(record, record.values, values);
    record.values = values;
  }

  /** Takes a record out of the live ones; its unique values become free. */
  retire(record: StoredRecord, at: number): void {
    this.claim(record, record.values, {});
    record.archivedAt = at;
    this.live -= 1;
  }

  /** Makes an archived record live again. */
  revive(record: StoredRecord): void {
    record.archivedAt = undefined;
    this.live += 1;
    this.claim(record, {}, record.values);
  }

  /** Forgets a record wholly. */
  purge(record: StoredRecord, at: number): void {
    if (record.archivedAt === undefined) this.retire(record, at);
    this.records.delete(record.id);
  }

  /** Records with an id above `after`, ascending, live or archived; stops when the caller does. */
  *from(after: string | undefined, archived: boolean): Generator<StoredRecord> {
    for (let index = this.firstAbove(after === undefined ? -1 : Number(after)); index < this.order.length; index += 1) {
      const record = this.records.get(String(this.order[index]));
      if (record && (record.archivedAt !== undefined) === archived) yield record;
    }
  }

  /** Every record, archived ones too, by id. */
  *everything(): Generator<StoredRecord> {
    for (const id of this.order) {
      const record = this.records.get(String(id));
      if (record) yield record;
    }
  }

  private firstAbove(id: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.order[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private claim(record: StoredRecord, before: PropertyValues, after: PropertyValues): void {
    for (const [name, value] of this.uniqueValues(before)) {
      const index = this.unique.get(name);
      if (index?.get(value) === record.id) index.delete(value);
    }
    for (const [name, value] of this.uniqueValues(after)) {
      let index = this.unique.get(name);
      if (!index) this.unique.set(name, (index = new Map()));
      index.set(value, record.id);
    }
  }

  /** What no other record may hold, by property. A contact's further addresses count as addresses. */
  private *uniqueValues(values: PropertyValues): Generator<readonly [string, string]> {
    for (const [name, value] of Object.entries(values)) {
      if (name === 'hs_additional_emails') for (const address of value.split(';')) yield ['email', address.toLowerCase()];
      else if (this.type.properties.get(name)?.unique) yield [name, value.toLowerCase()];
    }
  }
}
