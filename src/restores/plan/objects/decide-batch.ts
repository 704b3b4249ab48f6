import type { CallOptions } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import type { Cell, Fields } from '../../../records/index.js';
import { withCompanions } from '../../decide/companions.js';
import { comparable, givenOnCreate } from '../../decide/comparable.js';
import type { DecideContext } from '../../decide/context.js';
import { decideRecord, type RecordDecision, type RecordEvidence } from '../../decide/decide.js';
import type { RecordDraft } from '../../decide/order.js';
import { withStaying } from '../../decide/unique.js';
import { cellsOf, holdsStill, untouchedBy, type Untouched } from '../../decide/untouched.js';
import type { WatchedSides } from '../../decide/watched.js';
import { withLost } from '../../records/lost.js';
import { isNewKey } from '../../records/new-keys.js';
import type { PlanConflict, RecordSides } from '../../types.js';
import type { DecidingContext, ObjectThenAndNow } from '../context.js';
import type { Facts, Held } from '../facts/facts.js';
import { hasLinksApart } from '../links/names.js';
import { watchedOf, type Difference } from './differences.js';
import { readLive, type LiveRecords } from './live.js';
import type { LiveBatch } from './read-batch.js';
import { rulesOf } from './rules.js';

/** What is to happen with the records of a batch. */
export interface DecidedBatch {
  readonly facts: Facts;
  /** Changes, before it is known whether what they refer to is there. */
  readonly held: readonly Held[];
}

/**
 * Decides the records of one object type, each by what base, damaged and live say of it. Reads what an earlier restore
 * made of a missing one.
 */
export async function decideBatch(
  context: DecidingContext,
  type: ObjectThenAndNow,
  { differences, live, plain: known }: Pick<LiveBatch, 'differences' | 'live' | 'plain'>,
  options: CallOptions,
): Promise<DecidedBatch> {
  const { object } = type.live;
  const rules = rulesOf(context, type);
  const isEnd = hasLinksApart(context.live, type.live);
  const conflicts: PlanConflict[] = [];
  const held: Held[] = [];
  const present: string[] = [];
  const absent: string[] = [];
  const recreated: { readonly object: string; readonly key: string; readonly as: string }[] = [];
  let nothing = 0;
  const gone = differences.flatMap((difference) => (isThere(difference, live) || isNewKey(type.live, difference.key) ? [] : [difference.key]));
  const never =
    gone.length === 0 || context.emptyPlace === true ? undefined : await context.platform.connector.neverAgain?.(type.live, gone, options);
  const untouched = untouchedBy(rules);
  for (const difference of differences) {
    const { key } = difference;
    const plain = known?.get(key) ?? (untouched && plainChange(untouched, difference, live));
    if (plain !== undefined) {
      held.push(plain);
      if (isEnd) present.push(key);
      continue;
    }
    const told = isThere(difference, live) ? knownOf(difference, live) : await evidenceOf(context, type, difference, live, options);
    const neverAgain = never?.get(key);
    const evidence = neverAgain === undefined ? told : { ...told, neverAgain };
    const { decision, sides } = decideOne(rules, type, difference, live, evidence);
    nothing += decision.nothing;
    conflicts.push(...decision.conflicts);
    if (decision.change !== undefined) held.push({ change: decision.change, live: sides.live });
    if (isEnd && sides.live !== undefined) present.push(key);
    const stays = decision.change?.action !== 'create' && decision.change?.action !== 'undelete';
    if (sides.base !== undefined && sides.live === undefined && stays && evidence.recreatedAs === undefined) absent.push(key);
    if (evidence.recreatedAs !== undefined) recreated.push({ object, key, as: evidence.recreatedAs });
  }
  return { facts: { nothing, conflicts, present: [[object, present]], absent: [[object, absent]], recreated }, held };
}

/** The change of a record that is decided in the short way, and what it holds now. */
function plainChange(untouched: Untouched, difference: Difference, { records, history }: LiveRecords): Held | undefined {
  const { key } = difference;
  const live = records.get(key)?.fields;
  if (live === undefined || history.has(key)) return undefined;
  const cells = cellsIn(difference);
  if (cells === undefined || !holdsStill(live, cells)) return undefined;
  const change = untouched(key, cells);
  return change === undefined ? undefined : { change, live };
}

