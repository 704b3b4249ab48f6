import { RunbackError, silentReporter, type CallOptions } from '../../lib/index.js';
import { compareKeys, type Fields, type ObjectSchema, type PlatformRecord, own, watchedFields } from '../../records/index.js';
import type { Damage } from '../../snapshots/index.js';
import { lengthOf, Together } from '../apply/batching.js';
import { wantsHistory } from '../decide/attribution.js';
import { withCompanions } from '../decide/companions.js';
import { comparable, givenOnCreate } from '../decide/comparable.js';
import { conflictOf, differing, isLink } from '../decide/conflicts.js';
import type { DecideContext } from '../decide/context.js';
import { decideRecord, type RecordEvidence } from '../decide/decide.js';
import { carriedLinks } from '../decide/graph.js';
import { nameOf, type RecordDraft } from '../decide/order.js';
import { withStaying } from '../decide/unique.js';
import type { WatchedSides } from '../decide/watched.js';
import { withLost } from '../records/lost.js';
import { repointName } from './deletes.js';
import { differences, objectInfo, watchedOf, type Difference } from './differences.js';
import { mapInOrder, readLive, type LiveRecords } from './live.js';
import { hasLinksApart, withParents } from './parents.js';
import { type Held, remember, type Planning } from './planning.js';

interface Read {
  readonly chunk: readonly Difference[];
  readonly live: LiveRecords;
}

/** Plans the records of one object type: compares the snapshots, reads live for the keys that differ, decides. */
export async function planObject(planning: Planning, baseSchema: ObjectSchema, liveSchema: ObjectSchema, options: CallOptions): Promise<void> {
  const { pair, platform, filters, draft } = planning;
  const object = liveSchema.object;
  const reporter = options.reporter ?? silentReporter;
  if (liveSchema.refused !== undefined) {
    if (filters.objects?.includes(object) === true)
      throw new RunbackError('object-unsupported', `${object} cannot be restored`, {
        why: liveSchema.refused,
        state: 'Nothing was written.',
        next: 'Leave it out of --object, or change what is in its way on the platform.',
      });
    planning.notCovered.push({ object, extent: 'all', why: liveSchema.refused });
    return;
  }
  const viaLink = filters.fields?.find((name) => isLink(liveSchema, name));
  if (viaLink !== undefined)
    throw new RunbackError('usage', `${viaLink} of ${object} cannot be restored as a field of its own`, {
      why: 'It only says what a link says, and comes back with that link.',
      state: 'Nothing was written.',
      next: 'Leave --field out, or limit the plan to links: --only links',
    });
  const context: DecideContext = {
    baseSchema,
    liveSchema,
    filters,
    suspicion: planning.suspicion,
    watched: watchedFields(liveSchema),
    ...(planning.where === undefined ? {} : { where: planning.where(liveSchema) }),
  };
  const watched = (context.watched ?? []).map((field) => field.name);
  const unreadable: Record<'base' | 'damaged', Damage[]> = { base: [], damaged: [] };
  const found = differences(pair, object, watched, (side, damage) => unreadable[side].push(damage), options);
  const size = wantsHistory(planning.suspicion) ? platform.connector.capabilities.batch.history : platform.connector.capabilities.batch.read;
  const chunked = inChunks(relevant(planning, baseSchema, liveSchema, unreadable, found), size);
  let done = 0;
  const isEnd = hasLinksApart(planning, liveSchema);
  for await (const { chunk, live } of mapInOrder(chunked, (chunk) => readChunk(planning, liveSchema, chunk, options))) {
    const held: Held[] = [];
    for (const difference of chunk) {
      const present = live.records.get(difference.key);
      const { base, damaged } = difference;
      const sides = comparable({ object, key: difference.key, base, damaged, live: present?.fields }, baseSchema, liveSchema);
      const evidence = {
        ...(await evidenceOf(planning, liveSchema, difference, live, options)),
        watched: { ...difference.watched, ...(present && { live: watchedOf(present, watched) }) },
      };
      const decision = withLost(
        decideRecord(withWatched(context, evidence.watched), sides, evidence),
        liveSchema,
        damaged === undefined ? difference.record?.meta : undefined,
      );
      draft.nothingToDo += decision.nothing;
      const given = givenOnCreate(sides.live === undefined ? difference.record : present, liveSchema, filters.exceptFields);
      const whole = (change: RecordDraft): RecordDraft => {
        if (change.action === 'create' || change.action === 'delete') return given === undefined ? change : { ...change, given };
        if (change.action !== 'update' || sides.live === undefined) return change;
        return withStaying(liveSchema, { ...change, fields: withCompanions(liveSchema, change.fields, sides.live) }, sides.live);
      };
      for (const conflict of decision.conflicts)
        draft.conflict(conflict.change === undefined || 'link' in conflict.change ? conflict : { ...conflict, change: whole(conflict.change) });
      if (decision.change !== undefined) held.push({ change: whole(decision.change), live: sides.live });
      if (isEnd && present !== undefined) remember(planning.present, object, difference.key);
      const stays = decision.change?.action !== 'create' && decision.change?.action !== 'undelete';
      if (sides.base !== undefined && sides.live === undefined && stays && evidence.recreatedAs === undefined)
        remember(planning.absent, object, difference.key);
    }
    for (const change of await withParents(planning, held, options)) hold(planning, change);
    done += chunk.length;
    reporter.progress({ task: `Planning ${object}`, done, unit: 'records' });
  }
  for (const side of ['base', 'damaged'] as const) for (const damage of unreadable[side]) draft.conflict(unreadableConflict(object, side, damage));
}

