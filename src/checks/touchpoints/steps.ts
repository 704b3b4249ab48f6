import { canonicalJson, parseDuration } from '../../lib/index.js';
import { otherSide, type SideIndex } from '../../mappings/index.js';
import type { Fields, PlatformRecord } from '../../records/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import type { StepDocument } from '../document/schema.js';
import type { CheckNote, NotedPlace } from '../ledger.js';
import { submissionsOf } from '../load/people.js';
import type { StepResult } from '../result.js';
import { conducted, type Conducts, conductsOf, emptyBefore } from './conduct.js';
import { CopyFinder, readCopies } from './copies.js';
import { activityPlaces, type ActivityStep, actOnEach, type OpenActivity, openActivity } from './events/activity.js';
import { intakeFor, madeBy, submitEach, type SubmitStep } from './events/submit.js';
import { marksOf, type Copies, type Made, type TestedSides, valueIn } from './facts.js';
import { type Cell, conductCells, givenCells, isSettled, judgeStep, type Judgement, type Step, type Wanted } from './judge.js';
import { type LockedDeps, type OpenSide, sideOf } from './open.js';
import { type PointingPlace, pointedTo, pointingPlaces } from './orphans.js';
import { stepResult } from './report.js';
import { refuseUnwritable, setFor, withOptOuts } from './set-values.js';
import { seenFrom } from './sides.js';
import { valuesOf } from './values.js';
import { awaitCount, lastLook, type Seen, watchStep, type Watching } from './watch.js';
import { createEach, deleteAll, readMade, type Refused, updateAll } from './write.js';

type CreateStep = Extract<StepDocument, { create: string } | { import: string }>;
type UpdateStep = Extract<StepDocument, { update: string }>;
type DeleteStep = Extract<StepDocument, { delete: string }>;
/** After these steps there are copies where none were before. */
type MakingStep = CreateStep | SubmitStep;

/** A platform may tell its time in whole seconds. */
const TOLD_MS = 1000;

/** What a test with steps runs on. */
export interface Ground {
  readonly sides: readonly [OpenSide, OpenSide];
  readonly tested: TestedSides;
  /** Every address and mark begins with it. */
  readonly mark: string;
  readonly people: CheckNote['submissions'];
  /** What a file gives each record. */
  readonly rows?: readonly Fields[];
}

/** One side as a step sees it. */
interface View {
  readonly here: SideIndex;
  readonly there: SideIndex;
  readonly tested: TestedSides;
  readonly names: readonly [here: string, there: string];
}

/** What a step did, for its judgement. */
interface Done {
  readonly refused: readonly Refused[];
  readonly watching: Omit<Watching, 'reader'>;
  /** What each record was given, by number. */
  readonly given: ReadonlyMap<number, Fields>;
  /** Numbers of those that it really changed. */
  readonly changed: ReadonlySet<number>;
  readonly before: readonly [Copies, Copies];
  /** Numbers of deleted records to which something still points, once the time to settle has passed. */
  readonly orphaned?: () => Promise<ReadonlySet<number>>;
}

/** The records of one test on both sides, and the steps that are done with them, one after the other. */
export class TouchpointRun {
  /** What stands of each record, by side; what a step wrote last is read again. */
  #standing: readonly [Copies, Copies] = [new Map(), new Map()];
  readonly #activities = new Map<StepDocument, OpenActivity>();

  constructor(
    private readonly deps: LockedDeps,
    private readonly ground: Ground,
  ) {}

  /** Throws `usage` where a step can never be done, before anything is written. Gives where what is made about the records will be. */
  async check(steps: readonly StepDocument[]): Promise<readonly NotedPlace[]> {
    const places: NotedPlace[] = [];
    for (const step of steps) {
      const view = this.#view(step);
      conductsOf(step, view.tested, view.names);
      if ('update' in step) refuseUnwritable(step, view.tested, view.names);
      if ('submit' in step) await intakeFor(step, this.deps);
      if ('activity' in step) {
        const [here, there] = [this.ground.sides[view.here], this.ground.sides[view.there]];
        const open = await openActivity(step, here, there, this.deps);
        this.#activities.set(step, open);
        places.push(...activityPlaces(open, here, there));
      }
    }
    return places;
  }

  async step(step: StepDocument): Promise<StepResult> {
    if ('submit' in step) return await this.#submit(step);
    if ('activity' in step) return await this.#act(step);
    if (isCreation(step)) return await this.#create(step);
    return 'update' in step ? await this.#update(step) : await this.#delete(step);
  }

