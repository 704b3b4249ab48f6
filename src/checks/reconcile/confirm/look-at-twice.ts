import { type CallOptions, canonicalJson, chunksOf } from '../../../lib/index.js';
import { matchForm, type SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { type Comparison, mappedValue } from '../rows/columns.js';
import type { LiveSide } from './live-side.js';
import { LOOKS } from './look-at-pairs.js';
import { type Open, type OpenTwice, seenAgain } from './open-candidates.js';

const GROUPS_AT_ONCE = 200;

/** Reads the records again of which several fit one: those that still do, as before, are confirmed. */
export async function lookAtTwice(open: Open, comparison: Comparison, sides: readonly [LiveSide, LiveSide], call: CallOptions): Promise<void> {
  const all = open.twice;
  open.twice = [];
  for (const some of chunksOf(all, GROUPS_AT_ONCE)) {
    const keys = (side: SideIndex): readonly string[] => some.flatMap((one) => one.keys[side]);
    const [left, right] = [await sides[0].byKey(keys(0), call), await sides[1].byKey(keys(1), call)];
    for (const one of some) lookAtOne(open, comparison, one, [left.records, right.records]);
  }
}

type Records = ReadonlyMap<string, PlatformRecord>;

function lookAtOne(open: Open, comparison: Comparison, one: OpenTwice, records: readonly [Records, Records]): void {
  const way = comparison.match[one.way];
  if (way === undefined) return;
  const byForm = new Map<string, [string[], string[]]>();
  for (const side of [0, 1] as const)
    for (const key of one.keys[side]) {
      const record = records[side].get(key);
      if (record !== undefined) note(byForm, side, matchForm(way, mappedValue(record, way.names[side])), key);
    }
  const still = [...byForm.values()].filter(([left, right]) => left.length > 0 && right.length > 0 && left.length + right.length > 2);
  if (still.length === 0) leave(open, one.keys, byForm);
  for (const [left, right] of still) {
    const keys = [left.sort(), right.sort()] as const;
    const steady = seenAgain(one.steady, canonicalJson(keys));
    if (steady.times < LOOKS) open.twice.push({ ...one, keys, steady });
    else open.confirmed.push({ class: 'twice', keys });
  }
}

function note(byForm: Map<string, [string[], string[]]>, side: SideIndex, form: string | undefined, key: string): void {
  if (form === undefined) return;
  const known = byForm.get(form) ?? [[], []];
  known[side].push(key);
  byForm.set(form, known);
}

/** They are told apart by now: each finds its own counterpart, or none. */
function leave(open: Open, keys: readonly [readonly string[], readonly string[]], byForm: ReadonlyMap<string, unknown>): void {
  if (byForm.size === 0) open.settled += 1;
  for (const side of [0, 1] as const) for (const key of keys[side]) open.alone.push({ side, key });
}
