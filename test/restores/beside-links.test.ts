import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  undoRestore,
  verifyRestore,
  type ApplyDeps,
  type PlanFilters,
  type PlanSummary,
  type RestoreSummary,
} from '../../src/restores/index.js';
import { integration, person, type HubSpotSandbox, type HubSpotSandboxOptions } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openBench } from '../connectors/hubspot-support.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

type Writer = ReturnType<HubSpotSandbox['writeAs']>;

/** A HubSpot account with somebody who works there and a sync that goes wrong. */
interface World {
  readonly sandbox: HubSpotSandbox;
  readonly maya: Writer;
  readonly sync: Writer;
  readonly deps: ApplyDeps;
  /** Records and links as they are, by names that stay: `p1 > Acme Primary`. */
  state(): readonly string[];
  plan(damage: () => void, filters?: Partial<PlanFilters>): Promise<PlanSummary>;
  apply(plan: PlanSummary): Promise<RestoreSummary>;
}

const OBJECTS = ['contacts', 'companies', 'deals'];

async function inWorld(account: HubSpotSandboxOptions['account'], story: (world: World) => Promise<void>): Promise<void> {
  const { sandbox, connector, clock, stop } = await openBench({ account: account ?? {} });
  try {
    const { store, dir } = await temporaryStore(clock);
    const backups = join(dir, '..', 'backups');
    const platform: Platform = {
      name: 'crm',
      connector,
      identity: await connector.identify(),
      environment: 'sandbox',
      objects: OBJECTS,
      close: () => Promise.resolve(),
    };
    const deps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG };
    const take = async (): Promise<string> => {
      clock.advance(60_000);
      const { id } = await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock });
      clock.advance(60_000);
      return id;
    };
    await story({
      sandbox,
      maya: sandbox.writeAs(person(42)),
      sync: sandbox.writeAs(integration('777', 'Bad sync')),
      deps,
      state: () => stateOf(sandbox),
      plan: async (damage, filters = {}) => {
        const base = await take();
        damage();
        const damaged = await take();
        return planRestore({ base, damaged, filters: { unattributed: 'include', deleteCreated: true, ...filters }, by: 'maya' }, deps);
      },
      apply: (plan) => applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps),
    });
  } finally {
    await stop();
  }
}

function stateOf(sandbox: HubSpotSandbox): readonly string[] {
  const names = new Map<string, string>();
  for (const object of OBJECTS)
    for (const { id, archived, properties } of sandbox.records(object))
      if (!archived) names.set(id, String(properties['email'] ?? properties['name'] ?? properties['dealname']));
  const links = sandbox.links().map(({ from, to, label }) => `${names.get(from) ?? '?'} > ${names.get(to) ?? '?'} ${label ?? ''}`.trim());
  return [...names.values(), ...links].sort();
}

/** A contact and a deal at company A, with a company B beside it; `of` tells them from others. */
function people({ maya }: Pick<World, 'maya'>, of = 'x'): Readonly<Record<'a' | 'b' | 'contact' | 'deal', string>> {
  const a = maya.create('companies', { name: `${of}: A` });
  const b = maya.create('companies', { name: `${of}: B` });
  const contact = maya.create('contacts', { email: `c@${of.replaceAll(' ', '-')}.example` });
  const deal = maya.create('deals', { dealname: `${of}: D` });
  maya.link('contacts', contact, 'companies', a);
  maya.link('deals', deal, 'companies', a);
  return { a, b, contact, deal };
}

type Known = ReturnType<typeof people>;

/** Does the same to the contact and the deal. */
const both =
  (work: (object: string, id: string, world: World, known: Known) => void) =>
  (world: World, known: Known): void => {
    work('contacts', known.contact, world, known);
    work('deals', known.deal, world, known);
  };

const DAMAGE: Readonly<Record<string, (world: World, known: Known) => void>> = {
  'links cut': both((object, id, { sync }, { a }) => sync.unlink(object, id, 'companies', a)),
  'primary gone': both((object, id, { sync }, { a }) => sync.unlink(object, id, 'companies', a, 'Primary')),
  'other primary': both((object, id, { sync }, { b }) => sync.link(object, id, 'companies', b, 'Primary')),
  'one more company': both((object, id, { sync }, { b }) => sync.link(object, id, 'companies', b)),
  moved: both((object, id, { sync }, { a, b }) => {
    sync.unlink(object, id, 'companies', a);
    sync.link(object, id, 'companies', b);
  }),
  'moved without primary': both((object, id, { sync, sandbox }, { a, b }) => {
    sync.unlink(object, id, 'companies', a);
    const { firstCompanyIsPrimary } = sandbox.portal.settings;
    sandbox.setAccount({ firstCompanyIsPrimary: false });
    sync.link(object, id, 'companies', b);
    sandbox.setAccount({ firstCompanyIsPrimary });
  }),
  'written as value': ({ sync }, { b, contact }) => sync.update('contacts', contact, { associatedcompanyid: b }),
  'cleared as value': ({ sync }, { contact }) => sync.update('contacts', contact, { associatedcompanyid: '' }),
  'contact deleted': ({ sync }, { contact }) => sync.archive('contacts', contact),
  'both deleted': ({ sync }, { a, contact }) => {
    sync.archive('contacts', contact);
    sync.archive('companies', a);
  },
  'contact created': ({ sync }, { b }) => {
    sync.link('contacts', sync.create('contacts', { email: 'dup1@x.example' }), 'companies', b);
  },
  'contact created by value': ({ sync }, { b }) => {
    sync.create('contacts', { email: 'dup2@x.example', associatedcompanyid: b });
  },
};

