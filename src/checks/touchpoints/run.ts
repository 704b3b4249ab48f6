import { randomBytes } from 'node:crypto';

import { type Platform, platformLock } from '../../connectors/index.js';
import { canonicalJson, newId, parseDuration, RunbackError } from '../../lib/index.js';
import type { SideIndex } from '../../mappings/index.js';
import type { Fields, ObjectSchema, Value } from '../../records/index.js';
import type { TouchpointTest } from '../document/load.js';
import type { StepDocument } from '../document/schema.js';
import { CHECKS, RESULTS } from '../ledger.js';
import { submissionsOf } from '../load/people.js';
import type { CheckResult, StepResult } from '../result.js';
import { CopyFinder, type CopyReader, readAllCopies, readCopies, readRecentCopies } from './copies.js';
import { type Copies, type Made, type TestedSides, valueIn } from './facts.js';
import { type Cell, conductCells, givenCells, isSettled, type Judgement, judgeStep, type Step, type Wanted } from './judge.js';
import { createdOn, keepNote, type OpenSide, openSide, type TouchpointDeps } from './open.js';
import { stepResult } from './report.js';
import { testedSides } from './sides.js';
import { candidatesOf, valuesOf } from './values.js';
import { createAll, deleteAll, readMade, type Refused, updateAll } from './write.js';

/** Domain of invented addresses. */
export const TEST_DOMAIN = 'example.com';
const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;
const CLOCK_MARGIN_MS = 300_000;

/**
 * Does on one platform what the steps say, and looks what becomes of it on the other. Which records will be created is on disk before
 * the first is, so that whatever ends this process, a clean-up finds them and their copies.
 */
export async function runTouchpoints(test: TouchpointTest, deps: TouchpointDeps): Promise<CheckResult> {
  const { store, clock, by, mapping } = deps;
  const { steps, records } = test.document;
  const from = createdOn(test, mapping);
  const sides = [await openSide(mapping, 0, deps), await openSide(mapping, 1, deps)] as const;
  const tested = testedSides(mapping, from, [sides[0].schema, sides[1].schema]);
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const people = { count: records.count, twice: 0, domain: TEST_DOMAIN };
  const id = newId('check', clock, await store.list(CHECKS));
  const startedAt = clock.now().toISOString();
  const { platform } = sides[from];
  const lock = await store.lock(platformLock(platform), { by, holder: id, purpose: `test ${test.id}` }, { breakDead: true, lapse: true });
  try {
    await keepNote(deps, { id, test, mark, startedAt, people, sides, tested });
    const run = new TouchpointRun(deps, { sides, tested, mark, people });
    const results: StepResult[] = [];
    for (const step of steps) {
      // Stopped for longer than its lease, it is not alone there any more.
      await lock.check();
      results.push(await run.step(step));
    }
    const result = resultOf(test, { id, startedAt, endedAt: clock.now().toISOString(), results });
    await store.document<CheckResult>(RESULTS, id).update(() => result);
    return result;
  } finally {
    await lock.release();
  }
}

class TouchpointRun {
  #made: readonly Made[] = [];
  #copies: Copies = new Map();
  readonly #names: readonly [string, string];
  readonly #to: SideIndex;

  constructor(
    private readonly deps: TouchpointDeps,
    private readonly run: {
      readonly sides: readonly [OpenSide, OpenSide];
      readonly tested: TestedSides;
      readonly mark: string;
      readonly people: { readonly count: number; readonly twice: number; readonly domain: string };
    },
  ) {
    const { from } = run.tested;
    this.#to = from === 0 ? 1 : 0;
    this.#names = [deps.mapping.sides[from].name, deps.mapping.sides[this.#to].name];
  }

  async step(step: StepDocument): Promise<StepResult> {
    if ('create' in step) return await this.#create(step);
    if ('update' in step) return await this.#update(step);
    return await this.#delete(step);
  }

