import { randomBytes } from 'node:crypto';

import type { Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined, detailsOf, isRunbackError, newId, parseDuration, RunbackError, suggest } from '../../lib/index.js';
import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import type { SecretRef } from '../../workspace/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import { type MeansDeps, type OpenDisturbances, openDisturbances } from '../disturb/index.js';
import type { LoadTest } from '../document/load.js';
import { arrivesWithinMs, CHECKS, type CheckNote, RESULTS } from '../ledger.js';
import { type Locks, lockPlatforms } from '../locks.js';
import type { CheckResult } from '../result.js';
import type { IntakeRequest } from './connection.js';
import { release, releaseAs, type Release, type Released } from './dispatch.js';
import type { Answer, Judged, Submission } from './facts.js';
import { bodiesOf, intakeOf } from './intake.js';
import { submissionsOf } from './people.js';
import { type Arrival, readWhole } from './readings.js';
import { checksOf, orderResults, placeResult } from './report.js';
import { judge } from './verdict.js';
import { type Place, watchArrivals } from './watch.js';

/** What a load run works with. */
export interface LoadDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Opens a platform that may be written to by a test: it is no production. Throws `stage-refused`. */
  readonly openPlatform: (name: string) => Promise<Platform>;
  /** Throws `stage-refused` where the intake is, or may be, that of production. */
  readonly guardIntake: (request: IntakeRequest) => Promise<void>;
  readonly call: CallOptions;
  /** What disturbances work with. */
  readonly disturbing: Omit<MeansDeps, 'clock' | 'secret'>;
  /** What is under way, in words for people. */
  readonly tell?: (what: string) => void;
}

/**
 * Submits what the test says to an intake and watches it arrive. Whose submissions they will be is on disk before the
 * first is sent, so that whatever ends this process, a clean-up finds them. Throws `stage-refused`, with nothing submitted, where
 * anything it would write to is production.
 */
export async function runLoad(test: LoadTest, deps: LoadDeps): Promise<CheckResult> {
  const { clock, store, by } = deps;
  const request = await intakeOf(test.document.load.submit, deps.secret);
  await deps.guardIntake(request);
  const arrivals = await arrivalsOf(test, deps);
  const id = newId('check', clock, await store.list(CHECKS));
  const platforms = arrivals.map(({ platform }) => platform);
  const locks = await lockPlatforms(store, platforms, { by, holder: id, purpose: `test ${test.id}` });
  try {
    return await runLocked(test, deps, { id, request, arrivals, locks });
  } finally {
    await locks.release();
  }
}

/** What a run is ready with. */
interface Ready {
  readonly id: string;
  readonly request: IntakeRequest;
  readonly arrivals: readonly Arrival[];
  readonly locks: Locks;
}

async function runLocked(test: LoadTest, deps: LoadDeps, { id, request, arrivals, locks: { guard } }: Ready): Promise<CheckResult> {
  const { clock, store, call } = deps;
  const { load, expect, settle } = test.document;
  const mark = `rb${randomBytes(6).toString('hex')}`;
  const sought = { mark };
  const submissions = submissionsOf({ count: load.count, twice: twiceOf(load), domain: load.addresses }, mark);
  const startedAt = clock.now().toISOString();
  const places: Place[] = [];
  deps.tell?.('Reading what is there');
  for (const arrival of arrivals) places.push({ arrival, readings: [await readWhole(arrival, sought, clock, call)] });
  await keepNote(deps, { id, test, mark, startedAt, arrivals });
  const withinMs = parseDuration(expect.within);
  const opened = await disturbancesOf(test, { run: id, startedAt }, deps);
  const disturbances = opened?.disturbances;
  const since = new Date(clock.now().getTime() - CLOCK_MARGIN_MS);
  let released: Released;
  try {
    await disturbances?.begin();
    deps.tell?.(`Submitting ${load.count} times`);
    const answered = disturbances && ((): void => disturbances.answered());
    const how = { ...releaseOf(load), ...defined({ answered }) };
    released = await release(request, bodiesOf(load.submit, submissions), how, { clock, call, guard });
    // Nothing is read while anything is disturbed: half of it would be seen, or nothing.
    await disturbances?.finish().catch((error: unknown) => {
      throw withRecords(error, id);
    });
    const recoveredMs = recoveredAt(disturbances);
    await watchArrivals(
      { places, submissions, answers: released.answers, sought },
      { withinMs, settleMs: parseDuration(settle), since, recoveredMs },
      { clock, call, seen: (arrived) => deps.tell?.(`${arrived} of ${load.count} have arrived`) },
    );
  } finally {
    await opened?.close();
  }
  const endedAt = clock.now().toISOString();
  const result = resultOf({ test, id, startedAt, endedAt, submissions, released, places, withinMs, disturbances });
  await store.document<CheckResult>(RESULTS, id).update(() => result);
  return result;
}

type Load = LoadTest['document']['load'];

/** What the test is disturbed by, ready; undefined where it is not, and passes through no proxy. */
async function disturbancesOf(
  test: LoadTest,
  run: { readonly run: string; readonly startedAt: string },
  deps: LoadDeps,
): Promise<OpenDisturbances | undefined> {
  if (test.document.disturb === undefined && test.document.proxy === undefined) return undefined;
  return await openDisturbances(test, run, {
    ...deps,
    ...deps.disturbing,
    guardPlatform: async (name) => void (await deps.openPlatform(name)),
    guardTarget: async (url) => await deps.guardIntake({ url, method: 'POST', headers: {} }),
  });
}

