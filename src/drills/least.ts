/** What a repair had to read and write, in records. */
export interface RepairSizes {
  /** Records per object type when the evidence was taken. */
  readonly objects: Readonly<Record<string, number>>;
  /** Records whose live state and history had to be looked at. */
  readonly suspects: number;
  readonly updates: number;
  /**
   * Pairs of object types, in the order of `objects`, whose links carry labels that somebody defined in the account.
   */
  readonly labelled: readonly (readonly [string, string])[];
  /** Links to be written, all between the same two object types. */
  readonly links: number;
  /** Records that the damage created: looked at, and deleted. */
  readonly deletes: number;
  /** Links that the platform made by itself because of others, and that were taken away again. */
  readonly cutAgain: number;
  /** Records in the first batch of a restore. */
  readonly canary: number;
}

/** HubSpot's batch sizes: records, records with history, links read, links written. */
const SIZE = { records: 100, history: 50, linksRead: 1000, linksWritten: 2000 } as const;

/**
 * Fewest requests that an evidence snapshot, a plan with attribution, a restore and its verification can take with
 * HubSpot's batch sizes if what runback promises is kept: each suspect is looked at once with its history; each batch
 * is looked at just before it is written and once more after it, so that what the platform changed beside it is seen;
 * the first batch is small; an archive proves nothing, so it is looked up, and links to a record are looked at before
 * the record is deleted; what the platform linked by itself is taken away again, which answers nothing and is looked
 * at; in the end every change is read once more, and again just before the syncs start, since people may have taken
 * hours in between; and a link is planned only where both its ends are there. One request reads or writes links of all
 * kinds between two object types. They are read from the side with fewer records; HubSpot numbers a label differently
 * on the two sides and tells nowhere which numbers belong together, so that where there are labels one request more has
 * to learn that. Of each object type the fields are asked for, and those of each of the two kinds that are listed to whoever asks for them alone.
 */
export function leastRequests({ objects, labelled, suspects, updates, links, cutAgain, deletes, canary }: RepairSizes): number {
  const entries = Object.entries(objects);
  const sizes = entries.map(([, size]) => size);
  const calls = (count: number, size: number): number => Math.ceil(count / size);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const learns = (from: string, to: string): number => (labelled.some(([one, other]) => one === from && other === to) ? 1 : 0);
  const pairs = entries.flatMap(([from, some], index) =>
    entries.slice(index).map(([to, others]) => Math.min(calls(some, SIZE.linksRead), calls(others, SIZE.linksRead) + learns(from, to))),
  );
  const account = 2 + 3 * sizes.length + pairs.length;
  const evidence = sum(sizes.map((count) => calls(count, SIZE.records))) + sum(pairs);
  const linksLooked = calls(links, SIZE.linksRead);
  const ends = 2 * calls(links, SIZE.records);
  const plan = calls(suspects, SIZE.history) + calls(deletes, SIZE.history) + ends + linksLooked + (deletes > 0 ? sizes.length : 0);
  const batches = (count: number): number => (count === 0 ? 0 : 1 + calls(Math.max(0, count - canary), SIZE.records));
  const updated = updates === 0 ? 0 : 3 * batches(updates) + calls(updates, SIZE.records);
  const linked = 3 * linksLooked + calls(links, SIZE.linksWritten) + calls(cutAgain, SIZE.linksWritten) + calls(cutAgain, SIZE.linksRead);
  const deleted = deletes === 0 ? 0 : batches(deletes) * (3 + sizes.length) + 1 + calls(deletes, SIZE.records);
  const again = calls(updates, SIZE.records) + linksLooked + calls(deletes, SIZE.records);
  return account + evidence + plan + updated + linked + deleted + again;
}
