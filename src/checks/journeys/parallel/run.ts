import { randomBytes } from 'node:crypto';

import { chunksOf, newId, parseDuration } from '../../../lib/index.js';
import { otherSide } from '../../../mappings/index.js';
import type { Value } from '../../../records/index.js';
import { CLOCK_MARGIN_MS } from '../../clocks.js';
import type { ParallelTest } from '../../document/load.js';
import { arrivesWithinMs, CHECKS, RESULTS } from '../../ledger.js';
import { submissionsOf } from '../../load/people.js';
import { lockPlatforms } from '../../locks.js';
import type { CheckResult } from '../../result.js';
import { CopyFinder, type CopyReader, readAllCopies, readRecentCopies } from '../../touchpoints/copies.js';
import { marksOf, type Copies, type Made } from '../../touchpoints/facts.js';
import type { TouchpointDeps } from '../../touchpoints/open.js';
import { valuesOf } from '../../touchpoints/values.js';
import { createAll, type Refused } from '../../touchpoints/write.js';
import { type Arena, keepRaceNote, openArena } from './open.js';
import { type Field, judgeHistory, judgeRace, type Told } from './race.js';
import { Racers, type Raced, readKeys } from './racers.js';
import { type RaceFound, raceResult, type Untold } from './report.js';

/** Domain of invented addresses. */
const DOMAIN = 'example.com';
const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;

/**
 * Lets several writers write the same records at the same time, each record by an interleaving of its own, and looks whether what stands in the
 * end is what some order of their writes comes to.
 */
export async function runParallel(test: ParallelTest, deps: TouchpointDeps): Promise<CheckResult> {
  const { store, clock, by, call } = deps;
  const { parallel } = test.document;
  const arena = await openArena(test, deps);
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const submissions = { count: parallel.interleavings, twice: 0, domain: DOMAIN };
  const id = newId('check', clock, await store.list(CHECKS));
  const startedAt = clock.now().toISOString();
  const platforms = arena.sides.map(({ platform }) => platform);
  const locks = await lockPlatforms(store, platforms, { by, holder: id, purpose: `test ${test.id}` });
  try {
    await keepRaceNote(deps, arena, { id, test: test.id, startedAt, mark, submissions, arrivesWithinMs: arrivesWithinMs([test.document.parallel]) });
    const run = new ParallelRun(arena, test, deps);
    const { raced, refused, missing } = await run.start(submissionsOf(submissions, mark));
    await locks.check();
    deps.tell?.(`${parallel.writers.length} writers write ${raced.length} records`);
    await new Racers(arena, parallel, mark, { clock, call }).run(raced, parseDuration(parallel.pause));
    const found = await run.judged(raced);
    const result = raceResult(test, { id, startedAt, endedAt: clock.now().toISOString(), refused, missing, raced, ...found });
    await store.document<CheckResult>(RESULTS, id).update(() => result);
    return result;
  } finally {
    await locks.release();
  }
}

class ParallelRun {
  constructor(
    private readonly arena: Arena,
    private readonly test: ParallelTest,
    private readonly deps: TouchpointDeps,
  ) {}

  /** Makes the records, and waits until each has its copy. */
  async start(
    people: ReturnType<typeof submissionsOf>,
  ): Promise<{ readonly raced: readonly Raced[]; readonly refused: readonly Refused[]; readonly missing: number }> {
    const { arena, deps } = this;
    const { tested, from, sides } = arena;
    deps.tell?.(`Creating ${people.length} records`);
    const since = new Date(deps.clock.now().getTime() - CLOCK_MARGIN_MS);
    const { platform, schema } = sides[from];
    const { made, refused } = await createAll(platform.connector, schema, valuesOf(tested, people, false), { ...deps, marks: marksOf(tested) });
    const copies = await this.#copies(made, since);
    const to = otherSide(from);
    const raced = made.flatMap((one): readonly Raced[] => {
      const [copy, second] = copies.get(one.n) ?? [];
      if (copy === undefined || second !== undefined) return [];
      const keys = to === 1 ? ([one.key, copy.key] as const) : ([copy.key, one.key] as const);
      return [{ n: one.n, keys, initial: to === 1 ? [one.record, copy] : [copy, one.record], writes: [], refused: [] }];
    });
    return { raced, refused, missing: made.length - raced.length };
  }

