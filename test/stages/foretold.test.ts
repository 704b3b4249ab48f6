import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { openPlatform, type Platform } from '../../src/connectors/index.js';
import { Redactor } from '../../src/lib/index.js';
import { type ApplyDeps, applyRestore, confirmationOf, planRestore, readPlan, undoRestore, verifyRestore } from '../../src/restores/index.js';
import { type HubSpotSandbox, type HubSpotSandboxOptions, integration, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { rehearsePlan, type Rehearsal, type RehearsalDeps } from '../../src/stages/index.js';
import { openFileStore } from '../../src/store/index.js';
import { all, configOf } from '../connectors/hubspot-support.js';
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
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** An account of 420 contacts with wrong values, lost links and deleted records, and the plan that repairs it. */
async function damagedAccount(limits: NonNullable<HubSpotSandboxOptions['limits']>, latencyMs: number): Promise<Account> {
  const clock = new SettlingClock();
  const sandbox = await startHubSpotSandbox({ seed: 5, clock });
  const { contacts } = seedMessy(sandbox, { contacts: 420, companies: 60, deals: 5, seed: 5 });
  const root = await temporaryFolder();
  const config = configOf(sandbox, { objects: ['contacts', 'companies', 'deals'] });
  const open = async (): Promise<Platform> =>
    await openPlatform(config, { secret: async () => await Promise.resolve(sandbox.token), clock, environment: {}, writes: 'private' });
  const platform = await open();
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const backups = join(root, 'backups');
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id;
  const base = await take();
  const writer = sandbox.writeAs(SYNC);
  for (const id of contacts.slice(0, 350)) writer.apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: 'Intern' } });
  for (const id of contacts.slice(350, 362)) writer.apply({ action: 'archive', object: 'contacts', id });
  for (const { fromObject, from, toObject, to } of [...sandbox.truth().links()].slice(0, 30)) writer.unlink(fromObject, from, toObject, to);
  const damaged = await take();
  const catalog = openCatalog({ dir: backups, store, clock });
  const deps: ApplyDeps = { store, clock, catalog, platform, config: CONFIG };
  const filters = { ...FILTERS, suspects: [], unattributed: 'include' } as const;
  const plan = (await planRestore({ base, damaged, filters, by: 'test' }, deps)).header.id;
  sandbox.setLimits(limits);
  if (latencyMs > 0) sandbox.faults.add({ kind: 'delay', ms: latencyMs, times: null });
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
  };
}

it.each([
  { latencyMs: 180, limits: { per10s: 11, perDay: 900 } },
  { latencyMs: 700, limits: { per10s: 190, perDay: 5000 } },
])('foretells the calls and the time of the real apply: $latencyMs ms a call, $limits.per10s calls in 10 s', async ({ latencyMs, limits }) => {
  const { sandbox, clock, deps, rehearse, open, plan: id } = await damagedAccount(limits, latencyMs);
  const before = JSON.stringify(sandbox.dump());
  const foretold = await rehearse();
  expect(foretold).toMatchObject({ passed: true, pace: { latency_ms: latencyMs, latency_from: 'measured', limits: [{ calls: limits.per10s }] } });
  expect(foretold.records.checked).toBeGreaterThan(300);
  expect(foretold.links.checked).toBeGreaterThan(30);
  // Nothing was written there.
  expect(JSON.stringify(sandbox.dump())).toBe(before);
  const plan = await readPlan(deps.store, id);
  const confirmed = confirmationOf(plan.header);
  for (const [phase, work] of [
    ['apply', async (platform: Platform) => (await applyRestore({ plan: id, by: 'test', confirmed }, { ...deps, platform })).id],
    ['verify', async (platform: Platform) => await verifyRestore(id, { ...deps, platform })],
    ['undoing', async (platform: Platform) => await undoRestore((await deps.store.journals('restores')).at(-1) ?? '', 'test', { ...deps, platform })],
  ] as const) {
    // What came before is no longer counted by the account.
    await clock.sleep(20_000);
    sandbox.resetCounts();
    const began = clock.monotonicMs();
    const platform = await open();
    await work(platform);
    await platform.close();
    const { requests, limited } = sandbox.counts();
    const took = clock.monotonicMs() - began;
    expect(limited).toBe(0);
    expect(took).toBeGreaterThanOrEqual(latencyMs * 5);
    expect(Math.abs(foretold[phase].calls - requests) / requests).toBeLessThanOrEqual(0.02);
    expect(Math.abs(foretold[phase].ms - took) / took).toBeLessThanOrEqual(0.15);
  }
});

it('loads of a large snapshot only what the plan touches, and says so', async () => {
  const { rehearse } = await damagedAccount({}, 0);
  const [whole, part] = [await rehearse(), await rehearse({ mostWhole: 100 })];
  expect(part).toMatchObject({ passed: true, records: whole.records, links: whole.links, verify: { calls: whole.verify.calls } });
  expect(Math.abs(part.apply.calls - whole.apply.calls) / whole.apply.calls).toBeLessThanOrEqual(0.02);
  expect(part.differs.join()).toMatch(/of the \d+ records of the snapshot, it has only those that the plan touches/u);
  expect(part.cannot_know.join()).toContain('unique');
});

it('finds a cell that is wrong afterwards although the restore says that all is well', async () => {
  const { plan, deps, rehearse } = await damagedAccount({}, 0);
  const lines = await all((await readPlan(deps.store, plan)).lines());
  const [first] = lines.flatMap((line) => (line.kind === 'change' && line.action === 'update' ? [line] : []));
  if (first === undefined) throw new Error('the plan changes no record');
  const told = await rehearse({
    staged: (sandbox) => {
      // Somebody writes behind the back of the restore, when it is over.
      let reads = 0;
      (sandbox as HubSpotSandbox).onRequest(({ path }) => {
        if (path.endsWith('/account-info/v3/details') && (reads += 1) === 2)
          sandbox.writeAs({ kind: 'person', id: '7' }).update(first.object, first.key, { jobtitle: 'PLANTED' });
      });
    },
  });
  expect(told).toMatchObject({ passed: false, examples: [{ object: first.object, key: first.key, field: 'jobtitle', why: 'other value' }] });
  expect(told.cells.checked - told.cells.right).toBe(1);
  expect(JSON.stringify(told)).not.toContain('PLANTED');
});

it('tells which mails go out, where it is known what sends them', async () => {
  const { rehearse } = await damagedAccount({}, 0);
  const told = await rehearse({
    staged: (sandbox) =>
      sandbox.automate({
        id: 'flow-1',
        name: 'Welcome',
        object: 'contacts',
        enabled: true,
        when: { on: 'create' },
        does: [
          { do: 'mail', to: 'email', subject: 'Welcome' },
          { do: 'set', values: { city: 'Automatic' } },
        ],
      }),
  });
  // Begun and mailed, once for each record that is created again.
  const created = told.side_effects.examples.filter((what) => what.includes('a mail "Welcome"'));
  expect(told.side_effects.count).toBeGreaterThanOrEqual(2 * created.length);
  expect(created.length).toBeGreaterThan(0);
});
