import { valueOf } from './computed.js';
import type { LinkTable } from './link-table.js';
import type { ObjectType } from './object-type.js';
import type { StoredRecord } from './record.js';

/** What the index knows of a record: how it was when it was last taken in. */
type Image = StoredRecord;

interface Pending {
  readonly visibleAt: number;
  readonly type: ObjectType;
  readonly image: Image | undefined;
  readonly id: string;
}

/** A search index that learns of each write only after a while, as HubSpot's does. Without a lag it keeps no copies. */
export class SearchIndex {
  private readonly pending: Pending[] = [];
  private taken = 0;
  private readonly images = new Map<string, Map<string, Image>>();
  /** The same in id order, until something else is taken in. */
  private readonly sorted = new Map<string, readonly Image[]>();

  constructor(
    readonly lagMs: number,
    private readonly live: (type: ObjectType) => Iterable<StoredRecord>,
    private readonly links: LinkTable,
  ) {}

  /** Notes a record that was written at `now`; an archived one leaves the index after the lag. */
  note(type: ObjectType, record: StoredRecord, now: number): void {
    if (this.lagMs === 0) return;
    const image = record.archivedAt === undefined ? { ...record } : undefined;
    this.pending.push({ visibleAt: now + this.lagMs, type, image, id: record.id });
  }

  /** Takes everything in at once, as if the lag had passed. */
  catchUp(): void {
    this.takeIn(Number.POSITIVE_INFINITY);
  }

  /** What a search at `now` looks through, in id order. */
  *records(type: ObjectType, now: number): Generator<StoredRecord> {
    if (this.lagMs === 0) {
      yield* this.live(type);
      return;
    }
    this.takeIn(now);
    let images = this.sorted.get(type.name);
    if (images === undefined) {
      images = [...(this.images.get(type.name)?.values() ?? [])].sort((a, b) => Number(a.id) - Number(b.id));
      this.sorted.set(type.name, images);
    }
    yield* images;
  }

  /** A value as the index knows it. */
  valueOf(type: ObjectType, record: StoredRecord, name: string): string | null {
    return valueOf(type, record, name, this.links);
  }

  private takeIn(until: number): void {
    for (let next = this.pending[this.taken]; next && next.visibleAt <= until; next = this.pending[this.taken]) {
      this.taken += 1;
      this.sorted.delete(next.type.name);
      let images = this.images.get(next.type.name);
      if (!images) this.images.set(next.type.name, (images = new Map()));
      if (next.image) images.set(next.id, next.image);
      else images.delete(next.id);
    }
    if (this.taken > 10_000) {
      this.pending.splice(0, this.taken);
      this.taken = 0;
    }
  }
}
