import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { type Mapping, otherSide, type SideIndex } from '../../../mappings/index.js';
import type { ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import { setOwn } from '../../../records/index.js';
import { newKeyFor } from '../../../restores/index.js';
import type { Store } from '../../../store/index.js';
import type { LiveSide } from '../confirm/live-side.js';
import { belongTogether } from '../confirm/look-at-pair.js';
import { lookForAlone } from '../confirm/look-for-alone.js';
import type { Open, OpenAlone } from '../confirm/open-candidates.js';
import { readByKeys } from '../confirm/read-by-keys.js';
import { isFailure } from '../counts.js';
import { keptDifferences, type KeptDifference } from '../records/kept.js';
import { type Comparison, comparisonOf } from '../rows/columns.js';
import { type DecidedGroup, decidedGroups, type TwiceDecision } from './decisions.js';
import { type AloneRepair, type AloneRules, repairOfAlone } from './records.js';
import { type LeftWhy, repairOf } from './repair-of.js';

const PAIRS_AT_ONCE = 500;
/** Records that match twice and are named. */
const MOST_TWICE = 20;

/** What both sides should hold, and what a person has to look at. */
export interface RepairTargets {
  /** By side: records with the fields that are to be written, and nothing else. */
  readonly records: readonly [readonly PlatformRecord[], readonly PlatformRecord[]];
  /** By side: keys of records that are to be deleted, because a person asked for it. */
  readonly extra: readonly [ReadonlySet<string>, ReadonlySet<string>];
  /** Records that match twice: for a person. */
  readonly twice: readonly KeptDifference['keys'][];
  /** How many differences nothing is planned for, by why. */
  readonly left: Readonly<Partial<Record<LeftWhy, number>>>;
  /** Fields that are the same by now. */
  readonly same: number;
}

interface Work {
  readonly comparison: Comparison;
  readonly platforms: readonly [Platform, Platform];
  readonly schemas: readonly [ObjectSchema, ObjectSchema];
  readonly values: readonly [Map<string, Record<string, Value>>, Map<string, Record<string, Value>>];
  readonly extra: readonly [Set<string>, Set<string>];
  readonly left: Partial<Record<LeftWhy, number>>;
  same: number;
}

/**
 * Works out, for the confirmed differences of a reconciliation, what each side should hold by the values that count now:
 * both records are read again. Only reads.
 */
export async function repairTargets(
  {
    store,
    mapping,
    platforms,
    id,
    sides,
    deleteExtra,
    decisions,
  }: {
    readonly store: Store;
    readonly mapping: Mapping;
    readonly platforms: readonly [Platform, Platform];
    readonly id: string;
    /** Both sides as they are now, and whether their snapshots hold every record. */
    readonly sides: readonly [RepairedSide, RepairedSide];
    readonly deleteExtra: boolean;
    /** Which of the records that match twice belong together, as a person says. */
    readonly decisions: readonly TwiceDecision[];
  },
  call: CallOptions,
): Promise<RepairTargets> {
  const schemas = [await describedSide(mapping, 0, platforms, call), await describedSide(mapping, 1, platforms, call)] as const;
  const work: Work = {
    comparison: comparisonOf(mapping, schemas),
    platforms,
    schemas,
    values: [new Map(), new Map()],
    extra: [new Set(), new Set()],
    left: {},
    same: 0,
  };
  const pairs: KeptDifference[] = [];
  const alone: OpenAlone[] = [];
  const twice: KeptDifference['keys'][] = [];
  for await (const one of keptDifferences(store, id))
    if (one.class === 'value' || one.class === 'unreadable') pairs.push(one);
    else if (one.class === 'missing' || one.class === 'extra') alone.push(aloneOf(one));
    else if (isFailure(one)) twice.push(one.keys);
  const groups = decidedGroups(twice, decisions);
  const open = twice.filter((_, n) => groups[n] === undefined);
  for (let n = 0; n < open.length; n += 1) leave(work, 'twice');
  for (const group of groups) if (group !== undefined) await addDecided(work, group, call);
  for (const some of chunksOf(pairs, PAIRS_AT_ONCE)) await addSome(work, some, call);
  await addAlone(work, alone, { sides, deleteExtra }, call);
  const records = (side: SideIndex): readonly PlatformRecord[] => [...work.values[side]].map(([key, fields]) => ({ key, fields, meta: {} }));
  return { records: [records(0), records(1)], extra: work.extra, twice: open.slice(0, MOST_TWICE), left: work.left, same: work.same };
}

/**
 * Adds what was decided about a group: all fields of the pair are looked at, and what becomes of the others is planned too. Only what
 * still matches as it did then: a record that somebody has corrected since is none of them any longer.
 */
async function addDecided(work: Work, { pair, rest, others }: DecidedGroup, call: CallOptions): Promise<void> {
  const { comparison } = work;
  const group: KeptDifference = {
    class: 'value',
    keys: [
      [pair[0], ...rest[0]],
      [pair[1], ...rest[1]],
    ],
  };
  const live = [await readSide(work, 0, [group], call), await readSide(work, 1, [group], call)] as const;
  const [left, right] = [live[0].get(pair[0]), live[1].get(pair[1])];
  if (left === undefined || right === undefined || !belongTogether(comparison, left, right)) return leave(work, 'moved');
  for (const { place } of comparison.fields) addField(work, place, left, right);
  for (const side of [0, 1] as const)
    for (const key of rest[side]) {
      const record = live[side].get(key);
      const isOne = record !== undefined && (side === 0 ? belongTogether(comparison, record, right) : belongTogether(comparison, left, record));
      addOther(work, side, key, isOne ? others : undefined);
    }
}

/** One that belongs to no pair of its group. `others` is undefined where it does not match any longer. */
function addOther({ comparison, values, extra, left }: Work, side: SideIndex, key: string, others: DecidedGroup['others'] | undefined): void {
  const inactive = comparison.mapping.inactive[side];
  if (others === 'delete') extra[side].add(key);
  else if (others === 'inactive' && inactive !== undefined) values[side].set(key, { ...inactive });
  else leave({ left }, others === undefined ? 'moved' : others === 'leave' ? 'twice-left' : 'record');
}

const aloneOf = ({ keys }: KeptDifference): OpenAlone =>
  keys[0].length > 0 ? { side: 0, key: keys[0][0] ?? '' } : { side: 1, key: keys[1][0] ?? '' };

/** A side as it is now, and what is known of its snapshot. */
export interface RepairedSide {
  readonly live: LiveSide;
  /** It was proved that the snapshot holds every record that was there. */
  readonly census: boolean;
}

/**
 * Looks once more for counterparts of the records that had none, and adds what is to become of those that are still alone. One that has
 * been created, changed or found since is for the next reconciliation.
 */
async function addAlone(
  work: Work,
  alone: readonly OpenAlone[],
  { sides, deleteExtra }: { readonly sides: readonly [RepairedSide, RepairedSide]; readonly deleteExtra: boolean },
  call: CallOptions,
): Promise<void> {
  if (alone.length === 0) return;
  const { comparison, schemas } = work;
  const open: Open = { pairs: [], alone: [...alone], twice: [], confirmed: [], settled: 0 };
  await lookForAlone(open, comparison, [sides[0].live, sides[1].live], call);
  // One whose named counterpart was merged into another's is no missing one.
  const still = open.alone.filter(({ steady }) => (JSON.parse(steady?.seen ?? '[]') as readonly unknown[]).length <= comparison.match.length);
  for (let moved = alone.length - still.length; moved > 0; moved -= 1) leave(work, 'moved');
  const rules = { comparison, schemas, census: [sides[0].census, sides[1].census] as const, deleteExtra };
  for (const side of [0, 1] as const)
    for (const some of chunksOf(
      still.filter((one) => one.side === side),
      PAIRS_AT_ONCE,
    )) {
      const keys = some.map(({ key }) => key);
      const { records } = await sides[side].live.byKey(keys, call);
      for (const key of keys) addOne(work, rules, side, records.get(key));
    }
}

function addOne(work: Work, rules: AloneRules, side: SideIndex, record: PlatformRecord | undefined): void {
  const repair: AloneRepair = record === undefined ? { left: 'moved' } : repairOfAlone(rules, side, record);
  if (record === undefined || 'left' in repair) leave(work, 'left' in repair ? repair.left : 'moved');
  else if ('delete' in repair) work.extra[side].add(record.key);
  else if ('update' in repair) work.values[side].set(record.key, { ...repair.update });
  else {
    const { platform, object } = work.comparison.mapping.sides[side];
    work.values[otherSide(side)].set(newKeyFor({ platform, object, key: record.key }), { ...repair.create });
  }
}

async function describedSide(mapping: Mapping, side: SideIndex, platforms: readonly [Platform, Platform], call: CallOptions): Promise<ObjectSchema> {
  const { object } = mapping.sides[side];
  const schema = (await platforms[side].connector.describe([object], call)).objects.find((one) => one.object === object);
  if (schema === undefined) throw new TypeError(`${object} was described under another name`);
  return schema;
}

async function addSome(work: Work, some: readonly KeptDifference[], call: CallOptions): Promise<void> {
  const [left, right] = [await readSide(work, 0, some, call), await readSide(work, 1, some, call)];
  for (const { keys, fields = [] } of some) {
    const [a, b] = [left.get(keys[0][0] ?? ''), right.get(keys[1][0] ?? '')];
    if (a === undefined || b === undefined || !belongTogether(work.comparison, a, b)) for (const _ of fields) leave(work, 'moved');
    else for (const place of fields) addField(work, place, a, b);
  }
}

function addField(work: Work, place: number, left: PlatformRecord, right: PlatformRecord): void {
  const one = work.comparison.fields.find((field) => field.place === place);
  const repair = one === undefined ? ({ left: 'moved' } as const) : repairOf(one, left, right);
  if ('nothing' in repair) work.same += 1;
  else if ('left' in repair) leave(work, repair.left);
  else {
    const values = work.values[repair.side];
    const { key } = repair.side === 0 ? left : right;
    const fields = values.get(key) ?? {};
    setOwn(fields, repair.name, repair.write);
    values.set(key, fields);
  }
}

async function readSide(
  { platforms, schemas }: Work,
  side: SideIndex,
  some: readonly KeptDifference[],
  call: CallOptions,
): Promise<ReadonlyMap<string, PlatformRecord>> {
  const keys = some.flatMap((one) => one.keys[side]);
  return (await readByKeys(platforms[side].connector, schemas[side], keys, call)).records;
}

function leave({ left }: Pick<Work, 'left'>, why: LeftWhy): void {
  left[why] = (left[why] ?? 0) + 1;
}