/** The context of one record, whose `where` sees what stands in watched fields too. */
function withWatched(context: DecideContext, watched: WatchedSides): DecideContext {
  const { where } = context;
  if (where === undefined) return context;
  const whole = (side: Fields | undefined, more: Fields | undefined): Fields | undefined => side && { ...side, ...more };
  return {
    ...context,
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

/** Deletes wait until it is known what links to them; everything else goes into the draft. */
export function hold(planning: Planning, change: RecordDraft): void {
  if (change.action !== 'delete') {
    planning.draft.record(change);
    if (change.action === 'create' || change.action === 'undelete') remember(planning.returning, change.object, change.key);
    for (const link of carriedLinks(planning.live))
      if (link.from === change.object && link.viaFields.some((name) => own(change.fields, name) !== undefined))
        planning.repointed.add(repointName(link, change.key));
  } else {
    let held = planning.deletes.get(change.object);
    if (held === undefined) planning.deletes.set(change.object, (held = new Map()));
    held.set(change.key, change);
  }
}

/** The differences that a live read can say something about; counts the others. */
async function* relevant(
  planning: Planning,
  baseSchema: ObjectSchema,
  liveSchema: ObjectSchema,
  unreadable: Record<'base' | 'damaged', Damage[]>,
  found: AsyncIterable<readonly Difference[]>,
): AsyncIterable<Difference> {
  const { pair, filters, draft } = planning;
  const { object } = liveSchema;
  const keys = filters.keys === undefined ? undefined : new Set(filters.keys);
  const baseCensus = objectInfo(pair.base, pair.platform, object)?.census === true;
  const damagedCensus = objectInfo(pair.damaged, pair.platform, object)?.census === true;
  for await (const batch of found)
    for (const difference of batch) {
      const { key, base, damaged } = difference;
      if (base === undefined && (!baseCensus || within(unreadable.base, key))) continue;
      if (damaged === undefined && (!damagedCensus || within(unreadable.damaged, key))) continue;
      if (base === undefined) remember(planning.created, object, key);
      if (keys !== undefined && !keys.has(key)) continue;
      const kind = base === undefined ? 'created' : damaged === undefined ? 'deleted' : 'changed';
      if (filters.only?.includes(kind) === false) {
        // Not looked at: what was deleted counts as not there, so that nothing is linked to it.
        if (kind === 'deleted') remember(planning.absent, object, key);
        continue;
      }
      if (base === undefined || damaged === undefined) {
        if (filters.fields !== undefined) continue;
        if (base !== undefined || filters.deleteCreated) yield difference;
        else draft.nothingToDo += 1;
      } else {
        // Fields that the platform sets on every write are no difference.
        const { base: before, damaged: after } = comparable({ base, damaged, live: undefined }, baseSchema, liveSchema);
        const { watched } = difference;
        if (differing(before ?? {}, after ?? {}).length + differing(watched.base ?? {}, watched.damaged ?? {}).length > 0) yield difference;
      }
    }
}

async function readChunk(planning: Planning, schema: ObjectSchema, chunk: readonly Difference[], options: CallOptions): Promise<Read> {
  const fields = new Set<string>();
  if (wantsHistory(planning.suspicion)) {
    const known = new Set(schema.fields.map((field) => field.name));
    for (const { base, damaged, watched } of chunk)
      if (base !== undefined && damaged !== undefined)
        for (const name of [...differing(base, damaged), ...differing(watched.base ?? {}, watched.damaged ?? {})])
          if (known.has(name) && !isLink(schema, name)) fields.add(name);
    const first = schema.fields[0]?.name;
    if (fields.size === 0 && first !== undefined && chunk.some(({ base }) => base === undefined)) fields.add(first);
  }
  const keys = chunk.map(({ key }) => key);
  return { chunk, live: await readLive(planning.platform, schema, keys, [...fields].sort(compareKeys), options) };
}

async function evidenceOf(
  planning: Planning,
  schema: ObjectSchema,
  difference: Difference,
  live: LiveRecords,
  options: CallOptions,
): Promise<RecordEvidence> {
  const { key, base } = difference;
  const history = live.history.get(key);
  const mergedInto = live.aliases.get(key);
  const evidence: RecordEvidence = { ...(history === undefined ? {} : { history }), ...(mergedInto === undefined ? {} : { mergedInto }) };
  if (base === undefined || live.records.has(key)) return evidence;
  const inDoubtIn = await planning.recreations.inDoubt(schema.object, key);
  if (inDoubtIn !== undefined) return { ...evidence, inDoubtIn };
  const renamed = await planning.recreations.find(schema.object, key);
  if (renamed === undefined || renamed === key) return evidence;
  const present: PlatformRecord | undefined = (await readLive(planning.platform, schema, [renamed], [], options)).records.get(renamed);
  if (present === undefined) return evidence;
  planning.renamed.set(nameOf({ object: schema.object, key }), renamed);
  return { ...evidence, recreatedAs: renamed };
}

async function* inChunks(found: AsyncIterable<Difference>, size: number): AsyncIterable<readonly Difference[]> {
  const chunk = new Together<Difference>();
  for await (const difference of found) {
    const length = lengthOf(difference.base) + lengthOf(difference.damaged);
    if (!chunk.takes(length, size)) yield chunk.take();
    chunk.add(difference, length);
  }
  if (!chunk.isEmpty) yield chunk.take();
}

function within(damages: readonly Damage[], key: string): boolean {
  return damages.some(
    ({ firstKey, lastKey }) => firstKey !== undefined && lastKey !== undefined && compareKeys(firstKey, key) <= 0 && compareKeys(key, lastKey) <= 0,
  );
}

function unreadableConflict(object: string, side: 'base' | 'damaged', damage: Damage): ReturnType<typeof conflictOf> {
  const first = damage.firstKey ?? '?';
  const last = damage.lastKey ?? '?';
  const what = side === 'base' ? 'The base snapshot' : 'The snapshot of the damage';
  const message = `${what} cannot be read for ${object} ${first} to ${last} (${damage.rows ?? 'some'} records, ${damage.entry}): ${damage.why}. These are left as they are.`;
  return conflictOf('base-unreadable', { object, key: first, field: `${side}:${first}..${last}` }, message, 'leave these records as they are');
}
