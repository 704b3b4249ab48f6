import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { openPlatform, type Platform } from '../../src/connectors/index.js';
import { Redactor } from '../../src/lib/index.js';
import { type ApplyDeps, applyRestore, confirmationOf, planRestore, readPlan, verifyRestore } from '../../src/restores/index.js';
import { type HubSpotSandbox, type HubSpotSandboxOptions, integration, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { rehearsePlan, type Rehearsal, type RehearsalDeps } from '../../src/stages/index.js';
import { openFileStore } from '../../src/store/index.js';
import { configOf } from '../connectors/hubspot-support.js';
import { CONFIG, FILTERS } from '../support/restore-world.js';
import { SettlingClock } from '../support/settling-clock.js';
import { temporaryFolder } from '../support/store.js';

/**
 * What a user would lose: the plan for the evening. Whoever is told 40 seconds and 60 calls, and waits for an hour while
 * the quota of the day runs out, has been told nothing.
 */

const SYNC = integration('4471120', 'MarketSync');

interface Account {
  readonly sandbox: HubSpotSandbox;
  readonly clock: SettlingClock;
  readonly plan: string;
  readonly deps: ApplyDeps;
  open(): Promise<Platform>;
  rehearse(more?: Partial<RehearsalDeps>): Promise<Rehearsal>;
  close(): Promise<void>;
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** An account of 1,500 contacts with wrong values, lost links and deleted records, and the plan that repairs it. */
async function damagedAccount(options: HubSpotSandboxOptions, latencyMs: number, limits = {}): Promise<Account> {
  const clock = new SettlingClock();
  const sandbox = await startHubSpotSandbox({ seed: 5, clock });
  const { contacts } = seedMessy(sandbox, { contacts: 1500, companies: 200, deals: 20, seed: 5 });
  const root = await temporaryFolder();
  const config = configOf(sandbox, { objects: ['contacts', 'companies', 'deals'], limits });
  const open = async (): Promise<Platform> =>
    await openPlatform(config, { secret: async () => await Promise.resolve(sandbox.token), clock, environment: {} });
  const platform = await open();
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const backups = join(root, 'backups');
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id;
  const base = await take();
  const writer = sandbox.writeAs(SYNC);
  for (const id of contacts.slice(0, 1200)) writer.apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: 'Intern' } });
  for (const id of contacts.slice(1200, 1230)) writer.apply({ action: 'archive', object: 'contacts', id });
  for (const { fromObject, from, toObject, to } of [...sandbox.truth().links()].slice(0, 150)) writer.unlink(fromObject, from, toObject, to);
  const damaged = await take();
  const catalog = openCatalog({ dir: backups, store, clock });
  const deps: ApplyDeps = { store, clock, catalog, platform, config: CONFIG };
  const filters = { ...FILTERS, suspects: [], unattributed: 'include' } as const;
  const plan = (await planRestore({ base, damaged, filters, by: 'test' }, deps)).header.id;
  sandbox.setLimits({ per10s: 40, perDay: 5000, ...options.limits });
  sandbox.faults.add({ kind: 'delay', ms: latencyMs, times: null });
  opened.push(async () => {
    await platform.close();
    await sandbox.stop();
    await rm(root, { recursive: true, force: true });
  });
  let rehearsals = 0;
  return {
    sandbox,
    clock,
    plan,
    deps,
    open,
    rehearse: async (more = {}) =>
      await rehearsePlan(
        { plan: await readPlan(store, plan), by: 'test', folder: join(root, `rehearsal-${String((rehearsals += 1))}`), account: { open } },
        {
          workspace: { platforms: { [config.name]: config }, restores: CONFIG } as unknown as RehearsalDeps['workspace'],
          catalog,
          clock,
          secret: async () => await Promise.reject(new Error('no secret is asked for')),
          environment: {},
          redact: (text) => text,
          doing: () => undefined,
          ...more,
        },
        {},
      ),
    close: async () => await platform.close(),
  };
}

it.each([
  { latencyMs: 180, limits: { per10s: 40 } },
  { latencyMs: 700, limits: { per10s: 190 } },
])('foretells the calls and the time of the real apply: $latencyMs ms a call, $limits.per10s calls in 10 s', async ({ latencyMs, limits }) => {
  const account = await damagedAccount({ limits }, latencyMs);
  const { sandbox, clock, deps } = account;
  const truth = JSON.stringify(sandbox.dump());
  const foretold = await account.rehearse();
  console.log(JSON.stringify(foretold, undefined, 1));
  // Nothing was written there.
  expect(JSON.stringify(sandbox.dump())).toBe(truth);

  await clock.sleep(20_000);
  const plan = await readPlan(deps.store, account.plan);
  for (const [phase, work] of [
    ['apply', async (platform: Platform) => await applyRestore({ plan: plan.header.id, by: 'test', confirmed: confirmationOf(plan.header) }, { ...deps, platform })],
    ['verify', async (platform: Platform) => await verifyRestore(plan.header.id, { ...deps, platform })],
  ] as const) {
    sandbox.resetCounts();
    const began = clock.monotonicMs();
    const platform = await account.open();
    await work(platform);
    await platform.close();
    const { requests, limited } = sandbox.counts();
    const took = clock.monotonicMs() - began;
    console.log(phase, foretold[phase], { requests, took, limited });
    expect.soft(Math.abs(foretold[phase].calls - requests) / requests).toBeLessThanOrEqual(0.02);
    expect.soft(Math.abs(foretold[phase].ms - took) / took).toBeLessThanOrEqual(0.15);
    await clock.sleep(20_000);
  }
  console.log(foretold);
});
