import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Connector, Platform } from '../../src/connectors/index.js';
import { applyRestore, confirmationOf, planRestore, type ApplyDeps } from '../../src/restores/index.js';
import type { Store } from '../../src/store/index.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { crmSchema, FILTERS, openWorld } from '../support/restore-world.js';
import { ALL, restoresOf } from '../support/restores.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** The same, but for some of its members. */
function instead<T extends object>(of: T, members: Partial<T>): T {
  return new Proxy(of, {
    get: (whole, name): unknown => {
      const value: unknown = Reflect.get(members, name) ?? Reflect.get(whole, name);
      return typeof value === 'function' ? (value.bind(whole) as unknown) : value;
    },
  });
}

/** A store that tells which lines of journals only the memory of the system holds: what a power cut would take. */
function watched(store: Store): { readonly store: Store; readonly onlyInMemory: string[] } {
  const onlyInMemory: string[] = [];
  const journal: Store['journal'] = (kind, id) => {
    const inner = store.journal(kind, id);
    const open: typeof inner.open = async (...parts) => {
      const writer = await inner.open(...parts);
      const append: typeof writer.append = async (entry, options) => {
        const written = await writer.append(entry, options);
        if (options?.durable === false) onlyInMemory.push(entry.type);
        else onlyInMemory.length = 0;
        return written;
      };
      return instead(writer, { append });
    };
    return instead(inner, { open });
  };
  return { store: instead(store, { journal }), onlyInMemory };
}

/** The platform, with a look at each moment from which on something may stand there. */
function looking(platform: Platform, look: () => void): Platform {
  const { connector } = platform;
  const tells = connector.outcomeOf !== undefined;
  const write: Connector['write'] = async (batch, options) => {
    if (!tells) look();
    const committing = options?.committing;
    return await connector.write(batch, {
      ...options,
      ...(committing && {
        committing: async (commit) => {
          await committing(commit);
          look();
        },
      }),
    });
  };
  return { ...platform, connector: instead(connector, { write }) };
}

async function applied(deps: ApplyDeps, plan: Parameters<typeof confirmationOf>[0]): Promise<readonly (readonly string[])[]> {
  const { store, onlyInMemory } = watched(deps.store);
  const looks: string[][] = [];
  const platform = looking(deps.platform, () => looks.push([...onlyInMemory]));
  const done = await applyRestore({ plan: plan.id, by: 'maya', confirmed: confirmationOf(plan) }, { ...deps, store, platform });
  expect(done).toMatchObject({ state: 'done' });
  return looks;
}

test('a database takes nothing before the intent and the commit are on disk: a power cut loses no change that stands', async () => {
  const database = await server.createDatabase(`
    CREATE TABLE leads (id int PRIMARY KEY, name text); INSERT INTO leads SELECT i, 'n' || i FROM generate_series(1, 6000) i`);
  const platform = await openTestPlatform(server, database);
  const { deps, take } = await restoresOf(platform);
  const base = await take();
  await server.sql(database, `UPDATE leads SET name = 'Valued Customer'`);
  const damaged = await take();
  const { header } = await planRestore({ base, damaged, filters: ALL, by: 'maya' }, deps);
  const looks = await applied(deps, header);
  expect(looks.length).toBeGreaterThan(2);
  for (const onlyInMemory of looks) expect(onlyInMemory).toEqual([]);
  await platform.close();
});

test('a platform that takes each change at once is sent nothing before the intent is on disk', async () => {
  const world = await openWorld(crmSchema());
  try {
    for (let n = 0; n < 40; n += 1) world.connector.put('contacts', `p${n}`, { name: 'good', email: `${n}@x` }, 'import');
    const base = await world.take();
    for (let n = 0; n < 40; n += 1) world.connector.put('contacts', `p${n}`, { name: 'bad', email: `${n}@x` }, 'sync:crm');
    const damaged = await world.take();
    const filters = { ...FILTERS, unattributed: 'include' } as const;
    const { header } = await planRestore({ base, damaged, filters, by: 'maya' }, world.deps);
    const looks = await applied(world.deps, header);
    expect(looks.length).toBeGreaterThan(1);
    for (const onlyInMemory of looks) expect(onlyInMemory).toEqual([]);
  } finally {
    await world.close();
  }
});