  async #create(step: CreateStep): Promise<StepResult> {
    const view = this.#view(step);
    const { people, mark } = this.ground;
    const { clock, call, tell } = this.deps;
    const { connector, schema } = this.#side(view.here);
    tell?.(`Creating ${people.count} records`);
    const watching = this.#started(view);
    const values = valuesOf(view.tested, submissionsOf(people, mark), step.edge, this.ground.rows);
    const { keys, refused } = await createEach(connector, schema, values, { clock, call, marks: marksOf(view.tested) });
    const changed = new Set(keys.values());
    const given = new Map([...values.entries()].filter(([n]) => changed.has(n)));
    const done: Done = { refused, watching, given, changed, before: this.#standing };
    const title = `${'create' in step ? 'create' : 'import'} ${view.names[0]}`;
    const early = await this.#countedFirst(step, view, keys, done);
    if (early !== undefined) return this.#result(title, step, view, early, done);
    const made = await readMade(connector, schema, keys, call);
    this.#stands(view.here, made);
    return await this.#watched(title, step, view, { ...this.#stepOf(view, made, { kind: 'carried' }) }, done);
  }

  /** Of many records nothing is read until as many have arrived, and then each once, where that shows them all to be as they should. */
  async #countedFirst(
    timing: CreateStep,
    view: View,
    keys: ReadonlyMap<string, number>,
    { watching: started }: Done,
  ): Promise<{ readonly step: Step; readonly seen: Seen } | undefined> {
    const { clock, call } = this.deps;
    const { connector, schema } = this.#side(view.here);
    if (keys.size <= this.#side(view.there).connector.capabilities.batch.read) return undefined;
    const none = { ...started, reader: this.#reader(view, []) };
    if (!(await awaitCount(keys.size, timing, none))) return undefined;
    const tookMs = clock.monotonicMs() - started.startedMs;
    await clock.sleep(parseDuration(timing.settle), call.signal);
    const made = await readMade(connector, schema, keys, call);
    const step = this.#stepOf(view, made, { kind: 'carried' });
    const later = await lastLook(step, new Map(), { ...started, reader: this.#reader(view, made) });
    const isInTime = clock.monotonicMs() <= started.startedMs + parseDuration(timing.within);
    if (!isInTime || !isSettled(step, later)) return undefined;
    this.#stands(view.here, made);
    return { step, seen: { atDeadline: later, later, tookMs } };
  }

  async #submit(step: SubmitStep): Promise<StepResult> {
    const view = this.#view(step);
    const { people, mark } = this.ground;
    const { tested } = view;
    this.deps.tell?.(`Submitting ${people.count} times`);
    const watching = this.#started(view);
    const submissions = submissionsOf(people, mark);
    const side = this.ground.sides[view.here];
    const [address, nonce] = [tested.marker[0], tested.nonce?.[0]];
    const arrival = { name: view.names[0], ...side, address, ...(nonce !== undefined && { nonce }) };
    const { made, refused, lost, doubled, late } = await submitEach(step, submissions, arrival, { deps: this.deps, mark });
    const changed = new Set(made.map(({ n }) => n));
    const given = new Map([...madeBy(step, submissions)].filter(([n]) => changed.has(n)));
    this.#stands(view.here, made);
    // Its own record is where it begins: how long the copy takes is counted from when that was seen.
    const done: Done = { refused, watching: { ...watching, startedMs: this.deps.clock.monotonicMs() }, given, changed, before: this.#standing };
    const title = `submit ${view.names[0]}`;
    const result = await this.#watched(title, step, view, this.#stepOf(view, made, { kind: 'carried' }), done);
    return withChecks(result, [
      countCheck(`${title}: ${view.names[0]} lost`, lost.length),
      countCheck(`${title}: ${view.names[0]} doubled`, doubled.length),
      countCheck(`${title}: ${view.names[0]} late`, late.length),
    ]);
  }

  async #act(step: ActivityStep): Promise<StepResult> {
    const open = this.#activities.get(step);
    if (open === undefined) throw new TypeError('a step is opened before it is done');
    const view = this.#view(step);
    const { here, there, names } = view;
    const { people, mark } = this.ground;
    const { call } = this.deps;
    const before = this.#standing;
    const [made, copies] = [madeOf(before[here]), madeOf(before[there])];
    const title = `activity ${names[0]}`;
    this.deps.tell?.(`${title}: ${made.length} times`);
    const look = async (): Promise<Copies> =>
      await readCopies(
        this.#reader(view, made),
        copies.map(({ key }) => key),
        call,
      );
    const conduct = (acted: ReadonlySet<number>, now: Copies): readonly Cell[] => {
      const seen = { atDeadline: now, later: now, tookMs: 0 };
      return this.#conduct(step, view, { seen, changed: acted, before });
    };
    const { refused, acted, records, tookMs } = await actOnEach(open, {
      here: this.ground.sides[here],
      there: this.ground.sides[there],
      made,
      copies,
      submissions: submissionsOf(people, mark),
      since: this.#started(view).since,
      deps: this.deps,
      moved: async (of) => step.moves.length === 0 || !conduct(of, await look()).some(({ verdict }) => verdict === 'wrong'),
    });
    const source = await this.#sourceCells(view, made);
    const now = await look();
    this.#keep(there, now);
    return stepResult({ title, judgement: { records, cells: [...conduct(acted, now), ...source] }, refused, tookMs });
  }

  async #update(step: UpdateStep): Promise<StepResult> {
    const seen = this.#view(step);
    const view = { ...seen, tested: withOptOuts(seen.tested, step.set) };
    const { connector, schema } = this.#side(view.here);
    const { call, tell } = this.deps;
    const all = madeOf(this.#standing[view.here]);
    tell?.(`Changing ${all.length} records`);
    const changes = all.map((made) => ({ made, set: setFor(step, view.tested, made.n) }));
    const before = this.#standing;
    const watching = this.#started(view);
    const refused = await updateAll(connector, schema, changes, call);
    const isRefused = new Set(refused.map(({ n }) => n));
    const written = changes.filter(({ made }) => !isRefused.has(made.n));
    const made = await readMade(connector, schema, keysIn(all), call);
    this.#stands(view.here, made);
    const set = new Set(Object.keys(step.set));
    const carried = view.tested.fields.map(({ field }) => field.names[view.here]).filter((name) => set.has(name));
    return await this.#watched(`update ${step.update}`, step, view, this.#stepOf(view, made, { kind: 'carried', fields: new Set(carried) }), {
      refused,
      watching,
      before,
      given: new Map(written.map((change) => [change.made.n, change.set])),
      // What was given the value that it had changes nothing on the other side.
      changed: new Set(written.filter((change) => isChange(change.made, change.set)).map((change) => change.made.n)),
    });
  }

  async #delete(step: DeleteStep): Promise<StepResult> {
    const view = this.#view(step);
    const { connector, schema } = this.#side(view.here);
    const { call, tell, mapping } = this.deps;
    const all = madeOf(this.#standing[view.here]);
    tell?.(`Deleting ${all.length} records`);
    const kind = step.expect ?? mapping.onDelete[view.here] ?? 'deleted';
    const before = this.#standing;
    const places = await pointingPlaces(step.orphans, mapping, this.ground.sides, call);
    const watching = this.#started(view);
    const refused = await deleteAll(connector, schema, all, call);
    const wanted: Wanted = kind === 'inactive' ? { kind, holds: mapping.inactive[view.there] ?? {} } : { kind };
    this.#stands(view.here, []);
    const changed = new Set(kind === 'kept' ? [] : all.map(({ n }) => n));
    return await this.#watched(`delete ${step.delete}`, step, view, this.#stepOf(view, all, wanted), {
      refused,
      watching,
      before,
      given: new Map(),
      changed,
      orphaned: async () => await this.#orphaned(places, kind === 'deleted' ? before : [before[view.here]]),
    });
  }

  /** Numbers of deleted records to which something still points. */
  async #orphaned(places: readonly PointingPlace[], gone: readonly Copies[]): Promise<ReadonlySet<number>> {
    const numbers = new Map(gone.flatMap((copies) => [...copies].flatMap(([n, records]) => records.map(({ key }) => [key, n] as const))));
    const orphaned = new Set<number>();
    for (const place of places)
      for (const key of await pointedTo(place, new Set(numbers.keys()), this.deps.call)) orphaned.add(numbers.get(key) ?? -1);
    return orphaned;
  }

  async #watched(title: string, step: StepDocument, view: View, of: Step, done: Done): Promise<StepResult> {
    this.deps.tell?.(`${title}: looking at ${view.names[1]}`);
    const known: Copies = isMaking(step) ? new Map() : done.before[view.there];
    const seen = await watchStep(of, known, step, { ...done.watching, reader: this.#reader(view, of.made) });
    const source = 'delete' in step ? [] : await this.#sourceCells(view, of.made);
    return this.#result(title, step, view, { step: of, seen }, done, source, (await done.orphaned?.()) ?? new Set());
  }

  #result(
    title: string,
    document: StepDocument,
    view: View,
    { step, seen }: { readonly step: Step; readonly seen: Seen },
    { refused, given, changed, before }: Done,
    source: readonly Cell[] = [],
    orphaned: ReadonlySet<number> = new Set(),
  ): StepResult {
    this.#keep(view.there, seen.later);
    const isWrong = ({ verdict }: Cell): boolean => verdict === 'wrong';
    const cells = [
      ...this.#conduct(document, view, { seen, changed, before }),
      ...source,
      ...givenCells(step, given).filter(isWrong),
      ...('update' in document ? heldCells(view, before[view.there], seen.later, document.moves) : []),
    ];
    const judged = judgeStep(step, seen.atDeadline, seen.later);
    const records = judged.records.map((one) => (orphaned.has(one.n) && one.verdict === 'right' ? { ...one, verdict: 'orphaned' as const } : one));
    const judgement = withCells({ ...judged, records }, cells);
    return stepResult({ title, judgement, refused, tookMs: seen.tookMs });
  }

  #conduct(
    step: StepDocument,
    { here, there, tested, names }: View,
    { seen, changed, before }: { readonly seen: Seen; readonly changed: ReadonlySet<number>; readonly before: readonly [Copies, Copies] },
  ): readonly Cell[] {
    const wants: Conducts = conductsOf(step, tested, names);
    const own = this.#standing[here];
    const was = (side: SideIndex, after: Copies): Copies => (isMaking(step) ? emptyBefore(after) : before[side]);
    return [
      ...conducted(names[1], wants.there, { before: was(there, seen.later), after: seen.later, changed }),
      ...conducted(names[0], wants.here, { before: was(here, own), after: own, changed }),
    ];
  }

  /** What the test wrote must still stand where it was written: a sync that writes back is found by that. */
  async #sourceCells({ here, tested, names }: View, made: readonly Made[]): Promise<readonly Cell[]> {
    const { connector, schema } = this.#side(here);
    const now = await readMade(connector, schema, keysIn(made), this.deps.call);
    this.#stands(here, now);
    const fields = tested.fields.map(({ field }) => field.names[here]);
    return conductCells(copiesOf(made), copiesOf(now), { name: names[0], unchanged: fields, moves: [] });
  }

  #view(step: StepDocument): View {
    const { mapping } = this.deps;
    const name = sideOf(step);
    const here: SideIndex = mapping.sides[0].name === name ? 0 : 1;
    const there = otherSide(here);
    return { here, there, tested: seenFrom(mapping, this.ground.tested, here), names: [name, mapping.sides[there].name] };
  }

  #stepOf({ tested, names }: View, made: readonly Made[], wanted: Wanted): Step {
    return { sides: tested, names, made, wanted };
  }

  #started({ there }: View): Omit<Watching, 'reader'> {
    const { clock, call } = this.deps;
    const told = this.#side(there).connector.now?.();
    const since = new Date(told === undefined ? clock.now().getTime() - CLOCK_MARGIN_MS : told.getTime() - TOLD_MS);
    return { since, startedMs: clock.monotonicMs(), clock, call };
  }

  #side(side: SideIndex): { readonly connector: OpenSide['platform']['connector']; readonly schema: OpenSide['schema'] } {
    const { platform, schema } = this.ground.sides[side];
    return { connector: platform.connector, schema };
  }

  #reader({ there, tested }: View, made: readonly Made[]): Watching['reader'] {
    return { ...this.#side(there), finder: new CopyFinder(this.deps.mapping, tested, made) };
  }

  #stands(side: SideIndex, made: readonly Made[]): void {
    this.#keep(side, copiesOf(made));
  }

  #keep(side: SideIndex, copies: Copies): void {
    const [first, second] = this.#standing;
    this.#standing = side === 0 ? [copies, second] : [first, copies];
  }
}

