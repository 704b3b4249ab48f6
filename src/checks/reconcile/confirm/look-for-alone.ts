import { type CallOptions, canonicalJson, chunksOf } from '../../../lib/index.js';
import { otherSide, type SideIndex } from '../../../mappings/index.js';
import { sourceSides, mayBeAlone } from '../rows/alone.js';
import type { Comparison } from '../rows/columns.js';
import type { Difference } from '../types.js';
import type { LiveSide } from './live-side.js';
import { LOOKS } from './look-at-pairs.js';
import { type Open, type OpenAlone, type OpenPair, seenAgain } from './open-candidates.js';
import { type AloneNow, aloneNow, Wanted } from './wanted.js';

const KEYS_AT_ONCE = 1000;

/** The records of one side that are alone, as they are now, each with what is known of it. */
type AloneBySide = readonly [Map<string, AloneNow & { readonly open: OpenAlone }>, Map<string, AloneNow & { readonly open: OpenAlone }>];

/**
 * Looks for counterparts of the records that had none: among those of the other side that have none either, among what
 * changed there since the snapshot, and by key where they name one. Gives the pairs that were found, which nobody has
 * compared yet; what is still alone, and was so before, is confirmed.
 */
export async function lookForAlone(
  open: Open,
  comparison: Comparison,
  sides: readonly [LiveSide, LiveSide],
  call: CallOptions,
): Promise<readonly OpenPair[]> {
  const now = await readAlone(open, comparison, sides, call);
  if (now[0].size + now[1].size === 0) return [];
  const merged = new Map<string, string>();
  const wanted = [new Wanted(now[1].values()), new Wanted(now[0].values())] as const;
  for (const side of [0, 1] as const) {
    if (now[otherSide(side)].size === 0) continue;
    for (const one of now[side].values()) wanted[side].note(one);
    await search(side, wanted[side], comparison, { sides, now, merged }, call);
  }
  return judged(open, comparison, now, wanted, merged);
}

/** What has no counterpart, read anew; what is gone, or may stand alone by now, is settled. */
async function readAlone(open: Open, comparison: Comparison, sides: readonly [LiveSide, LiveSide], call: CallOptions): Promise<AloneBySide> {
  const now: AloneBySide = [new Map(), new Map()];
  const mayStay = [mayBeAlone(comparison.mapping, 0), mayBeAlone(comparison.mapping, 1)] as const;
  const all = open.alone;
  open.alone = [];
  for (const side of [0, 1] as const)
    for (const some of chunksOf(
      all.filter((one) => one.side === side),
      KEYS_AT_ONCE,
    )) {
      const { records } = await sides[side].byKey(
        some.map(({ key }) => key),
        call,
      );
      for (const one of some) {
        const record = records.get(one.key);
        if (record === undefined || mayStay[side](record)) open.settled += 1;
        else if (!now[side].has(one.key)) now[side].set(one.key, { ...aloneNow(comparison, side, record), open: one });
      }
    }
  return now;
}

interface Search {
  readonly sides: readonly [LiveSide, LiveSide];
  readonly now: AloneBySide;
  /** Keys that were asked for, and where they lead. */
  readonly merged: Map<string, string>;
}

/** Looks on a side for what the records of the other one look for. Only records that belong to no other count. */
async function search(side: SideIndex, wanted: Wanted, comparison: Comparison, { sides, now, merged }: Search, call: CallOptions): Promise<void> {
  const live = sides[side];
  const others = [...now[otherSide(side)].values()];
  const noteFree = async (found: AloneNow): Promise<void> => {
    if (now[side].has(found.key) || !wanted.note(found)) return;
    // What the snapshot held and no look found alone belongs to another record.
    if (await live.wasThere(found.key)) wanted.forget(found.key);
  };
  for (const [way, { names }] of comparison.match.entries()) {
    if (names[side] !== 'key') continue;
    const keys = others.flatMap(({ forms }) => forms[way] ?? []);
    for (const some of chunksOf(keys, KEYS_AT_ONCE)) {
      const { records, aliases } = await live.byKey(some, call);
      for (const [old, present] of aliases) merged.set(`${side} ${old}`, present);
      for (const record of records.values()) await noteFree(aloneNow(comparison, side, record));
    }
  }
  for await (const records of live.notInSnapshot(call)) for (const record of records) await noteFree(aloneNow(comparison, side, record));
}

/** Decides what became of each record that was alone. Pure but for `open`, which gets the outcome. */
function judged(
  open: Open,
  comparison: Comparison,
  now: AloneBySide,
  wanted: readonly [Wanted, Wanted],
  merged: ReadonlyMap<string, string>,
): readonly OpenPair[] {
  const pairs: OpenPair[] = [];
  const taken = new Set<string>();
  const creating = sourceSides(comparison.mapping);
  for (const side of [0, 1] as const)
    for (const one of now[side].values()) {
      if (taken.has(`${side} ${one.key}`)) continue;
      const found = wanted[otherSide(side)].fitting(one);
      const [match] = found?.keys ?? [];
      if (found !== undefined && match !== undefined) {
        const here = wanted[side].fitting(now[otherSide(side)].get(match) ?? { key: match, forms: one.forms })?.keys ?? [one.key];
        const keys = [side === 0 ? here : found.keys, side === 0 ? found.keys : here] as const;
        for (const key of found.keys) taken.add(`${otherSide(side)} ${key}`);
        for (const key of here) taken.add(`${side} ${key}`);
        if (found.keys.length > 1 || here.length > 1) open.twice.push({ way: found.way, keys });
        else pairs.push({ keys: [keys[0][0] ?? '', keys[1][0] ?? ''], fields: new Map(comparison.fields.map((_, place) => [place, undefined])) });
        continue;
      }
      const into = comparison.match.flatMap((way, n) =>
        way.names[otherSide(side)] === 'key' ? (merged.get(`${otherSide(side)} ${one.forms[n] ?? ''}`) ?? []) : [],
      );
      const steady = seenAgain(one.open.steady, canonicalJson([...one.forms.map((form) => form ?? null), ...into]));
      if (steady.times < LOOKS) open.alone.push({ ...one.open, steady });
      else open.confirmed.push(aloneDifference(side, one.key, into, creating));
    }
  return pairs;
}

/** A record without a counterpart, as a difference. `into`: where the record that it names was merged into. */
export function aloneDifference(side: SideIndex, key: string, into: readonly string[], creating: readonly SideIndex[]): Difference {
  const keys = (here: readonly string[], there: readonly string[]): Difference['keys'] => (side === 0 ? [here, there] : [there, here]);
  if (into.length > 0)
    return { class: 'twice', keys: keys([key], into), why: 'the record that it names was merged into one that another record belongs to' };
  return { class: creating.includes(side) ? 'missing' : 'extra', keys: keys([key], []) };
}
