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
}

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
    if (source.through !== undefined) return await throughPlatform(source.through, known, deps);
    return (await source.measure?.({ now: clock.now(), known, reach })) ?? [];
  } catch (error) {
    call.signal?.throwIfAborted();
    return [unmeasuredBecause(error, clock.now())];
  }
}

async function throughPlatform(
  { platform: name, cost, measure }: NonNullable<Source['through']>,
  known: SeriesHistory | undefined,
  { reach, platforms, budgets }: MeasureDeps,
): Promise<readonly Measurement[]> {
  const budget = budgets.get(name);
  if (budget === undefined || !budget.allows(cost, platforms.isOpen(name)))
    return unmeasured(`The ${String(budget?.limit ?? 0)} calls that monitors may make to ${name} in a day are used up.`, timeOf(reach.clock));
  return await platforms.use(name, budget, async (platform, schemaOf) => {
    const { left, limit } = budget;
    return await measure({ now: timeOf(reach.clock), known, reach, platform, schemaOf, left, limit });
  });
}

const timeOf = (clock: Clock): Date => clock.now();
