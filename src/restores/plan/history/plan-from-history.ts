import { describeThere, type Platform, type PlatformSchema } from '../../../connectors/index.js';
import { canonicalJson, isRunbackError, RunbackError, sha256, silentReporter, type CallOptions } from '../../../lib/index.js';
import { setOwn } from '../../../records/index.js';
import { suspicionOf } from '../../decide/attribution.js';
import { carriedLinks, objectOrder } from '../../decide/graph.js';
import { compileWhere, fieldsOfWhere } from '../../decide/where.js';
import { readRecreations } from '../../records/journal.js';
import { writePlan } from '../../records/plan-file.js';
import type { HistoryRead, NotCovered, PlanFilters, PlanSummary } from '../../types.js';
import type { DecidingContext } from '../context.js';
import { Draft } from '../facts/draft.js';
import type { Held } from '../facts/facts.js';
import { Recorder } from '../facts/recorder.js';
import { checkLimits } from '../limits.js';
import { refuseViaLink } from '../objects/object.js';
import { settleWaiting, withParents } from '../objects/parents.js';
import { pagesOf, type RestoreDeps } from '../plan.js';
import { checkHistoryLimits, requireHistory, type HistoryFilters } from './checks.js';
import { fieldsToRead, historySuspicion, type Finding, type Look } from './finding.js';
import { ObjectTally } from './gaps.js';
import { readHistory, readObject, staleKeys } from './read-object.js';
import { Reading, readingLock } from './reading.js';

/** What a plan from history is asked for. */
export interface HistoryPlanRequest {
  /** With `since` and `suspects`. */
  readonly filters: PlanFilters;
  /** Person or job. */
  readonly by: string;
}

/**
 * Works out from the platform's own field history what would put back the values that some writers wrote over in some
 * time, and saves it as a plan, without any snapshot. It claims nothing of records that were created or deleted, nor of
 * links. Writes nothing to the platform. A process that dies leaves what it has read: the same request continues.
 *
 * Throws `usage` (no window, no suspect, a limit that cannot be honoured, a platform without field history),
 * `not-found`, `object-unsupported`, `expression-invalid`, `locked` (another process is at the same plan), and what the
 * connector throws.
 */
export async function planFromHistory(
  request: HistoryPlanRequest,
  deps: Omit<RestoreDeps, 'catalog'>,
  options: CallOptions = {},
): Promise<PlanSummary> {
  const { by } = request;
  const { store, clock, platform } = deps;
  const filters = checkHistoryLimits(request.filters);
  requireHistory(platform);
  const { live, missing } = await describeWanted(platform, filters, options);
  checkLimits(filters, live.objects);
  for (const schema of live.objects) refuseViaLink(schema, filters);
  const context = contextOf(deps, filters, live);
  const looks = looksOf(context);
  const startedAt = platform.connector.now?.() ?? clock.now();
  const asked = { platform: platform.name, account: platform.identity.account, filters, looks: looks.map(({ fields, schema }) => [schema, fields]) };
  const lock = await store.lock(
    readingLock(asked),
    { by, holder: `plan-${process.pid}`, purpose: `a plan of ${platform.name} from history` },
    { breakDead: true, lapse: true },
  );
  try {
    const reading = await Reading.open(store, asked, startedAt);
    const since = new Date(filters.since);
    for (const [n, look] of looks.entries()) await readObject(look, reading, n, since, options);
    const made = await planOf(context, looks, missing, reading, request, deps, options);
    await reading.drop();
    return made;
  } finally {
    await lock.release();
  }
}

/**
 * Object types within the filter as they are now, with all that they are linked to: which fields only say what a link
 * says is known of those that are described together. `missing`: those of the workspace that cannot be described. Throws
 * `object-unsupported` for one that was named and cannot be restored.
 */
