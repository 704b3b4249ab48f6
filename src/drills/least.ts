/** What a repair had to read and write, in records. */
export interface RepairSizes {
  /** Records per object type when the evidence was taken. */
  readonly objects: Readonly<Record<string, number>>;
  /** Records whose live state and history had to be looked at. */
  readonly suspects: number;
  readonly updates: number;
  /** Links to be written, and of how many kinds. */
  readonly links: number;
  readonly linkKinds: number;
  /** Records that the damage created: looked at, and deleted. */
  readonly deletes: number;
  /** Records in the first batch of a restore. */
  readonly canary: number;
}

/** HubSpot's batch sizes: records, records with history, links read, links written. */
const SIZE = { records: 100, history: 50, linksRead: 1000, linksWritten: 2000 } as const;

/**
 * Fewest requests that an evidence snapshot, a plan with attribution, a restore and its verification can take with HubSpot's batch sizes
 * if what runback promises is kept: each suspect is looked at once with its history; each batch is looked at just before it is written;
 * the first batch is small and read back; an archive proves nothing, so it is looked up, and links to a record are looked at before
 * the record is deleted; in the end every change is read once more.
 */
export function leastRequests({ objects, suspects, updates, links, linkKinds, deletes, canary }: RepairSizes): number {
  const sizes = Object.values(objects);
  const calls = (count: number, size: number): number => Math.ceil(count / size);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const pairs = sizes.flatMap((from, index) => sizes.slice(index).map((to) => calls(Math.min(from, to), SIZE.linksRead)));
  const account = 2 + sizes.length + pairs.length;
  const evidence = sum(sizes.map((count) => calls(count, SIZE.records))) + sum(pairs);
  const plan =
    calls(suspects, SIZE.history) +
    calls(deletes, SIZE.history) +
    (links > 0 ? calls(links / linkKinds, SIZE.linksRead) : 0) +
    (deletes > 0 ? sizes.length : 0);
  const batches = (count: number): number => (count === 0 ? 0 : 1 + calls(Math.max(0, count - canary), SIZE.records));
  const updated = updates === 0 ? 0 : 2 * batches(updates) + 1 + calls(updates, SIZE.records);
  const linked = links === 0 ? 0 : linkKinds * (2 * calls(links / linkKinds, SIZE.linksRead) + calls(links / linkKinds, SIZE.linksWritten));
  const deleted = deletes === 0 ? 0 : batches(deletes) * (3 + sizes.length) + 1 + calls(deletes, SIZE.records);
  return account + evidence + plan + updated + linked + deleted;
}
