import { type CallOptions, defined } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { type CarriedConfig, RECORD_KEY } from '../../workspace/index.js';
import { schemaOf } from '../records/platform-items.js';
import type { Plan } from '../types.js';
import { compareRows, type RowDifference } from './compare-rows.js';
import { Overlay, recordsIn, rowOf, type Row, type RowForm } from './rows.js';
import { isNothing, sameAcross } from './same-across.js';
import type { ComparedPair, Differences, DifferenceCode, DifferingSide, NotComparedPair, SetComparison, SetDifference } from './types.js';
import { windowOf, windowUnknown, type ChangedWhile } from './window.js';

/** Differences that are named; the rest is counted. */
export const MOST_NAMED = 1000;

/** A sync between the platforms of a set, and what it carries, as far as runback.yml says. */
export interface SetSync {
  readonly name: string;
  readonly carries: readonly CarriedConfig[];
}

/** What is held against each other. */
export interface CompareRequest {
  readonly syncs: readonly SetSync[];
  /** One plan for each platform of the set, by its name. */
  readonly plans: ReadonlyMap<string, Plan>;
  /** The snapshot of the set; undefined where it is gone: then nothing is known to have differed before. */
  readonly base: SnapshotReader | undefined;
  /** The records of an object type now; undefined where they cannot be read, with the reason. */
  readonly records: (platform: string, object: string) => AsyncIterable<PlatformRecord> | string;
  /** The plans have not been applied yet: compare what they will make of the records. */
  readonly planned: boolean;
}

/** Every difference, not only those that are named. */
export interface Compared {
  readonly comparison: SetComparison;
  readonly all: readonly SetDifference[];
}

/** Holds the platforms of a set against each other, by what their syncs carry. Writes nothing. */
export async function compareSet(request: CompareRequest, options: CallOptions): Promise<Compared> {
  const compared: ComparedPair[] = [];
  const notCompared: NotComparedPair[] = [];
  const all: SetDifference[] = [];
  const { base } = request;
  if (request.syncs.length === 0) notCompared.push({ sync: '', why: 'runback.yml names no sync that writes to these platforms' });
  for (const { name, carries } of request.syncs) {
    const between = carries.filter(({ sides }) => sides.every(({ platform }) => request.plans.has(platform)));
    if (between.length === 0) notCompared.push({ sync: name, why: 'runback.yml does not say what it carries between these platforms (carries)' });
    for (const carried of between) {
      const one = await comparePair(name, carried, request, all, options);
      if (typeof one === 'string') notCompared.push({ sync: name, why: one });
      else compared.push(one);
    }
  }
  const unknown =
    base === undefined
      ? ['the snapshot of the set is gone']
      : windowUnknown(
          base.manifest.set,
          compared.flatMap(({ between }) => between),
        );
  return { comparison: { compared, notCompared, windowUnknown: unknown, differences: countedOf(all) }, all };
}

/** Differences with their numbers, the first of them by name. */
function countedOf(all: readonly SetDifference[]): Differences {
  const counts: Partial<Record<DifferenceCode, number>> = {};
  for (const { code } of all) counts[code] = (counts[code] ?? 0) + 1;
  return { count: all.length, counts, named: all.slice(0, MOST_NAMED) };
}

/** One side of a pair, ready to be read. */
interface Side {
  readonly platform: string;
  readonly form: RowForm;
  readonly schema: ObjectSchema;
  readonly overlay: Overlay;
}

async function comparePair(
  sync: string,
  carried: CarriedConfig,
  request: CompareRequest,
  all: SetDifference[],
  options: CallOptions,
): Promise<ComparedPair | string> {
  const sides: Side[] = [];
  const records: AsyncIterable<PlatformRecord>[] = [];
  for (const at of [0, 1] as const) {
    const side = await sideOf(carried, at, request);
    if (typeof side === 'string') return side;
    const read = request.records(side.platform, side.form.object);
    if (typeof read === 'string') return read;
    sides.push(side);
    records.push(request.planned ? side.overlay.over(read) : read);
  }
  const [left, right] = sides;
  const [leftRecords, rightRecords] = records;
  if (left === undefined || right === undefined || leftRecords === undefined || rightRecords === undefined)
    throw new TypeError('a pair has two sides');
  const same = (field: number, a: Row['values'][number], b: Row['values'][number]): boolean =>
    sameAcross(a, formOf(left, field), b, formOf(right, field));
  const before = await differedBefore(request.base, [left, right], same, options);
  const window = windowOf(request.base?.manifest.set);
  let alone = 0;
  const counts = await compareRows(rows(leftRecords, left.form), rows(rightRecords, right.form), same, (one) => {
    const id = idOf(one, left, right);
    const changed = window.of([left, right], one);
    const code = codeOf(one, before.has(id), changed, [left, right]);
    if (code === undefined) alone += 1;
    else all.push(differenceOf({ sync, id, code, changed }, one, [left, right], carried));
  });
  return {
    sync,
    between: [`${left.platform}/${left.form.object}`, `${right.platform}/${right.form.object}`],
    records: counts.records,
    values: counts.values,
    alone: alone + counts.unmatched,
  };
}

