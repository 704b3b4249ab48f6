import type { CallOptions } from '../../../lib/index.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import type { WireObject } from '../wire/shapes.js';
import { piecesOf, rowsOf } from './query.js';
import { keyOf } from './records.js';

/** What became of some records; those that are nowhere here are gone. */
export interface Fates {
  readonly live: ReadonlySet<string>;
  /** In the recycle bin, and not because they were merged. */
  readonly deleted: ReadonlySet<string>;
  /** Merged away, with the live record that they are part of now. */
  readonly merged: ReadonlyMap<string, string>;
}

/** How often a record that took in others may have been merged itself. */
const MOST_MERGES = 10;

/** Asks a query that sees the recycle bin. No request for no keys. */
export async function fatesOf(api: SalesforceApi, wire: WireObject, keys: readonly string[], call: CallOptions): Promise<Fates> {
  const live = new Set<string>();
  const deleted = new Set<string>();
  const into = new Map<string, string>();
  const has = (name: string): boolean => wire.fields?.some((field) => field.name === name) === true;
  const names = ['Id', ...['IsDeleted', 'MasterRecordId'].filter(has)];
  for (let open = keys.filter((key) => wholeId(key) === key), merges = 0; open.length > 0 && merges < MOST_MERGES; merges += 1) {
    const masters = new Set<string>();
    for (const piece of piecesOf(api, { names, object: wire.name, all: has('IsDeleted') }, 'Id', open))
      for await (const { rows } of rowsOf(api, piece, call))
        for (const row of rows) {
          const key = keyOf(api, row);
          const master = row['IsDeleted'] === true && typeof row['MasterRecordId'] === 'string' ? wholeId(row['MasterRecordId']) : undefined;
          if (row['IsDeleted'] !== true) live.add(key);
          else if (master === undefined) deleted.add(key);
          else masters.add(into.set(key, master).get(key) ?? master);
        }
    open = [...masters].filter((key) => !live.has(key) && !deleted.has(key) && !into.has(key));
  }
  const merged = new Map(keys.flatMap((key) => aliasOf(key, into, live)));
  return { live, deleted, merged };
}

/** A key that leads to a live record. */
function aliasOf(key: string, into: ReadonlyMap<string, string>, live: ReadonlySet<string>): readonly (readonly [string, string])[] {
  let present = into.get(key);
  for (let merges = 0; present !== undefined && merges < MOST_MERGES; merges += 1) {
    if (live.has(present) && present !== key) return [[key, present]];
    present = into.get(present);
  }
  return [];
}
