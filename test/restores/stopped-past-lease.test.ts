import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { openPlatform, platformLock } from '../../src/connectors/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, resumeRestore, type ApplyDeps } from '../../src/restores/index.js';
import { type HubSpotSandbox, integration, person, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openStore } from '../../src/store/index.js';
import { configOf } from '../connectors/hubspot-support.js';
import { type CrashCommand, type CrashMark, type CrashOperation, runCrashing, runStopping, supportScript } from '../support/crash.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryFolder } from '../support/store.js';
import { fullSweeps } from '../support/sweeps.js';
import { startProxy } from '../support/tcp-proxy.js';

/**
 * A user would lose: records, to a laptop whose lid was closed in the middle of a restore, and which writes on when it is
 * opened, although a colleague has taken over in the meantime.
 */

/** Longer than a busy machine stops who is not to be stopped. */
const LEASE_MS = 4000;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
});
afterAll(() => server.stop());

interface World {
  readonly sandbox: HubSpotSandbox;
  readonly deps: ApplyDeps;
  readonly command: CrashCommand;
  readonly good: unknown;
  readonly request: Parameters<typeof applyRestore>[0];
  truth(): unknown;
  /** Write attempts that reached the platform. */
  writes(): number;
}

/** Contacts that a sync damaged, a plan for them, and a state of a team in a database of its own. */
async function world(port = server.port): Promise<World> {
  const sandbox = await startHubSpotSandbox({});
  onTestFinished(async () => await sandbox.stop());
  const clock = systemClock;
  const config = { ...configOf(sandbox), objects: ['contacts'] };
  const platform = await openPlatform(config, { secret: async () => sandbox.token, clock, writes: 'private' });
  const url = `postgres://postgres@127.0.0.1:${String(port)}/${await server.createDatabase()}`;
  const store = await openStore(url, { clock, redactor: new Redactor(), leaseMs: LEASE_MS });
  onTestFinished(async () => {
    await platform.close();
    await store.close();
  });
  const backups = `${await temporaryFolder()}/backups`;
  const deps: ApplyDeps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG };
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id;
  const ids = Array.from({ length: 6 }, (_, i) =>
    sandbox.writeAs(person(42)).create('contacts', { email: `p${String(i)}@example.com`, firstname: `First ${String(i)}` }),
  );
  const truth = (): unknown => sandbox.records('contacts').map(({ id, properties }) => [id, properties['firstname']]);
  const good = truth();
  const base = await take();
  for (const id of ids) sandbox.writeAs(integration('777', 'Bad sync')).update('contacts', id, { firstname: 'BAD' });
  const filters = { suspects: ['INTEGRATION:777'], unattributed: 'unknown', deleteCreated: false } as const;
  const plan = await planRestore({ base, damaged: await take(), filters, by: 'maya' }, deps);
  const given = {
    dir: url,
    backups,
    platform: config,
    token: sandbox.token,
    plan: plan.header.id,
    confirmed: confirmationOf(plan.header),
    verb: 'apply',
    leaseMs: LEASE_MS,
  };
  sandbox.resetCounts();
  return {
    sandbox,
    deps,
    command: { args: [supportScript('restore-workload.cjs'), JSON.stringify(given)], which: ['http', 'pg'] },
    good,
    request: { plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) },
    truth,
    writes: () => Object.values(sandbox.counts().writesPerRecord).reduce((sum, n) => sum + n, 0),
  };
}

/** Everything between the intent of a batch and its outcome, the lines themselves included. */
function between(operations: readonly CrashOperation[]): readonly CrashOperation[] {
  const isLine = ({ kind, target }: CrashOperation): boolean => kind === 'pg' && target.startsWith('WITH head AS (');
  const isWrite = ({ kind, target }: CrashOperation): boolean => kind === 'http' && /batch\/update/u.test(target);
  const writes = operations.flatMap((operation, n) => (isWrite(operation) ? [n] : []));
  return operations.filter((_, n) =>
    writes.some((write) => {
      const intent = operations.findLastIndex((operation, at) => at < write && isLine(operation));
      const outcome = operations.findIndex((operation, at) => at > write && isLine(operation));
      return n >= intent && n <= outcome;
    }),
  );
}

