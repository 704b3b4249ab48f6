import { canonicalJson, parseDuration } from '../../lib/index.js';
import { stored } from '../../mappings/index.js';
import type { Fields, ObjectSchema } from '../../records/index.js';
import type { TestDocument } from '../document/schema.js';
import type { Submission } from '../load/facts.js';
import type { TriggerResult, TriggerRow } from '../result.js';
import { type Made, valueIn } from '../touchpoints/facts.js';
import { createEach, readMade, updateAll } from '../touchpoints/write.js';
import type { Evidence, Firings } from './evidence.js';
import type { Expected, Row } from './facts.js';
import { expectedWords, firingVerdict } from './judge.js';
import type { OpenTrigger, TriggerDeps } from './open.js';
import { advanced, BEFORE, type Course, expectedOf } from './oracle.js';
import { firingTotals } from './report.js';

const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;

/** What the rows of a table are tried with. */
export interface Trying {
  readonly opened: OpenTrigger;
  readonly trigger: NonNullable<TestDocument['trigger']>;
  readonly settle: string;
  readonly rows: readonly Row[];
  /** One for each row. */
  readonly submissions: readonly Submission[];
  readonly evidence: Evidence;
}

/** A row on its way. */
interface Track {
  readonly n: number;
  readonly row: Row;
  made?: Made;
  course: Course;
  /** Why its next steps cannot be tried. */
  stopped?: string;
  /** How often it had fired before the step. */
  base: number;
  readonly told: TriggerRow['steps'][number][];
}

interface Awaited {
  readonly track: Track;
  readonly writes: readonly Fields[];
  readonly expected: Expected;
}

/** Goes through the rows of a table, the same step of all of them at the same time. */
export class RowsRun {
  readonly #tracks: readonly Track[];

  constructor(
    private readonly deps: TriggerDeps,
    private readonly trying: Trying,
  ) {
    this.#tracks = trying.rows.map((row, n) => ({ n, row, course: BEFORE, base: 0, told: [] }));
  }

  /** Steps of the longest row. */
  get length(): number {
    return Math.max(...this.trying.rows.map(({ steps }) => steps.length));
  }

