import type { CallOptions } from '../../lib/index.js';
import type { PlatformRecord } from '../../records/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import type { CheckNote, NotedPlace } from '../ledger.js';
import { type Kept, merged, mergedInto } from './kept.js';
import { type Found, ownershipOf, type Side } from './own.js';
import { touchedAmong } from './touched.js';

/**
 * What people merged with records of a run, by the key of the record that stayed: one of the run into which others were merged, and one
 * of somebody else into which a record of the run was.
 */
export async function mergedAmong(
  note: CheckNote,
  at: NotedPlace,
  side: Side,
  { ours, others }: Found,
  call: CallOptions,
): Promise<ReadonlyMap<string, Kept>> {
  const kept = new Map<string, Kept>();
  // Where the history of a record tells that others were merged into it, that record bears a text of the run.
  for (const [key, { because }] of await touchedAmong(side, others, call)) if (because === 'merged') kept.set(key, mergedInto(key));
  const { connector } = side.platform;
  const since = new Date(Date.parse(note.startedAt) - CLOCK_MARGIN_MS);
  const away = (await connector.mergedAway?.(side.schema, since, call)) ?? [];
  if (away.length === 0) return kept;
  const into = new Map(away.map((one) => [one.record.key, one.into]));
  const [whose, own] = [ownershipOf(note, at), new Set(ours.map(({ key }) => key))];
  const foreign = new Set<string>();
  for (const { record } of away) {
    const key = nowOf(record.key, into);
    if (own.has(key)) kept.set(key, merged(key));
    else if (whose(record) !== 'no') foreign.add(key);
  }
  for (const { key } of await thereOf(side, [...foreign], call)) kept.set(key, mergedInto(key));
  return kept;
}

/** Which record one is part of by now; a record that was merged may have been taken in with what it was merged into. */
function nowOf(key: string, into: ReadonlyMap<string, string>): string {
  const seen = new Set<string>();
  let at = key;
  for (let next = into.get(at); next !== undefined && !seen.has(next); next = into.get(at)) {
    seen.add(next);
    at = next;
  }
  return at;
}

async function thereOf({ platform: { connector }, schema }: Side, keys: readonly string[], call: CallOptions): Promise<readonly PlatformRecord[]> {
  const there: PlatformRecord[] = [];
  if (keys.length > 0) for await (const { records } of connector.read({ schema, keys }, call)) there.push(...records);
  return there;
}
