import { type CallOptions, isRunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { ChangeBatch, ChangesRequest } from '../../connector.js';
import type { HubSpotApi } from '../wire/api.js';
import { LINK_READ_BATCH } from './associations.js';
import { changedKeys, countAll, letIndexCatchUp, modifiedProperty } from './changed.js';
import { KeyList } from './key-list.js';
import { KeySet } from './key-set.js';
import type { ReadSession } from './links.js';
import { mergedIdsOf, readByKeys, readKeys } from './read.js';

/** What a search found late, since HubSpot had not indexed it, is found by the next one. */
const OVERLAP_MS = 3_600_000;
/** How often it is looked again where what HubSpot counts does not fit. */
const ROUNDS = 4;

/**
 * What became of the records that were there at a time; see `Connector.readChanges`. Search finds what was written, by
 * its keys; the list of archived records and what was merged into others tell what is gone. Neither tells what was
 * erased for good, or brought back: so the records that ought to be there are counted against what HubSpot counts, and
 * where that does not fit, all of it is unclear.
 *
 * Requests: one for 200 changed records and one for 100 of them, one for 100 archived ones, and two.
 */
export async function* readChanges(
  api: HubSpotApi,
  request: ChangesRequest,
  session: ReadSession | undefined,
  lagMs: number,
  call: CallOptions,
): AsyncGenerator<ChangeBatch> {
  const { schema } = request;
  if (!schema.fields.some(({ name }) => name === modifiedProperty(schema))) {
    yield { unclear: 'HubSpot does not tell when they were changed' };
    return;
  }
  const known = new KeySet();
  for await (const keys of request.known) for (const key of keys) known.add(key);
  try {
    yield* new Changes(api, schema, known, request, call).rounds(lagMs, session);
  } catch (error) {
    // Not every object type can be searched, or lists what was archived.
    if (!isRunbackError(error, 'platform-rejected')) throw error;
    yield { unclear: error.message };
  }
}

/** One reading of what changed. */
class Changes {
  /** What was read and is there. */
  readonly #live = new Set<string>();
  /** What is no more, of what was known or read. */
  readonly #gone = new Set<string>();

  constructor(
    private readonly api: HubSpotApi,
    private readonly schema: ObjectSchema,
    private readonly known: KeySet,
    private readonly request: Pick<ChangesRequest, 'since' | 'most'>,
    private readonly call: CallOptions,
  ) {}

  async *rounds(lagMs: number, session: ReadSession | undefined): AsyncGenerator<ChangeBatch> {
    const { api, schema, call } = this;
    // Each round looks from the beginning: what was indexed late, or brought back, has an earlier time than the last round.
    const since = new Date(this.request.since.getTime() - OVERLAP_MS);
    for (let round = 1; ; round += 1) {
      await letIndexCatchUp(api, lagMs, call);
      const keys = await changedKeys(api, schema, since, lagMs, call);
      if (keys === undefined || keys.size > this.request.most) {
        yield { unclear: 'more of them have changed than a search gives, or than it is worth' };
        return;
      }
      yield* this.#read(keys);
      for await (const archived of readKeys(api, schema.object, call, true)) this.#lost(archived);
      const fresh = [...this.#live].filter((key) => !this.known.has(key));
      const expected = this.known.size + fresh.length - [...this.#gone].filter((key) => this.known.has(key)).length;
      const counted = await countAll(api, schema, call);
      if (counted === expected) {
        session?.keys.set(schema.object, this.#keysNow(fresh));
        yield { gone: [...this.#gone] };
        return;
      }
      if (counted === undefined || round === ROUNDS) {
        yield { unclear: `HubSpot counts ${counted ?? 'no'} records, and what it says of changes comes to ${expected}` };
        return;
      }
    }
  }

  /** Reads those that may have changed, in this round or an earlier one. */
  async *#read(keys: ReadonlySet<string>): AsyncGenerator<ChangeBatch> {
    const there = new Set<string>();
    for await (const { records } of readByKeys(this.api, this.schema, [...keys], {}, this.call)) {
      for (const { key } of records) {
        there.add(key);
        this.#live.add(key);
        this.#gone.delete(key);
      }
      yield { changed: records };
      await this.#mergedAway(records.flatMap((record) => mergedIdsOf(record).filter((id) => id !== record.key && this.known.has(id))));
    }
    this.#lost([...keys].filter((key) => !there.has(key)));
  }

  /** What a record says was merged into it is asked for: it is gone where HubSpot knows it by that key no more. */
  async #mergedAway(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const there = new Set<string>();
    for await (const { records } of readByKeys(this.api, this.schema, ids, {}, this.call)) for (const { key } of records) there.add(key);
    this.#lost(ids.filter((id) => !there.has(id)));
  }

  #lost(keys: readonly string[]): void {
    for (const key of keys) {
      if (!this.known.has(key) && !this.#live.has(key)) continue;
      this.#live.delete(key);
      this.#gone.add(key);
    }
  }

  /** The keys of all records, for reading their links. */
  #keysNow(fresh: readonly string[]): KeyList {
    const now = new KeyList(LINK_READ_BATCH);
    for (const key of this.known) if (!this.#gone.has(key)) now.add(key);
    for (const key of fresh.toSorted((a, b) => Number(a) - Number(b))) now.add(key);
    return now;
  }
}