/** What differs between the snapshots of a record, where both hold it and that is all there is to know. */
function cellsIn(difference: Difference): readonly Cell[] | undefined {
  if (difference.cells !== undefined) return difference.cells;
  const { base, damaged } = difference;
  return base === undefined || damaged === undefined ? undefined : cellsOf(base, damaged);
}

/** Decides one record; the changes are whole, with what has to be written beside them and what is lost all the same. */
function decideOne(
  rules: DecideContext,
  { base: baseSchema, live: liveSchema }: ObjectThenAndNow,
  { key, base, damaged, record, watched }: Difference,
  live: LiveRecords,
  evidence: RecordEvidence,
): { readonly decision: RecordDecision; readonly sides: RecordSides } {
  const present = live.records.get(key);
  const sides = comparable({ object: liveSchema.object, key, base, damaged, live: present?.fields }, baseSchema, liveSchema);
  const watchedSides = present === undefined || rules.watched?.length === 0 ? watched : { ...watched, live: watchedOf(present, watchedNames(rules)) };
  const decided = decideRecord(withWatched(rules, watchedSides), sides, { ...evidence, watched: watchedSides });
  const decision = withLost(decided, liveSchema, damaged === undefined ? record?.meta : undefined);
  const whole = (change: RecordDraft): RecordDraft => {
    if (change.action !== 'update') {
      const given = givenOnCreate(sides.live === undefined ? record : present, liveSchema, rules.filters.exceptFields);
      return given === undefined ? change : { ...change, given };
    }
    if (change.action !== 'update' || sides.live === undefined) return change;
    const fields = withCompanions(liveSchema, change.fields, sides.live);
    return withStaying(liveSchema, fields === change.fields ? change : { ...change, fields }, sides.live);
  };
  const conflicts = decision.conflicts.map((conflict) =>
    conflict.change === undefined || 'link' in conflict.change ? conflict : { ...conflict, change: whole(conflict.change) },
  );
  const { change, nothing } = decision;
  return { decision: change === undefined ? { conflicts, nothing } : { change: whole(change), conflicts, nothing }, sides };
}

function watchedNames({ watched = [] }: DecideContext): readonly string[] {
  return watched.map((field) => field.name);
}

/** The rules for one record, whose `where` sees what stands in watched fields too. */
function withWatched(rules: DecideContext, watched: WatchedSides): DecideContext {
  const { where } = rules;
  if (where === undefined) return rules;
  const whole = (side: Fields | undefined, more: Fields | undefined): Fields | undefined => side && { ...side, ...more };
  return {
    ...rules,
    where: (field, { object, key, base, damaged, live }) =>
      where(field, {
        object,
        key,
        base: whole(base, watched.base),
        damaged: whole(damaged, watched.damaged),
        live: whole(live, watched.live),
      }),
  };
}

/** True for a record of which nothing has to be asked: it is there now, or the base did not have it. */
function isThere(difference: Difference, { records }: LiveRecords): boolean {
  return records.has(difference.key) || difference.base === undefined;
}

/** What came with the live record: its history, and what it was merged into. */
function knownOf({ key }: Difference, live: LiveRecords): RecordEvidence {
  const [history, mergedInto] = [live.history.get(key), live.aliases.get(key)];
  return history === undefined && mergedInto === undefined ? NO_EVIDENCE : defined({ history, mergedInto });
}

const NO_EVIDENCE: RecordEvidence = {};

/** What is known of a record that is not there, and what became of it. */
async function evidenceOf(
  { platform, recreations }: DecidingContext,
  { live: schema }: ObjectThenAndNow,
  difference: Difference,
  live: LiveRecords,
  options: CallOptions,
): Promise<RecordEvidence> {
  const { key } = difference;
  const finalOf = live.undeletable === undefined ? {} : { isFinal: !live.undeletable.has(key) };
  const isNew = isNewKey(schema, key);
  const evidence = { ...knownOf(difference, live), ...(isNew ? { isFinal: true, isNew } : finalOf) };
  const inDoubtIn = await recreations.inDoubt(schema.object, key);
  if (inDoubtIn !== undefined) return { ...evidence, inDoubtIn };
  const renamed = await recreations.find(schema.object, key);
  if (renamed === undefined || renamed === key) return evidence;
  const { records } = await readLive(platform, schema, [renamed], [], options);
  return records.has(renamed) ? { ...evidence, recreatedAs: renamed } : evidence;
}
