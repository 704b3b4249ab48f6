import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { Comparison } from '../rows/columns.js';
import type { Difference } from '../types.js';
import type { LiveSide } from './live-side.js';
import { belongTogether, lookAtField } from './look-at-pair.js';
import { type Open, type OpenPair, seenAgain } from './open-candidates.js';

const PAIRS_AT_ONCE = 500;
/** A difference that was the same at so many looks is confirmed. */
export const LOOKS = 2;

/** Reads every open pair again: what differs as it did before is confirmed, what is the same by now is settled. */
export async function lookAtPairs(open: Open, comparison: Comparison, sides: readonly [LiveSide, LiveSide], call: CallOptions): Promise<void> {
  const pairs = open.pairs;
  open.pairs = [];
  for (const some of chunksOf(pairs, PAIRS_AT_ONCE)) {
    const left = await sides[0].byKey(
      some.map(({ keys }) => keys[0]),
      call,
    );
    const right = await sides[1].byKey(
      some.map(({ keys }) => keys[1]),
      call,
    );
    for (const pair of some) lookAtOne(open, comparison, pair, [left.records.get(pair.keys[0]), right.records.get(pair.keys[1])]);
  }
}

function lookAtOne(
  open: Open,
  comparison: Comparison,
  pair: OpenPair,
  [left, right]: readonly [PlatformRecord | undefined, PlatformRecord | undefined],
): void {
  if (left === undefined || right === undefined || !belongTogether(comparison, left, right)) {
    const there = ([left, right] as const).flatMap((record, side): { readonly side: SideIndex; readonly key: string }[] =>
      record === undefined ? [] : [{ side: side === 0 ? 0 : 1, key: record.key }],
    );
    if (there.length === 0) open.settled += 1;
    open.alone.push(...there);
    return;
  }
  const confirmed: { readonly class: Difference['class']; readonly found: NonNullable<Difference['fields']>[number] }[] = [];
  for (const [place, before] of pair.fields) {
    const field = comparison.fields[place];
    const look = field === undefined ? undefined : lookAtField(field, left, right);
    if (look === undefined) {
      pair.fields.delete(place);
      continue;
    }
    const steady = seenAgain(before?.steady, look.seen);
    if (steady.times < LOOKS) {
      pair.fields.set(place, { steady, found: look.found, class: look.class });
      continue;
    }
    pair.fields.delete(place);
    pair.confirmed = true;
    confirmed.push(look);
  }
  open.confirmed.push(...differencesOf(pair, confirmed));
  if (pair.fields.size > 0) open.pairs.push(pair);
  else if (pair.confirmed !== true) open.settled += 1;
}

/** One difference for each class of what was found in the fields of a pair. */
export function differencesOf(
  { keys }: Pick<OpenPair, 'keys'>,
  found: readonly { readonly class: Difference['class']; readonly found: NonNullable<Difference['fields']>[number] }[],
): readonly Difference[] {
  return [...new Set(found.map((one) => one.class))].map((name) => ({
    class: name,
    keys: [[keys[0]], [keys[1]]],
    fields: found.filter((one) => one.class === name).map((one) => one.found),
  }));
}
