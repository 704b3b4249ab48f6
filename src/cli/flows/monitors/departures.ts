import type { Incidents } from '../../../incidents/index.js';
import type { TickDeps } from '../../../monitors/index.js';

/** Incidents are looked at again after so long. */
const FRESH_MS = 10 * 60_000;

/**
 * Times of incidents, by their platforms: nothing is to be learned from what was measured then. What has ended is read once.
 * Drills are none.
 */
export function departuresOf(clock: { monotonicMs(): number }): (incidents: Incidents) => ReturnType<TickDeps['departures']> {
  type Departures = Awaited<ReturnType<TickDeps['departures']>>;
  const ended = new Map<string, Departures>();
  let known: { readonly at: number; readonly all: Departures } | undefined;
  return async (incidents) => {
    if (known !== undefined && clock.monotonicMs() - known.at < FRESH_MS) return known.all;
    const ids = await incidents.list();
    const open: Departures[number][] = [];
    const { incidents: read } = await incidents.readAll(ids.filter((id) => !ended.has(id)));
    for (const { id, drill, platforms, beganAt, openedAt, mitigatedAt, resolvedAt, status } of read) {
      const to = [mitigatedAt, resolvedAt].filter((at) => at !== undefined).sort()[0];
      const one = drill !== undefined || status === 'merged' ? [] : [{ from: beganAt ?? openedAt, platforms, ...(to !== undefined && { to }) }];
      if (resolvedAt !== undefined || status === 'merged' || drill !== undefined) ended.set(id, one);
      else open.push(...one);
    }
    known = { at: clock.monotonicMs(), all: [...[...ended.values()].flat(), ...open] };
    return known.all;
  };
}
