import type { Platform, ReadRequest, RecordHistory } from '../../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { Link, LinkSchema, ObjectSchema, PlatformRecord } from '../../../records/index.js';
import { isNewKey } from '../../records/new-keys.js';

/** Records whose links are asked for in one call; the connector cuts it to the platform's size. */
export const LINK_KEYS = 1000;

/** What the platform says of some keys. */
export interface LiveRecords {
  readonly records: ReadonlyMap<string, PlatformRecord>;
  readonly history: ReadonlyMap<string, RecordHistory>;
  /** Old key to the key of the record it was merged into. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Those that can be undeleted, where that depends on the record and was asked; else all that are not there can. */
  readonly undeletable?: ReadonlySet<string>;
}

/**
 * Reads records by key, with history of the named fields where any are named. Keys that do not exist are missing from
 * the answer.
 */
export async function readLive(
  platform: Platform,
  schema: ObjectSchema,
  keys: readonly string[],
  historyOf: readonly string[],
  options: CallOptions,
  more: Pick<ReadRequest, 'historyMayLack'> = {},
): Promise<LiveRecords> {
  const { batch } = platform.connector.capabilities;
  const records = new Map<string, PlatformRecord>();
  const history = new Map<string, RecordHistory>();
  const aliases = new Map<string, string>();
  // A record that was never there has no key that the platform could be asked for.
  const known = keys.filter((key) => !isNewKey(schema, key));
  for (const some of chunksOf(known, historyOf.length > 0 ? batch.history : batch.read)) {
    const request = { schema, keys: some, ...(historyOf.length === 0 ? {} : { history: historyOf, ...more }) };
    for await (const answer of platform.connector.read(request, options)) {
      for (const record of answer.records) records.set(record.key, record);
      for (const [key, entries] of answer.history ?? []) history.set(key, entries);
      for (const [key, present] of answer.aliases ?? []) aliases.set(key, present);
    }
  }
  return { records, history, aliases };
}

/** All links of one kind that touch the keys on the given side. */
export async function readLiveLinks(
  platform: Platform,
  link: LinkSchema,
  side: 'from' | 'to',
  keys: readonly string[],
  options: CallOptions,
): Promise<readonly Link[]> {
  const links: Link[] = [];
  for (const some of chunksOf([...new Set(keys)], LINK_KEYS)) {
    const request = { link, ...(side === 'from' ? { fromKeys: some } : { toKeys: some }) };
    for await (const batch of platform.connector.readLinks(request, options)) links.push(...batch);
  }
  return links;
}
