import type { Connector } from '../../connectors/index.js';
import { type CallOptions, chunksOf, type Clock } from '../../lib/index.js';
import { type Mapping, matchForm, matchIn } from '../../mappings/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import { type Copies, type Made, type TestedSides, valueIn } from './facts.js';

/**
 * Finds which records of the other side are copies of which of the test's: by the ways in which the mapping matches records, and by
 * what only the test writes. Pure.
 */
export class CopyFinder {
  readonly #byForm = new Map<string, number>();

  constructor(
    private readonly mapping: Mapping,
    private readonly sides: TestedSides,
    made: readonly Made[],
  ) {
    for (const one of made) for (const form of this.#formsOf(one.key, one.record, sides.from)) this.#byForm.set(form, one.n);
  }

  /** The number of the record that this one is a copy of; undefined where it is none of the test's. */
  whose(record: PlatformRecord): number | undefined {
    for (const form of this.#formsOf(record.key, record, this.sides.from === 0 ? 1 : 0)) {
      const n = this.#byForm.get(form);
      if (n !== undefined) return n;
    }
    return undefined;
  }

  *#formsOf(key: string, record: PlatformRecord, side: 0 | 1): Iterable<string> {
    for (const [way, said] of this.mapping.match.entries()) {
      const match = matchIn(said, this.sides.schemas);
      const name = match.names[side];
      const form = matchForm(match, name === 'key' ? key : valueIn(record, name));
      if (form !== undefined) yield `${way}:${form}`;
    }
    const { from, marker, nonce } = this.sides;
    for (const pair of [marker, nonce]) {
      const value = pair === undefined ? null : valueIn(record, side === from ? pair[0] : pair[1]);
      if (typeof value === 'string' && value !== '') yield `mark:${value.trim().toLowerCase()}`;
    }
  }
}

/** Where copies are read, and how they are known. */
export interface CopyReader {
  readonly connector: Connector;
  readonly schema: ObjectSchema;
  readonly finder: CopyFinder;
}

/** All copies there are, by reading every record of the other side. */
export async function readAllCopies({ connector, schema, finder }: CopyReader, call: CallOptions): Promise<Copies> {
  return await collected(connector.read({ schema }, call), finder);
}

/** Copies among what was written since: shows what has come, and proves nothing by what it lacks. */
export async function readRecentCopies({ connector, schema, finder }: CopyReader, changedSince: Date, call: CallOptions): Promise<Copies> {
  return await collected(connector.read({ schema, changedSince }, call), finder);
}

/** The copies of these keys; those that are no more are not among them. */
export async function readCopies({ connector, schema, finder }: CopyReader, keys: readonly string[], call: CallOptions): Promise<Copies> {
  const found = new Map<number, PlatformRecord[]>();
  for (const some of chunksOf(keys, connector.capabilities.batch.read))
    for (const [n, records] of await collected(connector.read({ schema, keys: some }, call), finder))
      found.set(n, [...byAge([...(found.get(n) ?? []), ...records])]);
  return found;
}

/** So many more than awaited, and everything is read: hardly more than what is needed. */
const MORE_THAN_NEEDED = 1.5;
const FEW = 100;
const DAY_MS = 86_400_000;

/**
 * The copies there are, as far as they can be: what is known by key, what was written since, and everything where that leaves one out that
 * should be there. Of a small account everything at once, which takes fewer requests. `awaited`: numbers that should have a copy.
 */
export async function readNeeded(
  reader: CopyReader,
  {
    keys,
    since,
    awaited,
    clock,
  }: { readonly keys: readonly string[]; readonly since: Date; readonly awaited: ReadonlySet<number>; readonly clock: Clock },
  call: CallOptions,
): Promise<Copies> {
  const { connector, schema } = reader;
  const total = await countWritten(reader, new Date(0), clock, call);
  if (total === undefined || total <= Math.max(awaited.size, keys.length) * MORE_THAN_NEEDED + FEW) return await readAllCopies(reader, call);
  const found = new Map<string, PlatformRecord>();
  for await (const { records } of connector.read({ schema, changedSince: since }, call)) for (const record of records) found.set(record.key, record);
  const others = keys.filter((key) => !found.has(key));
  for (const some of chunksOf(others, connector.capabilities.batch.read))
    for await (const { records } of connector.read({ schema, keys: some }, call)) for (const record of records) found.set(record.key, record);
  const copies = new Map<number, PlatformRecord[]>();
  for (const record of found.values()) {
    const n = reader.finder.whose(record);
    if (n !== undefined) copies.set(n, [...byAge([...(copies.get(n) ?? []), record])]);
  }
  // That a search does not show one proves nothing.
  return [...awaited].every((n) => copies.has(n)) ? copies : await readAllCopies(reader, call);
}

/** How many records were written since, in one request; undefined where the platform cannot be asked that. */
export async function countWritten(
  { connector, schema }: Omit<CopyReader, 'finder'>,
  since: Date,
  clock: Clock,
  call: CallOptions,
): Promise<number | undefined> {
  const to = new Date(clock.now().getTime() + DAY_MS);
  return (await connector.writtenBetween?.({ schema, from: since, to, most: 1 }, call))?.total;
}

async function collected(batches: AsyncIterable<{ readonly records: readonly PlatformRecord[] }>, finder: CopyFinder): Promise<Copies> {
  const found = new Map<number, Map<string, PlatformRecord>>();
  for await (const { records } of batches)
    for (const record of records) {
      const n = finder.whose(record);
      if (n === undefined) continue;
      // By key: what moves while pages are turned comes twice.
      const copies = found.get(n) ?? new Map<string, PlatformRecord>();
      found.set(n, copies.set(record.key, record));
    }
  return new Map([...found].map(([n, copies]) => [n, byAge([...copies.values()])]));
}

/** The one that was made first in front, whatever order they are read in: of two, it is the one that is judged. Keys that are numbers rise. */
function byAge(copies: readonly PlatformRecord[]): readonly PlatformRecord[] {
  return [...copies].sort((a, b) => a.key.length - b.key.length || (a.key < b.key ? -1 : 1));
}
