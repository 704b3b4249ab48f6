import type { Platform } from '../../../connectors/index.js';
import { parseDuration, RunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { StepDocument } from '../../document/schema.js';
import type { NotedPlace } from '../../ledger.js';
import type { Submission } from '../../load/facts.js';
import { type Evidence, type Firings, type Looking, ownEvidence, recordEvidence, toldEvidence } from '../../triggers/evidence.js';
import { openShown } from '../../triggers/open.js';
import type { Made, RecordVerdict } from '../facts.js';
import type { OpenSide, TouchpointDeps } from '../open.js';
import { createEach, type Refused } from '../write.js';
import { filledFor } from './submit.js';

export type ActivityStep = Extract<StepDocument, { activity: string }>;

/** Where an activity is made and where it is seen, open. */
export interface OpenActivity {
  readonly step: ActivityStep;
  readonly schema: ObjectSchema;
  readonly shown: { readonly platform: Platform; readonly schema: ObjectSchema | undefined } | undefined;
}

/** Opens both places before anything is written. Throws `usage`, `object-unsupported`, and what opening throws. */
export async function openActivity(step: ActivityStep, here: OpenSide, there: OpenSide, deps: TouchpointDeps): Promise<OpenActivity> {
  const { connector, name } = here.platform;
  const { objects } = await connector.describe([step.in], deps.call);
  const schema = objects.find((each) => each.object === step.in);
  if (schema === undefined || schema.refused !== undefined)
    throw new RunbackError('object-unsupported', `${name}/${step.in} cannot be written`, {
      why: schema?.refused ?? `${name} has no ${step.in}.`,
      state: 'Nothing was written.',
    });
  for (const field of [step.about, ...Object.keys(step.set)]) requireField(schema, field);
  const { shown } = step;
  if (shown !== undefined && 'counts' in shown) requireField(there.schema, shown.counts);
  const opened = shown === undefined || !('in' in shown) ? undefined : await openShown(shown, there.platform, deps);
  if (opened?.schema !== undefined && shown !== undefined && 'in' in shown && !('shows' in shown))
    requireField(opened.schema, 'about' in shown ? shown.about : shown.address);
  return { step, schema, shown: opened };
}

function requireField({ fields, object }: ObjectSchema, name: string): void {
  if (fields.some((field) => field.name === name)) return;
  throw new RunbackError('usage', `${object} has no field ${name}, which a step with activity names`, { state: 'Nothing was written.' });
}

/** Where what the step makes will be, for the clean-up. */
export function activityPlaces({ step, schema, shown }: OpenActivity, here: OpenSide, there: OpenSide): readonly NotedPlace[] {
  const place = ({ name, identity, connector }: Platform, object: string): Pick<NotedPlace, 'platform' | 'connector' | 'account' | 'object'> => ({
    platform: name,
    connector: connector.kind,
    account: identity.account,
    object,
  });
  const owner = ({ platform, schema: { object } }: OpenSide): NonNullable<NotedPlace['about']> => ({ platform: platform.name, object });
  const own = { ...place(here.platform, schema.object), address: step.about, about: owner(here) };
  const at = step.shown;
  if (shown?.schema === undefined || at === undefined || !('in' in at) || 'shows' in at) return [own];
  const seen = place(shown.platform, shown.schema.object);
  return [own, 'about' in at ? { ...seen, address: at.about, about: owner(there) } : { ...seen, address: at.address }];
}

/** What came of doing something about each record. */
export interface Acted {
  readonly refused: readonly Refused[];
  readonly acted: ReadonlySet<number>;
  readonly records: readonly { readonly n: number; readonly verdict: RecordVerdict }[];
  readonly tookMs: number;
}

export interface Acting {
  readonly here: OpenSide;
  readonly there: OpenSide;
  /** The records it is about, and their copies, by number. */
  readonly made: readonly Made[];
  readonly copies: readonly Made[];
  readonly submissions: readonly Submission[];
  /** Before the first write, by the clock of the platform that is watched. */
  readonly since: Date;
  readonly deps: TouchpointDeps;
  /** Whether what else has to move has moved. */
  readonly moved: (acted: ReadonlySet<number>) => Promise<boolean>;
}

const LEAST_PAUSE_MS = 1000;

/** Makes the activities, and looks until each is seen once on the other side, or the time is over; then once more. */
export async function actOnEach(open: OpenActivity, acting: Acting): Promise<Acted> {
  const { here, made, copies, submissions, deps, moved } = acting;
  const { step, schema } = open;
  const { clock, call } = deps;
  const evidence = evidenceFor(open, acting);
  const before = await evidence?.look(copies, true);
  requireTold(evidence, step);
  const startedMs = clock.monotonicMs();
  const values = made.map(({ n, key }) => {
    const own = submissions[n];
    const set = own === undefined ? step.set : Object.fromEntries(Object.entries(step.set).map(([name, value]) => [name, filledFor(value, own)]));
    return { ...set, [step.about]: key };
  });
  const { keys, refused } = await createEach(here.platform.connector, schema, values, { clock, call });
  const acted = new Set([...keys.values()].map((index) => made[index]?.n ?? -1));
  const counts = async (): Promise<Firings> => since(await evidence?.look(copies, true), before);
  const deadlineMs = startedMs + parseDuration(step.within);
  let atDeadline = await counts();
  const isDone = async (): Promise<boolean> =>
    (evidence === undefined || [...acted].every((n) => (atDeadline.get(n) ?? 0) > 0)) && (await moved(acted));
  while (!(await isDone()) && clock.monotonicMs() < deadlineMs) {
    const pauseMs = Math.max(LEAST_PAUSE_MS, (clock.monotonicMs() - startedMs) / 20);
    await clock.sleep(Math.min(pauseMs, deadlineMs - clock.monotonicMs()), call.signal);
    atDeadline = await counts();
  }
  const tookMs = clock.monotonicMs() - startedMs;
  await clock.sleep(parseDuration(step.settle), call.signal);
  const later = await counts();
  requireTold(evidence, step);
  const verdict = (n: number): RecordVerdict => (evidence === undefined ? 'right' : seenAs(atDeadline.get(n) ?? 0, later.get(n) ?? 0));
  return {
    refused: refused.map(({ n, why }) => ({ n: made[n]?.n ?? n, why })),
    acted,
    records: [...acted].sort((a, b) => a - b).map((n) => ({ n, verdict: verdict(n) })),
    tookMs,
  };
}

function seenAs(first: number, last: number): RecordVerdict {
  if (first > 1 || last > 1) return 'doubled';
  if (last < 1) return 'missing';
  return first < 1 ? 'late' : 'right';
}

function since(now: Firings | undefined, before: Firings | undefined): Firings {
  return new Map([...(now ?? [])].map(([n, count]) => [n, count - (before?.get(n) ?? 0)]));
}

function evidenceFor({ step, shown }: OpenActivity, { there, submissions, since: from, deps }: Acting): Evidence | undefined {
  const at = step.shown;
  if (at === undefined) return undefined;
  const { clock, call } = deps;
  const person = (n: number): string => submissions[n]?.person ?? '';
  const looking: Looking = { connector: there.platform.connector, schema: there.schema, since: from, person, clock, call };
  if ('counts' in at) return ownEvidence(at, looking);
  const platform = shown?.platform ?? there.platform;
  if ('shows' in at) return toldEvidence(at, platform, looking);
  return recordEvidence(at, { ...looking, connector: platform.connector, schema: shown?.schema ?? there.schema });
}

/** What a platform does not tell is not missing. */
function requireTold(evidence: Evidence | undefined, { shown }: ActivityStep): void {
  const untold = evidence?.untold();
  if (untold === undefined || shown === undefined || !('shows' in shown)) return;
  throw new RunbackError('platform-incomplete', `${shown.in} does not tell every ${shown.shows}`, {
    why: untold,
    state: 'What the test wrote is still there.',
    next: 'runback test cleanup',
  });
}
