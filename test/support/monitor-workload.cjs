// Two groups of monitors in a process of its own, for crash sweeps: what they try fails again and again, on two platforms, and is well
// in the end. Goes on where another process has died. Argument: root folder.
'use strict';
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const { built } = require('./built.cjs');
const { Redactor, systemClock } = built('lib');
const { openFileStore } = built('store');
const { Incidents } = built('incidents');
const { Monitoring } = built('monitors');

const [, , root] = process.argv;
void (async () => {
  const BEGAN = Date.UTC(2026, 2, 2, 8);
  const STEP = 15 * 60_000;
  mkdirSync(root, { recursive: true });
  const at = join(root, 'tick');
  let tick = existsSync(at) ? Number(readFileSync(at, 'utf8')) || 0 : 0;
  const clock = { ...systemClock, now: () => new Date(BEGAN + tick * STEP) };
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const common = { syncs: [], needs: [], stakes: 'flow', timezone: 'UTC', everyMs: STEP, kind: 'trial', fail: 2, of: 3, level: 'page' };
  const monitors = ['a', 'b'].flatMap((platform) =>
    [1, 2].map((n) => ({ ...common, name: `${platform}${n}`, test: `${platform}${n}`, platforms: [platform] })),
  );
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const monitoring = new Monitoring({
    reach: {
      store,
      clock,
      call: {},
      openPlatform: () => Promise.reject(new Error('none')),
      lastRun: () => Promise.resolve(undefined),
      paused: () => Promise.resolve(new Set()),
      mappingDrift: () => Promise.resolve(undefined),
      trial: () => {
        const passed = tick < 2 || tick > 8;
        return Promise.resolve([{ kind: 'trial', at: clock.now().toISOString(), passed, ...(passed ? {} : { why: 'It did not arrive.' }) }]);
      },
    },
    watching: { monitors, calendar: [], alerts: { groupBy: ['platform'], inhibit: {}, holdMs: 3_600_000, opens: 'incident', runbooks: {} } },
    budgets: {},
    telling: { incidents, by: 'monitor', severities: undefined, syncs: {} },
    silences: () => Promise.resolve([]),
    departures: () => Promise.resolve([]),
  });
  for (; tick < 20; tick += 1) {
    writeFileSync(at, String(tick));
    await monitoring.tick();
  }
  console.log(JSON.stringify({ incidents: (await incidents.list()).length }));
})();