  async step(step: number): Promise<void> {
    this.deps.tell?.(`Step ${step + 1} of ${this.length}: ${this.#at(step).length} records`);
    if (step === 0) await this.#create();
    else await this.#update(step);
    const { condition } = this.trying.opened;
    const active = this.#at(step).map(({ track, writes }): Awaited => {
      const states = this.#statesOf(track, writes);
      return { track, writes: states, expected: expectedOf(track.course, states, condition, this.trying.trigger.refire) };
    });
    const { atDeadline, later } = await this.#watch(active);
    for (const { track, writes, expected } of active) this.#judge(track, writes, expected, { atDeadline, later });
    await this.#reset(active);
    await this.#refresh(active);
  }

  result(): TriggerResult {
    const { trigger, evidence } = this.trying;
    const rows = this.#tracks.map(({ row, told }): TriggerRow => ({ row: row.name, steps: told }));
    const why = evidence.untold();
    const isSeen = rows.some(({ steps }) => steps.some(({ fired }) => fired > 0));
    // What the platform does not tell of accuses nobody.
    const fair = isSeen || why === undefined ? rows : rows.map(({ row, steps }) => ({ row, steps: steps.map((one) => untold(one, why)) }));
    return { condition: trigger.when, refire: trigger.refire, totals: firingTotals(fair), rows: fair };
  }

  #at(step: number): readonly { readonly track: Track; readonly writes: readonly Fields[] }[] {
    return this.#tracks.flatMap((track) => {
      const writes = track.row.steps[step];
      return writes === undefined || track.stopped !== undefined ? [] : [{ track, writes }];
    });
  }

  async #create(): Promise<void> {
    const { clock, call } = this.deps;
    const { opened, trigger, submissions } = this.trying;
    const { platform, schema } = opened.side;
    const { address, mark } = opened.marks;
    const values = this.#tracks.map(({ n, row }): Fields => {
      const { person = '', nonce = '' } = submissions[n] ?? {};
      return { ...trigger.with, ...row.steps[0]?.[0], [address]: person, ...(mark !== undefined && { [mark]: nonce }) };
    });
    const marks = mark === undefined ? [address] : [address, mark];
    const { keys, refused } = await createEach(platform.connector, schema, values, { clock, call, marks });
    for (const made of await readMade(platform.connector, schema, keys, call)) this.#track(made.n).made = made;
    for (const { n, why } of refused) this.#stop(this.#track(n), why);
  }

  /** Writes that belong together follow each other at once. */
  async #update(step: number): Promise<void> {
    const { platform, schema } = this.trying.opened.side;
    const most = Math.max(...this.#at(step).map(({ writes }) => writes.length), 0);
    for (let nth = 0; nth < most; nth += 1) {
      const changes = this.#at(step).flatMap(({ track, writes }) => {
        const values = writes[nth];
        return values === undefined || track.made === undefined ? [] : [{ track, made: track.made, set: changed(track.made, values) }];
      });
      for (const { n, why } of await updateAll(platform.connector, schema, changes, this.deps.call)) this.#stop(this.#track(n), why);
      for (const { track, made, set } of changes)
        track.made = { ...made, record: { ...made.record, fields: { ...made.record.fields, ...kept(schema, set) } } };
    }
  }

  /** All values of the condition after each write, as the platform holds them. */
  #statesOf({ made }: Track, writes: readonly Fields[]): readonly Fields[] {
    const { condition, side } = this.trying.opened;
    const stands = Object.fromEntries(condition.fields.map(({ name }) => [name, made === undefined ? null : valueIn(made.record, name)]));
    return writes.map((values) => ({ ...stands, ...kept(side.schema, values) }));
  }

  /** Until what should fire has, or the time is over; where nothing should, all of the time. */
  async #watch(active: readonly Awaited[]): Promise<{ readonly atDeadline: Firings; readonly later: Firings }> {
    const { clock, call } = this.deps;
    const { trigger, settle, evidence } = this.trying;
    const made = active.flatMap(({ track }) => track.made ?? []);
    const startedMs = clock.monotonicMs();
    const deadlineMs = startedMs + parseDuration(trigger.within);
    const isAwaited = active.some(({ expected }) => expected.least > 0);
    const isThere = (seen: Firings): boolean =>
      active.every(
        ({ track, expected }) =>
          firingVerdict({ least: expected.least, most: Infinity }, this.#seen(track, seen, seen), evidence.countable) === 'right',
      );
    let seen: Firings = new Map();
    for (;;) {
      const left = deadlineMs - clock.monotonicMs();
      if (isAwaited) seen = await evidence.look(made, false);
      if (left <= 0 || (isAwaited && isThere(seen))) break;
      const waited = clock.monotonicMs() - startedMs;
      await clock.sleep(isAwaited ? Math.min(left, Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * waited)) : left, call.signal);
    }
    const atDeadline = isAwaited && isThere(seen) ? seen : await evidence.look(made, true);
    await clock.sleep(parseDuration(settle), call.signal);
    return { atDeadline, later: await evidence.look(made, true) };
  }

  #seen({ n, base }: Track, atDeadline: Firings, later: Firings): { readonly inTime: number; readonly inAll: number } {
    return { inTime: (atDeadline.get(n) ?? 0) - base, inAll: (later.get(n) ?? 0) - base };
  }

  #judge(
    track: Track,
    writes: readonly Fields[],
    expected: Expected,
    { atDeadline, later }: { readonly atDeadline: Firings; readonly later: Firings },
  ): void {
    const { countable } = this.trying.evidence;
    const seen = this.#seen(track, atDeadline, later);
    track.told.push({ expected: expectedWords(expected), fired: seen.inAll, verdict: firingVerdict(expected, seen, countable) });
    track.course = advanced(track.course, writes, { expected, fired: seen.inAll });
    track.base = countable ? (later.get(track.n) ?? 0) : 0;
  }

  /** So that the next time is seen, where one looks like several. */
  async #reset(active: readonly Awaited[]): Promise<void> {
    const { opened, evidence } = this.trying;
    const { reset } = evidence;
    if (reset === undefined) return;
    const changes = active.flatMap(({ track }) => {
      const hasFired = (track.told.at(-1)?.fired ?? 0) > 0;
      return hasFired && track.made !== undefined ? [{ made: track.made, set: { [reset.field]: reset.value } }] : [];
    });
    const { connector } = opened.side.platform;
    // What stands there since is not what was read before.
    const now = await readMade(connector, opened.side.schema, new Map(changes.map(({ made }) => [made.key, made.n])), this.deps.call);
    const fresh = changes.map(({ made, set }) => ({ made: now.find(({ n }) => n === made.n) ?? made, set }));
    for (const { n, why } of await updateAll(connector, opened.side.schema, fresh, this.deps.call)) this.#stop(this.#track(n), why);
  }

  /** The automation may have changed what it is about. */
  async #refresh(active: readonly Awaited[]): Promise<void> {
    const { condition, side } = this.trying.opened;
    const keys = new Map(active.flatMap(({ track }) => (track.made === undefined ? [] : [[track.made.key, track.n] as const])));
    for (const made of await readMade(side.platform.connector, side.schema, keys, this.deps.call)) {
      const track = this.#track(made.n);
      track.made = made;
      track.course = { ...track.course, values: Object.fromEntries(condition.fields.map(({ name }) => [name, valueIn(made.record, name)])) };
    }
  }

  #track(n: number): Track {
    const track = this.#tracks[n];
    if (track === undefined) throw new RangeError(`no row ${n}`);
    return track;
  }

  #stop(track: Track, why: string): void {
    track.stopped = why;
    track.told.push({ expected: '?', fired: 0, verdict: 'untried', why });
  }
}

/** What differs from what stands there; all of it where nothing does: the same value again is written too. */
function changed({ record }: Made, values: Fields): Fields {
  const different = Object.entries(values).filter(([name, value]) => canonicalJson(valueIn(record, name)) !== canonicalJson(value));
  return different.length === 0 ? values : Object.fromEntries(different);
}

/** Values as the platform holds them once they were written. */
function kept({ fields }: ObjectSchema, values: Fields): Fields {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const field = fields.find((each) => each.name === name);
      return [name, (field === undefined ? undefined : stored(field, value)) ?? value];
    }),
  );
}

const untold = (step: TriggerRow['steps'][number], why: string): TriggerRow['steps'][number] =>
  step.verdict === 'missed' ? { ...step, verdict: 'untried', why } : step;