async function describeWanted(
  { connector, objects: configured }: Platform,
  { objects }: PlanFilters,
  options: CallOptions,
): Promise<{ readonly live: PlatformSchema; readonly missing: readonly NotCovered[] }> {
  const wanted = objects ?? configured;
  // Nothing else tells which fields are not read: there is no snapshot.
  const whole = await connector.describe(undefined, { ...options, withheld: true });
  const isWanted = (object: string): boolean => wanted?.includes(object) !== false;
  const lacks = wanted?.filter((name) => !whole.objects.some(({ object }) => object === name)) ?? [];
  // Of what is not among them, only asking for it tells why.
  const { missing } = lacks.length === 0 ? { missing: [] } : await describeThere(connector, wanted, options);
  const refused = whole.objects.find((one) => one.refused !== undefined && objects?.includes(one.object) === true);
  const named = missing.find(({ object }) => objects?.includes(object));
  const why = refused?.refused ?? named?.why;
  if (why !== undefined)
    throw new RunbackError('object-unsupported', `${refused?.object ?? named?.object ?? 'An object type'} cannot be restored`, {
      why,
      state: 'Nothing was written.',
      next: 'Leave it out of --object, or fix on the platform what prevents it.',
    });
  const links = whole.links.filter(({ from, to }) => isWanted(from) || isWanted(to));
  return {
    live: { ...whole, objects: whole.objects.filter(({ object }) => isWanted(object)), links },
    missing: missing.map((one) => ({ object: one.object, extent: 'all', why: one.why })),
  };
}

function contextOf({ platform, store }: Omit<RestoreDeps, 'catalog'>, filters: HistoryFilters, live: PlatformSchema): DecidingContext {
  const { connector, identity } = platform;
  return {
    platform,
    filters,
    live,
    recreations: readRecreations(store, platform),
    where: compileWhere(filters.where),
    suspicion: historySuspicion(suspicionOf(filters, filters.since, connector.capabilities.history, identity.writer)),
  };
}

/** What is read of each object type, parents before children. */
function looksOf(context: DecidingContext): readonly Look[] {
  const { live, filters, platform } = context;
  const refers = carriedLinks(live).filter(({ exact }) => exact === true);
  const judgedBy = fieldsOfWhere(filters.where);
  const order = objectOrder(live).flatMap((group) => group.objects);
  return order.flatMap((name): readonly Look[] => {
    const schema = live.objects.find(({ object }) => object === name);
    const fields = schema === undefined || schema.refused !== undefined ? [] : fieldsToRead(schema, filters);
    if (schema === undefined || fields.length === 0) return [];
    const kept = platform.connector.keptChanges?.(name) ?? 0;
    return [{ context, schema, kept, fields, judgedBy, refers: refers.some(({ from }) => from === name) }];
  });
}

async function planOf(
  context: DecidingContext,
  looks: readonly Look[],
  missing: readonly NotCovered[],
  reading: Reading,
  { by, filters }: HistoryPlanRequest,
  { store, clock }: Omit<RestoreDeps, 'catalog'>,
  options: CallOptions,
): Promise<PlanSummary> {
  const { live, platform } = context;
  const draft = new Draft(live, platform.connector.capabilities.batch.update);
  const refused = live.objects.flatMap(({ object, refused: why }): readonly NotCovered[] =>
    why === undefined ? [] : [{ object, extent: 'all', why }],
  );
  const recorder = new Recorder(draft, live, [...missing, ...refused]);
  const objects: HistoryRead['objects'][number][] = [];
  const unseen = new Set(filters.keys);
  for (const [n, look] of looks.entries()) {
    const tally = await record(look, reading, n, recorder, unseen, options);
    const known = reading.gathered(look.schema.object) ?? { of: 0 };
    objects.push(tally.told(look.schema.object, known));
    const isLinked = live.links.some(({ from, to, viaFields }) => viaFields === undefined && [from, to].includes(look.schema.object));
    recorder.record({ notCovered: tally.gaps(look.schema, known, filters, isLinked) });
  }
  if (unseen.size > 0) throw unknownKeys([...unseen]);
  recorder.record(settleWaiting(context, recorder));
  const withheld: Record<string, readonly string[]> = {};
  for (const { object, withheld: names = [] } of live.objects) if (names.length > 0) setOwn(withheld, object, names);
  const source = {
    snapshot: reading.id,
    digest: sha256(canonicalJson({ filters, account: platform.identity.account, startedAt: reading.startedAt })),
  };
  const head = {
    platform: platform.name,
    account: platform.identity.account,
    address: platform.identity.address,
    environment: platform.environment,
    base: source,
    damaged: source,
    history: { objects, startedAt: reading.startedAt.toISOString() },
    filters,
    ...(recorder.notCovered.length === 0 ? {} : { notCovered: recorder.notCovered }),
    ...(Object.keys(withheld).length === 0 ? {} : { withheld }),
    ...pagesOf(platform, live),
    createdBy: by,
  };
  return await writePlan(store, clock, head, live, draft, recorder.nothingToDo, (object) => objects.find((one) => one.object === object)?.of ?? 0);
}

