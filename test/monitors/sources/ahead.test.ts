import { expect, test } from 'vitest';

import { type Measurement, remember } from '../../../src/monitors/index.js';
import { errorSources } from '../../../src/monitors/measure/errors.js';
import type { Look, Source } from '../../../src/monitors/measure/source.js';
import { syncSource } from '../../../src/monitors/measure/sync.js';
import { duration, heartbeat, ratio } from '../simulation/workspaces.js';

/** A user would lose: a sync that has stopped and counts as alive, or one that runs and wakes people, since its tool tells times of another zone. */

const NOW = new Date('2026-11-01T07:30:00Z');
const SOURCES: readonly Source[] = [
  syncSource(heartbeat('alive', 'feed')),
  syncSource(duration('slow', 'feed')),
  ...errorSources({ ...ratio('errors', 'feed'), parts: [{ of: 'feed', platforms: [], syncs: ['feed'] }] }),
];

async function looked(source: Source, ended: string, known?: Look['known']): Promise<readonly Measurement[]> {
  const reach = { lastRun: async () => await Promise.resolve({ ended, ms: 60_000 }), call: {} } as unknown as Look['reach'];
  return (await source.measure?.({ now: NOW, known, reach })) ?? [];
}

test.each(SOURCES.map((source) => [source.series.monitor, source] as const))(
  'a run that ended later than now is told, and no run: %s',
  async (_, source) => {
    for (const ended of ['2026-11-01T09:30:00.000Z', '2099-01-01T00:00:00.000Z']) {
      const [found, ...more] = await looked(source, ended);
      expect(more).toEqual([]);
      expect(found).toMatchObject({ kind: 'unmeasured', why: expect.stringContaining('which is later than now') });
      // The first run after the times are as they should be counts again.
      const known = remember(undefined, source.series, found === undefined ? [] : [found]);
      const kinds = (await looked(source, '2026-11-01T07:29:00.000Z', known)).map(({ kind }) => kind);
      expect(kinds).not.toContain('unmeasured');
      expect(kinds.some((kind) => kind === 'beat' || kind === 'duration')).toBe(true);
    }
  },
);

test('a clock that is a minute ahead is none of another zone', async () => {
  for (const source of SOURCES) expect((await looked(source, '2026-11-01T07:31:00.000Z')).map(({ kind }) => kind)).not.toContain('unmeasured');
});
