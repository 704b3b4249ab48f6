import { didYouMean, RunbackError } from '../../../lib/index.js';
import type { MonitorSettings, Watching } from '../../../workspace/index.js';

/** The argument that names a monitor. */
export const MONITOR = { name: 'monitor', description: 'name of a monitor in runback.yml' } as const;

/** The monitor of a name. Throws `not-found` with the nearest one. */
export function monitorNamed({ monitors }: Watching, name: string): MonitorSettings {
  const found = monitors.find((monitor) => monitor.name === name);
  if (found !== undefined) return found;
  const names = monitors.map((monitor) => monitor.name);
  throw new RunbackError('not-found', `There is no monitor "${name}"${didYouMean(name, names)}`, {
    why: `There are: ${names.join(', ')}.`,
    state: 'Nothing was changed.',
    next: 'runback monitor list',
  });
}