const isCreation = (step: StepDocument): step is CreateStep => 'create' in step || 'import' in step;
const isMaking = (step: StepDocument): step is MakingStep => isCreation(step) || 'submit' in step;

const countCheck = (name: string, found: number): StepResult['checks'][number] => ({ name, passed: found === 0, found: String(found), wanted: '0' });
const withChecks = (result: StepResult, more: StepResult['checks']): StepResult => ({ ...result, checks: [...more, ...result.checks] });

/** Of each number the first record: a copy that was made twice is one more. */
function madeOf(copies: Copies): readonly Made[] {
  return [...copies].flatMap(([n, [record]]) => (record === undefined ? [] : [{ n, key: record.key, record }])).sort((a, b) => a.n - b.n);
}

const copiesOf = (made: readonly Made[]): Copies => new Map(made.map(({ n, record }): [number, readonly PlatformRecord[]] => [n, [record]]));
const keysIn = (made: readonly Made[]): ReadonlyMap<string, number> => new Map(made.map(({ key, n }) => [key, n]));

/** What the mapping does not let come over from where a step wrote. `moves`: what the test itself wants to change. */
function heldCells({ there, tested: { held }, names }: View, before: Copies, after: Copies, moves: readonly string[]): readonly Cell[] {
  const unchanged = held.map(({ field }) => field.names[there]).filter((name) => !moves.includes(name));
  return conductCells(before, after, { name: names[1], unchanged: [...new Set(unchanged)], moves: [] });
}

const isChange = ({ record }: Made, set: Fields): boolean =>
  Object.entries(set).some(([name, value]) => canonicalJson(valueIn(record, name)) !== canonicalJson(value === '' ? null : value));

const withCells = ({ records, cells }: Judgement, more: readonly Cell[]): Judgement => ({ records, cells: [...cells, ...more] });