  async #create(step: Extract<StepDocument, { create: string }>): Promise<StepResult> {
    const { tested, people, mark } = this.run;
    const { connector, schema } = this.#from();
    const { clock, call, tell } = this.deps;
    tell?.(`Creating ${people.count} records`);
    const since = new Date(clock.now().getTime() - CLOCK_MARGIN_MS);
    const values = valuesOf(tested, submissionsOf(people, mark), step.edge);
    const { made, refused } = await createAll(connector, schema, values, { clock, call });
    this.#made = made;
    const given = new Map(values.entries());
    return await this.#watched(`create ${step.create}`, { kind: 'carried' }, step, { refused, since, given });
  }

  async #update(step: Extract<StepDocument, { update: string }>): Promise<StepResult> {
    const { connector, schema } = this.#from();
    const { call, tell } = this.deps;
    tell?.(`Changing ${this.#made.length} records`);
    const changes = this.#made.map((made) => ({ made, set: this.#valuesFor(step.set, made.n) }));
    const before = this.#copies;
    const since = new Date(this.deps.clock.now().getTime() - CLOCK_MARGIN_MS);
    const refused = await updateAll(connector, schema, changes, call);
    this.#made = await readMade(connector, schema, this.#keys(), call);
    const wanted: Wanted = { kind: 'carried', fields: new Set(Object.keys(step.set)) };
    // What was given the value that it had changes nothing on the other side.
    const changed = new Set(changes.filter(({ made, set }) => isChange(made, set)).map(({ made }) => made.n));
    for (const { n } of refused) changed.delete(n);
    const name = this.#names[1];
    const conduct = (after: Copies): readonly Cell[] => [
      ...conductCells(before, after, { name, unchanged: step.unchanged, moves: [] }),
      ...conductCells(before, new Map([...after].filter(([n]) => changed.has(n))), { name, unchanged: [], moves: step.moves }),
    ];
    const given = new Map(changes.map(({ made: { n }, set }) => [n, set]));
    for (const { n } of refused) given.delete(n);
    return await this.#watched(`update ${step.update}`, wanted, step, { refused, since, conduct, given });
  }

  async #delete(step: Extract<StepDocument, { delete: string }>): Promise<StepResult> {
    const { connector, schema } = this.#from();
    const { call, tell, mapping } = this.deps;
    tell?.(`Deleting ${this.#made.length} records`);
    const kind = step.expect ?? mapping.onDelete[this.run.tested.from] ?? 'deleted';
    const holds = mapping.inactive[this.#to] ?? {};
    const refused = await deleteAll(connector, schema, this.#made, call);
    const result = await this.#watched(`delete ${step.delete}`, kind === 'inactive' ? { kind, holds } : { kind }, step, { refused, gone: true });
    this.#made = [];
    return result;
  }

  /** What each record is given, by number: one option or edge after the other, or a value of the file. */
  #valuesFor(set: Readonly<Record<string, Value>>, n: number): Fields {
    const { tested } = this.run;
    const { marker, nonce } = tested;
    return Object.fromEntries(
      Object.entries(set).map(([name, value]) => {
        if (name === marker[0] || name === nonce?.[0])
          throw new RunbackError('usage', `A test cannot change ${this.#names[0]}.${name}`, {
            why: 'By that field the records of the test are known.',
            state: 'The records that were created are still there.',
            next: 'Take it out of the test, then: runback test cleanup',
          });
        if (value !== 'each-option' && value !== 'each-edge') return [name, value];
        const field = tested.fields.find(({ field: { names } }) => names[tested.from] === name);
        if (field === undefined)
          throw new RunbackError('usage', `${this.#names[0]} has no mapped field ${name} that a test may write`, {
            state: 'Nothing more was written.',
          });
        const fit = candidatesOf(field, tested.from, true);
        return [name, fit[n % Math.max(1, fit.length)] ?? null];
      }),
    );
  }

  /** Waits for what a step has to come to, and judges it. */
  async #watched(
    title: string,
    wanted: Wanted,
    { within, settle }: { readonly within: string; readonly settle: string },
    {
      refused,
      since,
      conduct,
      given,
      gone = false,
    }: {
      readonly refused: readonly Refused[];
      readonly since?: Date;
      readonly conduct?: (after: Copies) => readonly Cell[];
      readonly given?: ReadonlyMap<number, Fields>;
      readonly gone?: boolean;
    },
  ): Promise<StepResult> {
    const { clock, call, tell } = this.deps;
    const step: Step = { sides: this.run.tested, names: this.#names, made: this.#made, wanted };
    const reader = this.#reader();
    const startedMs = clock.monotonicMs();
    const deadlineMs = startedMs + parseDuration(within);
    let seen: Copies = new Map();
    tell?.(`${title}: looking at ${this.#names[1]}`);
    for (;;) {
      seen = since === undefined ? await readCopies(reader, this.#copyKeys(), call) : merged(seen, await this.#recent(reader, since));
      const left = deadlineMs - clock.monotonicMs();
      if (isSettled(step, seen) || left <= 0) break;
      await clock.sleep(Math.min(left, Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (clock.monotonicMs() - startedMs))), call.signal);
    }
    // What is told of what is not there rests on readings of everything.
    const atDeadline = isSettled(step, seen) ? seen : await readAllCopies(reader, call);
    const tookMs = clock.monotonicMs() - startedMs;
    await clock.sleep(parseDuration(settle), call.signal);
    const later = await readAllCopies(reader, call);
    const judgement = judgeStep(step, atDeadline, later);
    this.#copies = later;
    const source = gone ? [] : await this.#sourceCells();
    const overwritten = given === undefined ? [] : givenCells(step, given).filter(({ verdict }) => verdict === 'wrong');
    return stepResult({ title, judgement: withCells(judgement, [...(conduct?.(later) ?? []), ...source, ...overwritten]), refused, tookMs });
  }

  /** Those written since; of those known already, what they are now. */
  async #recent(reader: CopyReader, since: Date): Promise<Copies> {
    return this.#copies.size > 0 ? await readCopies(reader, this.#copyKeys(), this.deps.call) : await readRecentCopies(reader, since, this.deps.call);
  }

  /** What the test wrote must still stand where it was written: a sync that writes back is found by that. */
  async #sourceCells(): Promise<readonly Cell[]> {
    const { tested } = this.run;
    const { connector, schema } = this.#from();
    const now = await readMade(connector, schema, this.#keys(), this.deps.call);
    const names = tested.fields.map(({ field }) => field.names[tested.from]);
    const copies = (made: readonly Made[]): Copies => new Map(made.map(({ n, record }) => [n, [record]]));
    return conductCells(copies(this.#made), copies(now), { name: this.#names[0], unchanged: names, moves: [] });
  }

  #from(): { readonly connector: Platform['connector']; readonly schema: ObjectSchema } {
    const { platform, schema } = this.run.sides[this.run.tested.from];
    return { connector: platform.connector, schema };
  }

  #reader(): CopyReader {
    const { platform, schema } = this.run.sides[this.#to];
    return { connector: platform.connector, schema, finder: new CopyFinder(this.deps.mapping, this.run.tested, this.#made) };
  }

  #keys(): ReadonlyMap<string, number> {
    return new Map(this.#made.map(({ key, n }) => [key, n]));
  }

  #copyKeys(): readonly string[] {
    return [...this.#copies.values()].flatMap((records) => records.map(({ key }) => key));
  }
}

const isChange = ({ record }: Made, set: Fields): boolean =>
  Object.entries(set).some(([name, value]) => canonicalJson(valueIn(record, name)) !== canonicalJson(value === '' ? null : value));

/** What was seen of a record last. */
function merged(before: Copies, now: Copies): Copies {
  return new Map([...before, ...now]);
}

const withCells = ({ records, cells }: Judgement, more: readonly Cell[]): Judgement => ({ records, cells: [...cells, ...more] });

function resultOf(
  { id: test, title, digest }: TouchpointTest,
  {
    id,
    startedAt,
    endedAt,
    results,
  }: { readonly id: string; readonly startedAt: string; readonly endedAt: string; readonly results: readonly StepResult[] },
): CheckResult {
  const checks = results.flatMap((step) => step.checks);
  return { version: 1, id, test, title, digest, startedAt, endedAt, passed: checks.every(({ passed }) => passed), steps: results, checks };
}