/**
 * Records what was read of an object type. What was written since the reading began is read once more: it stands in for
 * what was read before. `unseen`: keys that were asked for and that no record was found for.
 */
async function record(look: Look, reading: Reading, n: number, recorder: Recorder, unseen: Set<string>, options: CallOptions): Promise<ObjectTally> {
  const tally = new ObjectTally();
  const keys = look.context.filters.keys;
  const awaited = new Set(
    await reading.keys(n).catch((error: unknown) => {
      throw isRunbackError(error, 'not-found') ? removed(look.schema.object) : error;
    }),
  );
  const later = await staleKeys(look, reading, awaited, options);
  const again = keys === undefined ? [...later] : keys.filter((key) => later.has(key));
  const isAgain = new Set(again);
  for await (const { findings, keys: read, absent } of reading.chunks(n)) {
    const isAbsent = new Set(absent);
    tally.read(read.filter((key) => !isAgain.has(key) && !isAbsent.has(key)).length);
    for (const key of read) if (!isAbsent.has(key)) unseen.delete(key);
    for (const { key, deleted } of findings) if (deleted === true) unseen.delete(key);
    for (const key of read) awaited.delete(key);
    await take(
      look,
      recorder,
      tally,
      findings.filter(({ key }) => !isAgain.has(key)),
      options,
    );
  }
  if (awaited.size > 0 || reading.gathered(look.schema.object) === undefined) throw removed(look.schema.object);
  for await (const { findings, keys: read, absent } of readHistory(look, again, options)) {
    tally.read(read.length - absent.length);
    await take(look, recorder, tally, findings, options);
  }
  (options.reporter ?? silentReporter).progress({
    task: `Planning ${look.schema.object}`,
    done: reading.gathered(look.schema.object)?.of ?? 0,
    unit: 'records',
  });
  return tally;
}

async function take(
  { context, schema }: Look,
  recorder: Recorder,
  tally: ObjectTally,
  findings: readonly Finding[],
  options: CallOptions,
): Promise<void> {
  const held: Held[] = [];
  for (const finding of findings) {
    tally.count(finding);
    if (finding.change !== undefined) held.push({ change: finding.change, live: finding.live });
    recorder.record({
      ...(finding.nothing === undefined ? {} : { nothing: finding.nothing }),
      ...(finding.conflicts === undefined ? {} : { conflicts: finding.conflicts }),
    });
  }
  const there = held.filter(({ change }) => change.action === 'update');
  recorder.record({ present: [[schema.object, there.map(({ change }) => change.key)]] });
  recorder.record(await withParents(context, recorder, held, options));
}

function unknownKeys(keys: readonly string[]): RunbackError {
  const more = keys.length > 5 ? ` (nor ${keys.length - 5} more)` : '';
  return new RunbackError('not-found', `The platform has no record ${keys.slice(0, 5).join(', ')}${more}`, {
    why: 'A plan is limited to records by their keys (ids) on the platform.',
    state: 'Nothing was written.',
    next: 'Correct the keys, or leave them out.',
    data: { limit: 'keys' },
  });
}

/** What was read is not all there any more: a plan of the rest would leave out damaged records in silence. */
function removed(object: string): RunbackError {
  return new RunbackError('document-damaged', `What was read of the history of ${object} was removed before the plan was made`, {
    why: 'It is kept in the state folder until the plan is written, and a part of it is not there.',
    state: 'No plan was made, and nothing was written.',
    next: 'Run the same command again: it reads the history again.',
  });
}