test(
  'a process that is stopped past its lease, anywhere between intent and outcome, sends nothing to the platform once another one has its lock (G5)',
  { timeout: 900_000 },
  async () => {
    const first = await world();
    const undisturbed = await runCrashing(first.command);
    expect(undisturbed, undisturbed.stderr).toMatchObject({ code: 0 });
    expect(first.truth()).toEqual(first.good);
    const operations = between(undisturbed.operations);
    expect(operations.filter(({ kind }) => kind === 'http').length).toBeGreaterThanOrEqual(2);
    const all = operations.flatMap(({ label }) => (['before', 'half', 'after'] as const).map((when): CrashMark => ({ label, when })));
    const marks = fullSweeps ? all : all.filter((_, n) => n % Math.ceil(all.length / 9) === 0);
    let stopped = 0;
    let late = 0;
    for (const mark of marks) {
      const { deps, command, truth, good, writes } = await world();
      const child = runStopping(command, mark);
      // Renewals come by the clock: not every one of them is met again.
      if (!(await child.stopped)) {
        await child.ended;
        continue;
      }
      stopped += 1;
      const { store, platform } = deps;
      const owner = { by: 'lee', holder: 'restore-of-lee', purpose: 'restore of crm' };
      const lock = await store.lock(platformLock(platform), owner, { breakDead: true }).catch(async () => {
        await pause(LEASE_MS + 200);
        return await store.lock(platformLock(platform), owner, { breakDead: true });
      });
      // What was on its way when it was stopped arrives.
      await pause(50);
      const before = [writes(), JSON.stringify(truth())];
      child.goOn();
      const { code } = await child.ended;
      expect([writes(), JSON.stringify(truth())], `${mark.when} ${mark.label}: written by the one that was stopped`).toEqual(before);
      if (code !== 0) late += 1;
      await lock.check();
      await lock.release();
      const [id = ''] = await store.journals('restores');
      expect(await resumeRestore(id, 'lee', deps), `${mark.when} ${mark.label}`).toMatchObject({ state: 'done', inDoubt: 0, failed: 0 });
      expect(truth()).toEqual(good);
    }
    expect(stopped).toBeGreaterThanOrEqual(fullSweeps ? 20 : 5);
    console.log(
      `stopped past its lease at ${String(stopped)} places between intent and outcome: 0 writes by the stopped one after that; ${String(late)} ended with an error`,
    );
  },
);

// A user would lose: the record of what was written, and with it the way back.
test('where the database of the state goes away in the middle of a restore, no further batch is written, and it continues when it is back', async () => {
  const proxy = await startProxy(server);
  onTestFinished(async () => await proxy.stop());
  const { deps, request, writes, truth, good } = await world(proxy.port);
  const { connector } = deps.platform;
  let batches = 0;
  const cutting = {
    ...connector,
    write: async (...given: Parameters<typeof connector.write>) => {
      batches += 1;
      const results = await connector.write(...given);
      proxy.cutOff();
      return results;
    },
  };
  await expect(applyRestore(request, { ...deps, platform: { ...deps.platform, connector: cutting } })).rejects.toMatchObject({ code: 'store-away' });
  expect([batches, writes()], 'the first batch, and nothing of the rest').toEqual([1, CONFIG.canary]);
  proxy.heal();
  // The lease that could not be given back runs out.
  await pause(LEASE_MS + 200);
  const [id = ''] = await deps.store.journals('restores');
  expect(await resumeRestore(id, 'maya', deps)).toMatchObject({ state: 'done' });
  expect(truth()).toEqual(good);
});
