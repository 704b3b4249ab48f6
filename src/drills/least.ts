/** What a repair had to read and write at least, in records. */
export interface RepairSizes {
  /** Records per object type when the evidence was taken. */
  readonly objects: Readonly<Record<string, number>>;
  /** Records whose live state and history had to be looked at. */
  readonly suspects: number;
  readonly updates: number;
  readonly deletes: number;
  readonly links: number;
}

/** HubSpot's batch sizes: list and batch calls, reads with history, links read, links written. */
const SIZE = { records: 100, history: 50, linksRead: 1000, linksWritten: 2000 } as const;

/**
 * Fewest requests that an evidence snapshot, a plan with attribution, a checked restore and its verification can take with HubSpot's
 * batch sizes: who am I, the schema, every record and link once; each suspect once with history; each change looked at, written, and
 * looked at again.
 */
export function leastRequests({ objects, suspects, updates, deletes, links }: RepairSizes): number {
  const sizes = Object.values(objects);
  const calls = (count: number, size: number): number => Math.ceil(count / size);
  const pairs = sizes.flatMap((from, index) => sizes.slice(index).map((to) => calls(Math.min(from, to), SIZE.linksRead)));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const schema = sizes.length + pairs.length;
  const evidence = sum(sizes.map((count) => calls(count, SIZE.records))) + sum(pairs);
  const plan = calls(suspects, SIZE.history) + calls(links, SIZE.linksRead);
  const written = (count: number): number => 3 * calls(count, SIZE.records);
  const linked = 2 * calls(links, SIZE.linksRead) + calls(links, SIZE.linksWritten);
  return 1 + schema + evidence + plan + written(updates) + written(deletes) + linked;
}