/** The side of an entry; why it cannot be compared, where it cannot. */
async function sideOf({ sides, fields, asEmail }: CarriedConfig, at: 0 | 1, { plans, base }: CompareRequest): Promise<Side | string> {
  const { platform, object, match } = sides[at];
  const plan = plans.get(platform);
  if (plan === undefined) return `there is no plan for ${platform}`;
  const schema = schemaIn(plan, object);
  if (schema === undefined) return `${platform}/${object} is not among what was planned`;
  const names = fields.map((field) => field.names[at]);
  const unknown = [match, ...names].find((name) => name !== RECORD_KEY && !schema.fields.some((field) => field.name === name));
  if (unknown !== undefined) return `${platform}/${object} has no field ${unknown} that may be stored`;
  if (base !== undefined && !base.manifest.objects.some((info) => info.platform === platform && info.object === object))
    return `the set holds no records of ${platform}/${object}`;
  return { platform, schema, form: { object, match, asEmail, fields: names }, overlay: await Overlay.of(plan, object) };
}

function schemaIn(plan: Plan, object: string): ObjectSchema | undefined {
  return plan.schema.objects.some((one) => one.object === object) ? schemaOf(plan.schema, object) : undefined;
}

function formOf({ schema, form }: Side, field: number): ObjectSchema['fields'][number] {
  const found = schema.fields.find(({ name }) => name === form.fields[field]);
  if (found !== undefined) return found;
  // `key` among the fields: the key of the record, as text.
  return { name: RECORD_KEY, type: 'string', platformType: '', readOnly: true };
}

async function* rows(records: AsyncIterable<PlatformRecord>, form: RowForm): AsyncIterable<Row> {
  for await (const record of records) yield rowOf(record, form);
}

/** Ids of the differences that the set holds already. */
async function differedBefore(
  base: SnapshotReader | undefined,
  [left, right]: readonly [Side, Side],
  same: Parameters<typeof compareRows>[2],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  if (base === undefined) return ids;
  const of = ({ platform, form }: Side): AsyncIterable<Row> => rows(recordsIn(base, platform, form.object, options), form);
  await compareRows(of(left), of(right), same, (one) => ids.add(idOf(one, left, right)));
  return ids;
}

function idOf({ keys: [a, b], field }: RowDifference, left: Side, right: Side): string {
  const [{ platform, form }, key] = a === undefined ? [right, b] : [left, a];
  const name = field === undefined ? undefined : form.fields[field];
  return [platform, form.object, key, ...(name === undefined ? [] : [name])].join('/');
}

/** Why two sides differ; undefined for a record that had no counterpart in the set either, and need not have one. */
function codeOf(one: RowDifference, before: boolean, changed: ChangedWhile | undefined, sides: readonly [Side, Side]): DifferenceCode | undefined {
  if (before && changed !== undefined) return 'changed-in-window';
  if (one.is !== 'value') return before ? undefined : one.is;
  const planned = sides.map((side, at) => plannedOf(side, one, at));
  if (planned.some((plan) => plan?.is === 'left')) return 'kept';
  return before ? 'in-set' : 'since';
}

function plannedOf({ overlay, form }: Side, { keys, field }: RowDifference, at: number): ReturnType<Overlay['plannedFor']> {
  const key = keys[at];
  return key === undefined ? undefined : overlay.plannedFor(key, field === undefined ? undefined : form.fields[field]);
}

function differenceOf(
  {
    sync,
    id,
    code,
    changed,
  }: { readonly sync: string; readonly id: string; readonly code: DifferenceCode; readonly changed: ChangedWhile | undefined },
  one: RowDifference,
  sides: readonly [Side, Side],
  { sides: names, fields }: CarriedConfig,
): SetDifference {
  const side = (at: 0 | 1): DifferingSide => {
    const { platform, form } = sides[at];
    const planned = plannedOf(sides[at], one, at);
    const value = one.values?.[at];
    return {
      platform,
      object: form.object,
      ...defined({ key: one.keys[at], field: one.field === undefined ? undefined : form.fields[one.field] }),
      ...(one.values === undefined ? {} : { value: isNothing(value) ? null : value }),
      ...defined({ plan: planned?.is }),
      ...(planned?.is === 'left' ? { conflict: planned.conflict, ...(planned.canRestore ? { conflictId: planned.conflictId } : {}) } : {}),
    };
  };
  const authority = one.field === undefined ? undefined : fields[one.field]?.authority;
  return {
    id,
    sync,
    code,
    sides: [side(0), side(1)],
    ...(code === 'changed-in-window' && changed !== undefined && changed.by.length > 0 ? { by: changed.by } : {}),
    ...defined({ authority: authority === undefined ? undefined : names[authority].platform }),
  };
}
