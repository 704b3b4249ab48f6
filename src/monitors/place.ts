import type { MonitorSettings } from '../workspace/index.js';
import type { SeriesName } from './types.js';

/** The platforms and syncs that one series of a monitor speaks of: each part of a ratio is a series of its own. */
export function placeOf(monitor: MonitorSettings, { of }: SeriesName): Pick<MonitorSettings, 'platforms' | 'syncs'> {
  return (monitor.kind === 'ratio' ? monitor.parts.find((part) => part.of === of) : undefined) ?? monitor;
}
