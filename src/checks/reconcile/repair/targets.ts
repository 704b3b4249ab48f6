import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import type { ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import { setOwn } from '../../../records/index.js';
import type { Store } from '../../../store/index.js';
import { belongTogether } from '../confirm/look-at-pair.js';
import { readByKeys } from '../confirm/read-by-keys.js';
import { isFailure } from '../counts.js';
import { keptDifferences, type KeptDifference } from '../records/kept.js';
import { type Comparison, comparisonOf } from '../rows/columns.js';
import { type LeftWhy, repairOf } from './repair-of.js';

const PAIRS_AT_ONCE = 500;

/** What both sides should hold, and what a person has to look at. */
export interface RepairTargets {
  /** By side: records with the fields that are to be written, and nothing else. */
  readonly records: readonly [readonly PlatformRecord[], readonly PlatformRecord[]];
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
  }: { readonly store: Store; readonly mapping: Mapping; readonly platforms: readonly [Platform, Platform]; readonly id: string },
  call: CallOptions,
): Promise<RepairTargets> {
  const schemas = [await describedSide(mapping, 0, platforms, call), await describedSide(mapping, 1, platforms, call)] as const;
  const work: Work = { comparison: comparisonOf(mapping, schemas), platforms, schemas, values: [new Map(), new Map()], left: {}, same: 0 };
  const pairs: KeptDifference[] = [];
  for await (const one of keptDifferences(store, id))
    if (one.class === 'value' || one.class === 'unreadable') pairs.push(one);
    else if (isFailure(one)) leave(work, 'record');
  for (const some of chunksOf(pairs, PAIRS_AT_ONCE)) await addSome(work, some, call);
  const records = (side: SideIndex): readonly PlatformRecord[] => [...work.values[side]].map(([key, fields]) => ({ key, fields, meta: {} }));
  return { records: [records(0), records(1)], left: work.left, same: work.same };
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

function leave({ left }: Work, why: LeftWhy): void {
  left[why] = (left[why] ?? 0) + 1;
}
