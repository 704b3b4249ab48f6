import type { Platform } from '../../connectors/index.js';
import { readyOf } from './begin.js';
import type { Canary } from './canary.js';
import type { CanaryDeps } from './deps.js';
import type { Objection } from './fit.js';

/** Why a canary could not be written to now; undefined where it could. Reads both sides, and writes nothing. Throws what reading throws. */
export async function objectionTo(canary: Canary, deps: CanaryDeps): Promise<Objection | undefined> {
  const opened: Platform[] = [];
  const open = async (name: string): Promise<Platform> => {
    const platform = await deps.openPlatform(name, deps.call);
    opened.push(platform);
    return platform;
  };
  try {
    const [from, to] = [await open(canary.from.platform), await open(canary.to.platform)];
    const ready = await readyOf(canary, { from: async () => await Promise.resolve(from), to: async () => await Promise.resolve(to) }, {}, deps);
    return 'because' in ready ? ready : undefined;
  } finally {
    await Promise.allSettled(opened.map(async (platform) => await platform.close()));
  }
}
