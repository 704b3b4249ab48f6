import type { Connector } from '../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../lib/index.js';
import { type Mapping, matchForm } from '../../mappings/index.js';
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
    for (const [way, match] of this.mapping.match.entries()) {
      const name = match.names[side];
      const form = matchForm(match, name === 'key' ? key : valueIn(record, name));
      if (form !== undefined) yield `${way}:${form}`;
    }
    const { from, marker, nonce } = this.sides;
    for (const pair of [marker, nonce]) {
      const value = pair === undefined ? null : valueIn(record, side === from ? pair[0] : pair[1]);
      if (typeof value === 'string' && value !== '') yield `mark:${value.toLowerCase()}`;
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
      found.set(n, [...(found.get(n) ?? []), ...records]);
  return found;
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
  return new Map([...found].map(([n, copies]) => [n, [...copies.values()]]));
}