/** A disturbance that failed once people had submitted. */
function withRecords(error: unknown, id: string): unknown {
  if (!isRunbackError(error, 'fault-impossible')) return error;
  const state = 'What was submitted is still there.';
  return new RunbackError(error.code, error.message, { ...detailsOf(error), state, next: `runback test cleanup ${id}`, cause: error });
}

const recoveredAt = (disturbances: OpenDisturbances['disturbances'] | undefined): number | undefined =>
  disturbances === undefined || disturbances.took.length === 0 ? undefined : Math.max(...disturbances.took.map(({ toMs }) => toMs));

const twiceOf = ({ count, same_person_twice: share }: Load): number => Math.floor((count * Number.parseFloat(share)) / 100);

const releaseOf = ({ submit, over }: Load): Release => releaseAs(submit, over === undefined ? 0 : parseDuration(over));

async function arrivalsOf({ document, file }: LoadTest, deps: LoadDeps): Promise<readonly Arrival[]> {
  const platforms = new Map<string, Platform>();
  const arrivals: Arrival[] = [];
  for (const { in: name, address, mark } of document.arrives) {
    const [platformName, object] = splitAt(name, '/');
    const platform = platforms.get(platformName) ?? (await deps.openPlatform(platformName));
    platforms.set(platformName, platform);
    const { objects } = await platform.connector.describe([object], deps.call);
    const schema = objects.find((each) => each.object === object);
    if (schema === undefined || schema.refused !== undefined)
      throw new RunbackError('object-unsupported', `${name} cannot be read`, {
        why: schema?.refused ?? `${platformName} has no ${object}.`,
        state: 'Nothing was submitted.',
      });
    for (const field of [address, mark]) requireText(schema, field, { file, name });
    arrivals.push({ name, platform, schema, address, nonce: mark });
  }
  return arrivals;
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The marks are only found where the whole text is kept. */
function requireText({ fields }: ObjectSchema, name: string, { file, name: place }: { readonly file: string; readonly name: string }): void {
  const field: FieldSchema | undefined = fields.find((each) => each.name === name);
  const near = suggest(
    name,
    fields.map((each) => each.name),
  );
  if (field?.type === 'string') return;
  throw new RunbackError('usage', `${place} has no text field ${name}, which ${file} names`, {
    why: field === undefined ? (near === undefined ? 'There is no field of that name.' : `Did you mean ${near}?`) : `It holds ${field.type}.`,
    state: 'Nothing was submitted.',
  });
}

async function keepNote(
  { store, by }: LoadDeps,
  {
    id,
    test,
    mark,
    startedAt,
    arrivals,
  }: {
    readonly id: string;
    readonly test: LoadTest;
    readonly mark: string;
    readonly startedAt: string;
    readonly arrivals: readonly Arrival[];
  },
): Promise<void> {
  const { load, expect, settle } = test.document;
  const { count, addresses } = load;
  const note: CheckNote = {
    version: 1,
    id,
    test: test.id,
    by,
    startedAt,
    mark,
    submissions: { count, twice: twiceOf(load), domain: addresses },
    arrivesWithinMs: arrivesWithinMs([{ within: expect.within, settle }]),
    places: arrivals.map(({ platform: { name, identity, connector }, schema: { object }, address, nonce }) => ({
      platform: name,
      connector: connector.kind,
      account: identity.account,
      object,
      address,
      ...defined({ nonce }),
    })),
  };
  await store.document<CheckNote>(CHECKS, id).update(() => note);
}

interface Ended {
  readonly test: LoadTest;
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly submissions: readonly Submission[];
  readonly released: Released;
  readonly places: readonly Place[];
  readonly withinMs: number;
  readonly disturbances: OpenDisturbances['disturbances'] | undefined;
}

function resultOf({ test, id, startedAt, endedAt, submissions, released, places, withinMs, disturbances }: Ended): CheckResult {
  const { document } = test;
  const { answers, spanMs } = released;
  const recoveredMs = recoveredAt(disturbances);
  const took = [...(disturbances?.took ?? [])].sort((a, b) => a.fromMs - b.fromMs);
  const judged = new Map<string, readonly Judged[]>(
    places.map(({ arrival, readings }) => [arrival.name, judge({ submissions, answers, readings, withinMs, recoveredMs })]),
  );
  const results = [...judged].map(([place, all]) => placeResult(place, all, answers));
  const order = document.expect.order === undefined ? undefined : orderResults(document.expect.order, judged);
  const checks = checksOf(document.expect, results, order ?? []);
  const many = (outcome: Answer['outcome']): number => answers.filter((answer) => answer.outcome === outcome).length;
  const { limit } = releaseOf(document.load);
  return {
    version: 1,
    id,
    test: test.id,
    title: test.title,
    digest: test.digest,
    startedAt,
    endedAt,
    passed: checks.every(({ passed }) => passed),
    load: {
      submissions: submissions.length,
      people: new Set(submissions.map(({ person }) => person)).size,
      spanMs: Math.round(spanMs),
      ...(limit && { limit }),
      answers: { acknowledged: many('acknowledged'), refused: many('refused'), unanswered: many('unanswered') },
      withinMs,
      ...(took.length > 0 && {
        disturbed: took.map(({ what, answered, fromMs, toMs }) => ({ what, answered, lastedMs: Math.round(toMs - fromMs) })),
      }),
      places: results,
      ...(order && { order }),
    },
    checks,
  };
}