test.each([
  ['with a primary company', true],
  ['without one', false],
])('links to companies go back, and come back with an undo, exactly: records %s (G9, G27)', async (_with, firstCompanyIsPrimary) => {
  await inWorld({ firstCompanyIsPrimary }, async (world) => {
    const { sandbox } = world;
    const known = Object.keys(DAMAGE).map((name) => [name, people(world, name)] as const);
    const good = world.state();
    const plan = await world.plan(() => {
      for (const [name, some] of known) DAMAGE[name]?.(world, some);
    });
    const damaged = world.state();
    // From now on the account marks the first company, whatever it did before.
    sandbox.setAccount({ firstCompanyIsPrimary: true });
    const done = await world.apply(plan);
    expect([done.state, world.state()]).toEqual(['done', good]);
    expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
    const undone = await undoRestore(done.id, 'maya', world.deps);
    expect([undone.state, undone.undo?.moved, undone.undo?.rejected, world.state()]).toEqual(['undone', 0, 0, damaged]);
    // Said twice, written once: as a link.
    expect(sandbox.writes().filter(({ request, what }) => request !== undefined && what.includes('associatedcompanyid'))).toEqual([]);
  });
});

test('two companies that a contact lost are gone again after an undo: the one that HubSpot had marked first does not stay', async () => {
  await inWorld({}, async (world) => {
    const { maya, sync } = world;
    const { a, b, contact } = people(world);
    maya.link('contacts', contact, 'companies', b);
    maya.link('contacts', contact, 'companies', b, 'Primary');
    const good = world.state();
    const plan = await world.plan(() => {
      for (const company of [a, b]) sync.unlink('contacts', contact, 'companies', company);
    });
    const damaged = world.state();
    const done = await world.apply(plan);
    expect([done.state, world.state()]).toEqual(['done', good]);
    const undone = await undoRestore(done.id, 'maya', world.deps);
    expect([undone.undo?.moved, world.state()]).toEqual([0, damaged]);
  });
});

describe('a contact that comes back to an account that makes companies of addresses', () => {
  test('is linked to its own company by the account, and goes with that link when the restore is undone', async () => {
    await inWorld({}, async (world) => {
      const { maya, sync, sandbox } = world;
      const company = maya.create('companies', { name: 'Acme', domain: 'acme.example' });
      const contact = maya.create('contacts', { email: 'p@acme.example' });
      maya.link('contacts', contact, 'companies', company);
      const good = world.state();
      const plan = await world.plan(() => sync.archive('contacts', contact));
      const damaged = world.state();
      sandbox.setAccount({ companiesFromAddresses: true });
      const done = await world.apply(plan);
      expect([done.state, done.beside, world.state()]).toEqual(['done', undefined, good]);
      const undone = await undoRestore(done.id, 'maya', world.deps);
      expect([undone.undo?.moved, world.state()]).toEqual([0, damaged]);
    });
  });

  test('gets a company that nobody asked for: told, and gone with an undo', async () => {
    await inWorld({}, async (world) => {
      const { maya, sync, sandbox } = world;
      const contact = maya.create('contacts', { email: 'p@acme.example' });
      const plan = await world.plan(() => sync.archive('contacts', contact));
      const damaged = world.state();
      sandbox.setAccount({ companiesFromAddresses: true });
      const done = await world.apply(plan);
      expect(done).toMatchObject({ state: 'partial', beside: 3 });
      const undone = await undoRestore(done.id, 'maya', world.deps);
      expect([undone.undo?.moved, world.state()]).toEqual([0, damaged]);
    });
  });
});

test('what somebody linked to a re-created contact since keeps it from the undo, which says that it left it', async () => {
  await inWorld({}, async (world) => {
    const { maya, sync, sandbox } = world;
    const { b, contact } = people(world);
    const plan = await world.plan(() => sync.archive('contacts', contact));
    const done = await world.apply(plan);
    const again = sandbox.records('contacts').find(({ archived }) => !archived)?.id ?? '';
    maya.link('contacts', again, 'companies', b);
    const undone = await undoRestore(done.id, 'maya', world.deps);
    expect(undone.undo).toMatchObject({ moved: 1 });
    expect(world.state()).toContain('c@x.example > x: B');
  });
});

test('a plan for the field alone is refused: it only says what the link says', async () => {
  await inWorld({}, async (world) => {
    const { contact, b } = people(world);
    const plan = world.plan(() => world.sync.update('contacts', contact, { associatedcompanyid: b }), { fields: ['associatedcompanyid'] });
    await expect(plan).rejects.toMatchObject({ code: 'usage', next: expect.stringContaining('--only links') as string });
  });
});
