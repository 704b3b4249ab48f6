import type { Clock } from '../../lib/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { CallBudget } from '../measure/budget.js';
import type { MeasuredPlatforms } from '../measure/platforms.js';
import type { Reach } from '../measure/reach.js';
import type { Source } from '../measure/source.js';
import { unmeasured, unmeasuredBecause } from '../measure/unmeasured.js';
import { keyOf, type Measured } from '../series/day.js';
import type { Measurement } from '../types.js';

/** What measuring is given. */
export interface MeasureDeps {
  readonly reach: Reach;
  readonly platforms: MeasuredPlatforms;
  readonly budgets: ReadonlyMap<string, CallBudget>;
  readonly histories: ReadonlyMap<string, SeriesHistory>;
  /** How long one look may take. Default a minute. */
  readonly lookMs?: number | undefined;
}

/** One look that gets no answer holds up neither the others nor what is told. */
const LOOK_MS = 60_000;
/** A look that was stopped has so long to end: what it held is given back by then. */
const TO_STOP_MS = 5000;
/** After this part of it, what can wait is left for the next look. */
const LONG = 1 / 3;

/**
 * Looks at each of the sources once: platforms next to each other, what is of one platform one after the other. What fails is
 * a measurement too: that it could not be measured, and why. Throws only what stopped it.
 */
export async function measureAll(sources: readonly Source[], deps: MeasureDeps): Promise<readonly Measured[]> {
  const lanes = new Map<string, Source[]>();
  for (const source of sources) {
    const lane = source.through?.platform ?? '';
    lanes.set(lane, [...(lanes.get(lane) ?? []), source]);
  }
  const measured = await Promise.all(
    [...lanes.values()].map(async (lane) => {
      const found: Measured[] = [];
      for (const source of lane) for (const measurement of await measureOne(source, deps)) found.push({ series: source.series, measurement });
      return found;
    }),
  );
  return measured.flat();
}

async function measureOne(source: Source, deps: MeasureDeps): Promise<readonly Measurement[]> {
  const { reach } = deps;
  const { clock, call } = reach;
  const known = deps.histories.get(keyOf(source.series));
  try {
    const { measure, through } = source;
    if (through !== undefined)
      return await inTime(through.platform, deps, async (limited) => await throughPlatform(through, known, { ...deps, reach: limited }));
    if (measure === undefined) return [];
    // A test takes as long as it takes, and has limits of its own.
    if (source.settings.kind === 'trial') return await measure({ now: clock.now(), known, reach });
    return await inTime(source.series.of, deps, async (limited) => await measure({ now: clock.now(), known, reach: limited }));
  } catch (error) {
    call.signal?.throwIfAborted();
    return [unmeasuredBecause(error, clock.now())];
  }
}

/** A look with a limit: by a timer of its own, since what does not answer moves no clock. */
async function inTime(
  name: string,
  { reach, lookMs = LOOK_MS }: MeasureDeps,
  look: (reach: Reach) => Promise<readonly Measurement[]>,
): Promise<readonly Measurement[]> {
  const limit = new AbortController();
  const { call, clock } = reach;
  const signal = call.signal === undefined ? limit.signal : AbortSignal.any([call.signal, limit.signal]);
  const stop = setTimeout(() => limit.abort(), lookMs);
  let leave: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    leave = setTimeout(() => resolve('late'), lookMs + TO_STOP_MS);
  });
  const looking = look({ ...reach, call: { ...call, signal } }).catch((error: unknown) => {
    if (!limit.signal.aborted || call.signal?.aborted === true) throw error;
    return 'late' as const;
  });
  try {
    const found = await Promise.race([looking, late]);
    return found === 'late' ? unmeasured(`${name} did not answer within ${String(Math.round(lookMs / 1000))} seconds.`, clock.now()) : found;
  } finally {
    clearTimeout(stop);
    clearTimeout(leave);
  }
}

async function throughPlatform(
  { platform: name, cost, measure }: NonNullable<Source['through']>,
  known: SeriesHistory | undefined,
  { reach, platforms, budgets, lookMs = LOOK_MS }: MeasureDeps,
): Promise<readonly Measurement[]> {
  const budget = budgets.get(name);
  if (budget === undefined || !budget.allows(cost, platforms.isOpen(name)))
    return unmeasured(`The ${String(budget?.limit ?? 0)} calls that monitors may make to ${name} in a day are used up.`, timeOf(reach.clock));
  const began = performance.now();
  const isLong = (): boolean => performance.now() - began > lookMs * LONG;
  return await platforms.use(name, budget, reach.call, async (platform, schemaOf) => {
    const { left, limit } = budget;
    return await measure({ now: timeOf(reach.clock), known, reach, platform, schemaOf, left, limit, isLong });
  });
}

const timeOf = (clock: Clock): Date => clock.now();
