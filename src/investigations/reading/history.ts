import type { FieldChange, Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, chunksOf, defined, inOrder } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { PastWrite, Write } from '../types.js';

/** Requests that are under way at once. */
const READS_AT_ONCE = 4;

/**
 * Who wrote what to some records, batch by batch, by key. A key that is not there now is left out. Changes nothing.
 * `mayLack`: fields are asked for that may have no history.
 */
export async function* eachHistory(
  { connector }: Platform,
  schema: ObjectSchema,
  keys: readonly string[],
  fields: readonly string[],
  options: CallOptions,
  { mayLack = false }: { readonly mayLack?: boolean } = {},
): AsyncIterable<readonly (readonly [string, RecordHistory])[]> {
  if (keys.length === 0 || fields.length === 0) return;
  const request = (some: readonly string[]) => ({ schema, keys: some, history: fields, ...(mayLack ? { historyMayLack: true as const } : {}) });
  const read = async (some: readonly string[]): Promise<readonly (readonly [string, RecordHistory])[]> => {
    const told: (readonly [string, RecordHistory])[] = [];
    for await (const { history } of connector.read(request(some), options)) told.push(...(history ?? []));
    return told;
  };
  let done = 0;
  for await (const told of inOrder(chunksOf(keys, connector.capabilities.batch.history), READS_AT_ONCE, read)) {
    yield told;
    done += told.length;
    options.reporter?.progress({ task: `Asking who wrote ${schema.object}`, done, total: keys.length, unit: 'records' });
  }
}

/** The same of few records, all at once. */
export async function historiesOf(...what: Parameters<typeof eachHistory>): Promise<ReadonlyMap<string, RecordHistory>> {
  const found = new Map<string, RecordHistory>();
  for await (const told of eachHistory(...what)) for (const [key, history] of told) found.set(key, history);
  return found;
}

/** The writes of one field, oldest first, each with the value before it; of the oldest that is kept, `base` where it is later. */
export function writesOf(changes: readonly FieldChange[] | undefined): readonly (Write & { readonly atMs: number })[] {
  const oldestFirst = [...(changes ?? [])].reverse();
  return oldestFirst.flatMap((change, i) => {
    const atMs = Date.parse(change.at ?? '');
    // What only stood there is nobody's write: it is the value before the next one.
    if (Number.isNaN(atMs) || change.stood === true) return [];
    return [{ before: oldestFirst[i - 1]?.value, after: change.value, atMs, ...defined({ writer: change.writer, maker: change.maker }) }];
  });
}

/** Milliseconds within which a value counts as one that the record was made with. */
const MADE_WITHIN_MS = 60_000;
/** A history of fewer versions is complete: HubSpot keeps 20 of a property, 45 on contacts. */
const KEPT_VERSIONS = 20;

/** Writes from before a time, without those that the record was made with, or of which it is not known what was there before. */
export function pastWrites(object: string, key: string, { fields, created }: RecordHistory, beforeMs: number, drawn: boolean): readonly PastWrite[] {
  const madeMs = Date.parse(created?.at ?? '');
  return Object.entries(fields).flatMap(([field, changes]) =>
    writesOf(changes)
      .filter(({ atMs }, i) => i > 0 || changes.at(-1)?.stood === true || (changes.length < KEPT_VERSIONS && atMs > madeMs + MADE_WITHIN_MS))
      .filter(({ atMs }) => atMs < beforeMs)
      .map((write) => ({ ...write, object, key, field, drawn })),
  );
}