  async #copies(made: readonly Made[], since: Date): Promise<Copies> {
    const { clock, call, mapping, tell } = this.deps;
    const { tested, from, sides, names } = this.arena;
    const { platform, schema } = sides[otherSide(from)];
    const reader: CopyReader = { connector: platform.connector, schema, finder: new CopyFinder(mapping, tested, made) };
    tell?.(`Waiting for their copies in ${names[otherSide(from)]}`);
    const all = await this.#until(
      async () => await readRecentCopies(reader, since, call),
      (copies) => copies.size === made.length,
    );
    await clock.sleep(parseDuration(this.test.document.parallel.settle), call.signal);
    return all.size === made.length ? await readRecentCopies(reader, since, call) : await readAllCopies(reader, call);
  }

  /** What became of each record: from what stands there at the deadline, some time later, and in the history of the platforms. */
  async judged(raced: readonly Raced[]): Promise<{ readonly found: readonly RaceFound[]; readonly untold: readonly Untold[] }> {
    const { clock, call, tell } = this.deps;
    tell?.('Waiting until both sides agree');
    const first = await this.#until(
      async () => await this.#look(raced),
      (found) => found.every(({ verdict }) => verdict === 'explained'),
    );
    await clock.sleep(parseDuration(this.test.document.parallel.settle), call.signal);
    const last = await this.#look(raced);
    const found = last.map((finding, n): RaceFound => {
      const wasLate = finding.verdict === 'explained' && first[n]?.verdict !== 'explained';
      return wasLate ? { ...finding, verdict: 'late' } : finding;
    });
    return await this.#withHistory(raced, found);
  }

  async #look(raced: readonly Raced[]): Promise<readonly RaceFound[]> {
    const { sides, fields, names } = this.arena;
    const read = async (side: 0 | 1): ReturnType<typeof readKeys> => {
      return await readKeys(
        sides[side],
        raced.map(({ keys }) => keys[side]),
        this.deps.call,
      );
    };
    const [left, right] = [await read(0), await read(1)];
    return raced.map(({ n, keys, initial, writes }) => {
      const now = [left.get(keys[0]), right.get(keys[1])] as const;
      return { n, ...judgeRace(fields, writes, { initial, now, names }) };
    });
  }

  /** What the histories show that the end does not. Where there is none, that is told, and nothing is claimed. */
  async #withHistory(
    raced: readonly Raced[],
    found: readonly RaceFound[],
  ): Promise<{ readonly found: readonly RaceFound[]; readonly untold: readonly Untold[] }> {
    const { fields, names, sides } = this.arena;
    const all = [...found];
    const untold: Untold[] = [];
    for (const side of [0, 1] as const)
      for (const field of fields) {
        const name = field.names[side];
        if (name === undefined || !raced.some(({ writes }) => writes.some((write) => write.side === side && write.fields.has(field.id)))) continue;
        const told =
          sides[side].platform.connector.capabilities.history === 'field' ? await this.#history(raced, side, name) : new Map<string, Told>();
        let saysNothing = true;
        for (const [at, { keys, writes }] of raced.entries()) {
          const verdict = judgeHistory(field, side, writes, told.get(keys[side]));
          if (verdict !== 'untold') saysNothing = false;
          const before = all[at];
          if (before !== undefined && (verdict === 'unrecorded' || verdict === 'returned') && isFineYet(before))
            all[at] = { n: before.n, verdict, where: `${names[side]}.${name}`, found: null };
        }
        if (saysNothing) untold.push(`${names[side]}.${name}`);
      }
    return { found: all, untold };
  }

  /** Everything that stood in a field, oldest first, by key. */
  async #history(raced: readonly Raced[], side: 0 | 1, name: Field['id']): Promise<ReadonlyMap<string, readonly Value[]>> {
    const { platform, schema } = this.arena.sides[side];
    const told = new Map<string, readonly Value[]>();
    const keys = raced.map((one) => one.keys[side]);
    for (const some of chunksOf(keys, platform.connector.capabilities.batch.history))
      for await (const { history } of platform.connector.read({ schema, keys: some, history: [name], historyMayLack: true }, this.deps.call))
        for (const [key, { fields }] of history ?? [])
          told.set(
            key,
            (fields[name] ?? []).toReversed().flatMap(({ value }) => (value === undefined ? [] : [value])),
          );
    return told;
  }

  async #until<T>(look: () => Promise<T>, isDone: (seen: T) => boolean): Promise<T> {
    const { clock, call } = this.deps;
    const startedMs = clock.monotonicMs();
    const withinMs = parseDuration(this.test.document.parallel.within);
    for (;;) {
      const seen = await look();
      const left = startedMs + withinMs - clock.monotonicMs();
      if (isDone(seen) || left <= 0) return seen;
      await clock.sleep(Math.min(left, Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (clock.monotonicMs() - startedMs))), call.signal);
    }
  }
}

const isFineYet = ({ verdict }: RaceFound): boolean => verdict === 'explained' || verdict === 'late';
