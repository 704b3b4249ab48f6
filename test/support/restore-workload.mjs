// A restore in a process of its own, for kill -9: applies the plan, or goes on with the restore that is there, or undoes it.
// Arguments: URL of the built modules, JSON {dir, backups, platform, token, plan, confirmed, verb}.
const [, , dist, given] = process.argv;
const { dir, backups, platform: config, token, plan, confirmed, verb } = JSON.parse(given);
const at = (path) => new URL(path, dist).href;
const { Redactor, systemClock } = await import(at('lib/index.js'));
const { openFileStore } = await import(at('store/index.js'));
const { openCatalog } = await import(at('snapshots/index.js'));
const { openPlatform } = await import(at('connectors/index.js'));
const { applyRestore, resumeRestore, undoRestore } = await import(at('restores/index.js'));

const clock = systemClock;
const store = openFileStore({ dir, clock, redactor: new Redactor() });
const platform = await openPlatform(config, { secret: async (ref) => token ?? ref, clock });
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
console.log(JSON.stringify(done));
