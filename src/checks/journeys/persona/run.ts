import { randomBytes } from 'node:crypto';

import { newId, parseDuration } from '../../../lib/index.js';
import { CLOCK_MARGIN_MS } from '../../clocks.js';
import { doneBy, type JourneyStepDocument, type PersonaDocument } from '../../document/journey.js';
import type { JourneyTest } from '../../document/load.js';
import { arrivesWithinMs, CHECKS, type CheckNote, RESULTS } from '../../ledger.js';
import { submissionsOf } from '../../load/people.js';
import { lockPlatforms } from '../../locks.js';
import type { CheckResult } from '../../result.js';
import { actStep, linkOf } from './act.js';
import { blamed } from './blame.js';
import type { Persona } from './facts.js';
import { Watcher } from './look.js';
import { type JourneyDeps, notedPlaces, openStage, type Stage } from './open.js';
import { journeyResult, type SteppedThrough } from './report.js';
import { State } from './state.js';

/** Domain of invented addresses. */
const DOMAIN = 'example.com';
const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;

/**
 * Takes some invented people through every platform, one step after the other, and looks after each whether everything that was wanted so far
 * still stands. Which records there will be is on disk before the first is made.
 */
export async function runJourney(test: JourneyTest, deps: JourneyDeps): Promise<CheckResult> {
  const { store, clock, by } = deps;
  const { persona } = test.document;
  const stage = await openStage(test, deps);
  for (const step of persona.steps) if ('link' in step) linkOf(step, stage);
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const submissions = { count: persona.count, twice: 0, domain: DOMAIN };
  const people = submissionsOf(submissions, mark).map(({ n, person, nonce }): Persona => ({ n, address: person, mark: nonce }));
  const id = newId('check', clock, await store.list(CHECKS));
  const startedAt = clock.now().toISOString();
  const platforms = stage.places.map(({ platform }) => platform);
  const locks = await lockPlatforms(store, platforms, { by, holder: id, purpose: `test ${test.id}` });
  try {
    const places = notedPlaces(persona, stage.places);
    const within = arrivesWithinMs(persona.steps);
    const note: CheckNote = { version: 1, id, test: test.id, by, startedAt, mark, submissions, places, arrivesWithinMs: within };
    await store.document<CheckNote>(CHECKS, id).update(() => note);
    const run = new JourneyRun(deps, { stage, persona, people });
    const steps: SteppedThrough[] = [];
    for (const step of persona.steps) {
      await locks.check();
      steps.push(await run.step(step));
    }
    const result = journeyResult(test, { id, startedAt, endedAt: clock.now().toISOString(), people: people.length, steps });
    await store.document<CheckResult>(RESULTS, id).update(() => result);
    return result;
  } finally {
    await locks.release();
  }
}

class JourneyRun {
  readonly #watcher: Watcher;
  readonly #state: State;
  #n = 0;

  constructor(
    private readonly deps: JourneyDeps,
    private readonly run: { readonly stage: Stage; readonly persona: PersonaDocument; readonly people: readonly Persona[] },
  ) {
    const since = new Date(deps.clock.now().getTime() - CLOCK_MARGIN_MS);
    this.#watcher = new Watcher(run.stage.places, run.people, since, deps.call);
    this.#state = new State(run);
  }

  async step(step: JourneyStepDocument): Promise<SteppedThrough> {
    const { clock, tell } = this.deps;
    this.#n += 1;
    const title = titleOf(step, this.#n);
    tell?.(title);
    const acts = await actStep(step, { ...this.run, look: await this.#watcher.look(false, []) }, this.deps);
    for (const { place, outcome } of acts) if (outcome.state === 'done') this.#watcher.made(place, outcome.key);
    this.#state.acted(this.#n, step, acts, await this.#watcher.look(false, []));
    const startedMs = clock.monotonicMs();
    const atDeadline = await this.#waited(startedMs, parseDuration(step.within));
    const tookMs = clock.monotonicMs() - startedMs;
    await clock.sleep(parseDuration(step.settle), this.deps.call.signal);
    const judged = this.#state.judged(this.#n, atDeadline, await this.#watcher.look(true, this.#links()));
    const wrong = await blamed(judged, this.#state.keys(), this.run.stage.places, this.deps.call);
    return { n: this.#n, title, tookMs: Math.round(tookMs), acts, judged: wrong };
  }

  /** Until everything is as wanted, or the time is over: then what is told of what is not there rests on readings of everything. */
  async #waited(startedMs: number, withinMs: number): Promise<Awaited<ReturnType<Watcher['look']>>> {
    const { clock, call } = this.deps;
    let look = await this.#watcher.look(false, this.#links());
    for (;;) {
      if (this.#state.openPlaces(look).size === 0) {
        look = await this.#watcher.look(false, this.#links());
        if (this.#state.openPlaces(look).size === 0) return look;
      }
      const left = startedMs + withinMs - clock.monotonicMs();
      if (left <= 0) return await this.#watcher.look(true, this.#links());
      const places = this.#state.openPlaces(look);
      look = await this.#watcher.look(false, this.#links(), { places, look });
      await clock.sleep(Math.min(left, Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (clock.monotonicMs() - startedMs))), call.signal);
    }
  }

  #links(): Parameters<Watcher['look']>[1] {
    const { stage, people } = this.run;
    return people.flatMap(({ n }) =>
      this.#state
        .bookOf(n)
        .links.map(({ from, to, kind }) => ({ n, from, to, ...linkOf({ link: from, to, ...(kind !== undefined && { kind }) }, stage) })),
    );
  }
}

/** `4 attends: wait (the webinar tool counts who was there)` */
function titleOf(step: JourneyStepDocument, n: number): string {
  const { verb, place } = doneBy(step);
  const done =
    'wait' in step ? `wait: ${step.wait}` : 'link' in step ? `link ${step.link} to ${step.to}` : `${verb.replace('_', ' ')} ${place ?? ''}`;
  return step.name === undefined ? `${n} ${done}` : `${n} ${step.name} (${done})`;
}
