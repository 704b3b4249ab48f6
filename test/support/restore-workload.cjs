// A restore in a process of its own, for kill -9: applies the plan, or goes on with the restore that is there, or
// undoes it. Argument: JSON {dir, backups, platform, token, plan, confirmed, verb, leaseMs?}; dir may be a postgres:// URL.
'use strict';

const { built } = require('./built.cjs');
const { Redactor, systemClock } = built('lib');
const { openStore } = built('store');
const { openCatalog } = built('snapshots');
const { openPlatform } = built('connectors');
const { applyRestore, resumeRestore, undoRestore } = built('restores');

const [, , given] = process.argv;
void (async () => {
  const { dir, backups, platform: config, token, plan, confirmed, verb, leaseMs } = JSON.parse(given);

  const clock = systemClock;
  const store = await openStore(dir, { clock, redactor: new Redactor(), ...(leaseMs === undefined ? {} : { leaseMs }) });
  const platform = await openPlatform(config, { secret: async (ref) => token ?? ref, clock, writes: 'private' });
  const restores = { plan_max_age: '1h', canary: 2, stop_at: { errors_percent: 100, skipped_percent: 100 }, limits: {} };
  const deps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: restores };
  const [id] = await store.journals('restores');
  const done =
    verb === 'undo'
      ? await undoRestore(id, 'maya', deps)
      : id === undefined
        ? await applyRestore({ plan, by: 'maya', confirmed }, deps)
        : await resumeRestore(id, 'maya', deps);
  await platform.close();
  await store.close();
  console.log(JSON.stringify(done));
})();
