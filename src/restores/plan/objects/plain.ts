import type { CallOptions } from '../../../lib/index.js';
import type { Cell } from '../../../records/index.js';
import type { RecordDraft } from '../../decide/order.js';
import { holdsStill, untouchedBy } from '../../decide/untouched.js';
import type { ObjectThenAndNow, PlanContext } from '../context.js';
import type { Held } from '../facts/facts.js';
import type { Difference } from './differences.js';
import { readLive, type LiveRecords } from './live.js';
import { rulesOf } from './rules.js';

/** What the platform says of the keys of some differences. */
export interface Read {
  /** Of records that are `plain`, the fields that differ alone. */
  readonly live: LiveRecords;
  /** By key: records that are decided already. */
  readonly plain?: ReadonlyMap<string, Held>;
}

/** A difference that is decided if nobody touched the record where it was damaged. */
interface Candidate {
  readonly key: string;
  readonly cells: readonly Cell[];
  readonly change: RecordDraft;
}

/**
 * Reads, of records that were damaged in a few plain fields, these alone; the whole of a record where somebody has changed them since.
 * Undefined where a platform reads whole records anyway, or not all of the differences are such ones: then one read of all is less.
 */
export async function readPlain(
  context: PlanContext,
  type: ObjectThenAndNow,
  differences: readonly Difference[],
  options: CallOptions,
): Promise<Read | undefined> {
  const candidates = context.platform.connector.capabilities.readsFields === true ? candidatesAmong(context, type, differences) : undefined;
  if (candidates === undefined) return undefined;
  const only = new Set(candidates.flatMap(({ cells }) => cells.map(({ name }) => name)));
  const keys = candidates.map(({ key }) => key);
  const { platform } = context;
  const fields = type.live.fields.filter(({ name }) => only.has(name));
  const some = await readLive(platform, { ...type.live, fields }, keys, [], options);
  const plain = new Map<string, Held>();
  const others: string[] = [];
  for (const { key, cells, change } of candidates) {
    const live = some.records.get(key)?.fields;
    if (live !== undefined && holdsStill(live, cells)) plain.set(key, { change, live });
    else others.push(key);
  }
  if (others.length === 0) return { live: some, plain };
  const whole = await readLive(platform, type.live, others, [], options);
  const records = new Map([...some.records].filter(([key]) => plain.has(key)));
  for (const [key, record] of whole.records) records.set(key, record);
  return { live: { ...whole, records }, plain };
}

/** Undefined where one of the differences is none. */
function candidatesAmong(context: PlanContext, type: ObjectThenAndNow, differences: readonly Difference[]): readonly Candidate[] | undefined {
  const change = differences.length === 0 ? undefined : untouchedBy(rulesOf(context, type));
  if (change === undefined) return undefined;
  const { object } = type.live;
  // What else a reference is made of has to be known too.
  const refers = new Set(context.live.links.flatMap(({ from, viaFields = [] }) => (from === object ? viaFields : [])));
  const candidates: Candidate[] = [];
  for (const { key, cells } of differences) {
    if (cells === undefined || cells.some(({ name }) => refers.has(name))) return undefined;
    const draft = change(key, cells);
    if (draft === undefined) return undefined;
    candidates.push({ key, cells, change: draft });
  }
  return candidates;
}
