import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { parseTest } from '../../../src/checks/index.js';
import { openPlatform, type Platform } from '../../../src/connectors/index.js';
import { type CallOptions, Redactor } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { type Canary, canaryOf, type CanaryResult, runCanary } from '../../../src/monitors/canary/index.js';
import { text } from '../../../src/sandbox/hubspot/properties/definition.js';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import type { PlatformConfig } from '../../../src/workspace/index.js';
import { randomFrom } from '../../checks/history.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { seedOf } from '../../support/seeds.js';
import { temporaryFolder } from '../../support/store.js';
import { fullSweeps } from '../../support/sweeps.js';

// A user would lose: a customer's record in HubSpot that a test wrote to, or a table that stands still behind a sync that says it runs.

const PERSON = { kind: 'person', id: '77' } as const;
const NAME = 'runback-canary-people';
const MAPPING = `version: 1
id: people
between: { map: hubspot/contacts, db: db/public.people }
match: [{ map: email, db: email, as: email }]
on_delete: { map: kept in db }
fields:
  - { map: lastname, db: name, authority: map }
  - { map: canary_text, db: canary, authority: map }
`;

class WorkingClock extends SharedClock {
  work: () => Promise<void> = async () => await Promise.resolve();
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(ms, signal);
    await this.work();
  }
}

let server: TestPostgres;
let database: string;
let account: string;
let clock: WorkingClock;
let hubspot: HubSpotSandbox;
let store: Store;
let keys: { readonly canary: string; readonly other: string };
/** What the sync makes of the text; undefined: it carries nothing. */
let sync: ((given: string) => string) | undefined;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server.stop());
beforeEach(async () => {
  clock = new WorkingClock();
  hubspot = await startHubSpotSandbox({ seed: 3, clock, accountType: 'STANDARD', limits: { perDay: 1_000_000 } });
  hubspot.portal.types.get('contacts').properties.set('canary_text', text('canary_text', 'Canary text', { hubspotDefined: false }));
  const create = (values: Readonly<Record<string, string>>): string => hubspot.writeAs(PERSON).create('contacts', values);
  keys = {
    other: create({ lastname: 'Person', email: 'person@example.com' }),
    canary: create({ lastname: NAME, email: 'canary@example.com', hs_email_optout: 'true', canary_text: 'none yet' }),
  };
  database = await server.createDatabase(`CREATE TABLE people (id int PRIMARY KEY, email text, name text, canary text);
    INSERT INTO people VALUES (1, 'person@example.com', 'Person', NULL), (2, 'canary@example.com', '${NAME}', 'none yet')`);
  await server.sql('postgres', `ALTER DATABASE ${database} SET runback.environment = 'production'`);
  const [told] = await server.sql(database, 'SELECT system_identifier FROM pg_control_system()');
  account = `${told?.['system_identifier'] ?? ''}/${database}`;
  hubspot.resetCounts();
  store = openFileStore({ dir: await temporaryFolder(), clock, redactor: new Redactor() });
  sync = (given) => given;
  clock.work = async () => {
    const held = hubspot.truth().record('contacts', keys.canary)?.['canary_text'];
    if (sync !== undefined && held !== undefined)
      await server.sql(database, 'UPDATE people SET canary = $1 WHERE id = 2 AND canary IS DISTINCT FROM $1', [sync(held)]);
  };
});
afterEach(async () => await hubspot.stop());

const canary = (more = ''): Canary => {
  const test = parseTest(
    `version: 1
id: canary-people
title: A contact from HubSpot to the warehouse
mapping: people
canary:
  write: map
  key: "${keys.canary}"
  known_by: { email: canary@example.com, lastname: ${NAME} }
  field: canary_text
  arrives: { key: "2" }
  within: 5m
${more}`,
    'tests/canary-people.yml',
  );
  if (test.kind !== 'canary') throw new Error('no canary');
  return canaryOf(test, parseMapping(MAPPING, 'mappings/people.yml'));
};

async function open(name: string, call: CallOptions): Promise<Platform> {
  const config =
    name === 'hubspot'
      ? { account: hubspot.account, url: hubspot.url, credentials: { token: 'file:token' }, limits: { requests_per_10s: 100_000 }, options: {} }
      : { account, url: server.url(database), objects: ['public.people'], credentials: {}, limits: {}, options: {} };
  const full = { name, connector: name === 'hubspot' ? 'hubspot' : 'postgres', environment: 'production', ...config } as unknown as PlatformConfig;
  const secret = async (): Promise<string> => await Promise.resolve(hubspot.token);
  return await openPlatform(full, { secret, clock, environment: {}, writes: 'private' }, call);
}

const run = async (): Promise<CanaryResult> => await runCanary(canary(), { store, clock, by: 'monitor', openPlatform: open, rivals: [], call: {} });
const told = ({ verdict, because }: CanaryResult): string => `${verdict} ${because ?? ''}`.trim();
const writes = (): readonly string[] =>
  hubspot.writes().flatMap(({ request, action, object, id }) => (request === undefined ? [] : [`${action} ${object} ${id}`]));
const rest = async (): Promise<string> =>
  JSON.stringify([
    [...hubspot.truth().records('contacts')].filter(({ key }) => key !== keys.canary),
    await server.sql(database, 'SELECT id, email, name FROM people ORDER BY id'),
  ]);
/** Right before the write is taken, a colleague does something. */
function beforeWrite(does: () => void): void {
  let done = false;
  hubspot.onRequest(({ method, path }) => {
    if (done || method === 'GET' || !/\/(batch\/update|contacts\/[^/]+)$/u.test(path)) return;
    done = true;
    does();
  });
}

describe('a canary in HubSpot whose copy is a row', () => {
  it('arrives, with one write to one field of one record, and none to the table', async () => {
    const before = await rest();
    expect(told(await run())).toBe('arrived');
    expect(writes()).toEqual([`update contacts ${keys.canary}`]);
    expect(await rest()).toBe(before);
  });

  it('is told where the sync carries nothing, changes the text, or the row is gone', async () => {
    sync = undefined;
    expect(told(await run())).toBe('lost not-arrived');
    sync = (given) => given.toUpperCase().slice(2);
    expect(told(await run())).toBe('wrong other-value');
    await server.sql(database, 'DELETE FROM people WHERE id = 2');
    expect(told(await run())).toBe('lost copy-gone');
    expect(writes()).toHaveLength(2);
  });

  it('a column that is gone, and credentials that are refused on either side', async () => {
    await server.sql(database, 'ALTER TABLE people RENAME COLUMN canary TO canary_2');
    clock.work = async () => await Promise.resolve();
    expect(told(await run())).toBe('refused field-gone');
    hubspot.faults.add({ kind: 'unauthorized', times: null });
    expect(told(await run())).toBe('unknown authorization');
    expect(writes()).toEqual([]);
  });

  it('a rate limit is waited for, a lost answer is looked up, and there is still one write', async () => {
    hubspot.faults.add({ kind: 'rate-limit', times: 3 });
    expect(told(await run())).toBe('arrived');
    hubspot.faults.clear();
    hubspot.faults.add({ kind: 'drop-answer', path: '/crm/v3/objects/contacts/batch/update', times: 1 });
    expect(['arrived', 'unknown in-doubt']).toContain(told(await run()));
    expect(new Set(writes())).toEqual(new Set([`update contacts ${keys.canary}`]));
    expect(writes().length).toBeLessThanOrEqual(3);
  });
});

describe('what a colleague does between the look and the write', () => {
  it('deletes it: nothing is made again', async () => {
    beforeWrite(() => hubspot.writeAs(PERSON).remove('contacts', keys.canary));
    const result = await run();
    expect(['refused rejected', 'wrong record-gone', 'unknown moved']).toContain(told(result));
    expect(writes()).toEqual([]);
    expect(told(await run())).toMatch(/record-gone|copy-gone/u);
  });

  it('merges it into a customer: that is told, and never written to again', async () => {
    beforeWrite(() => hubspot.writeAs(PERSON).merge?.('contacts', keys.canary, keys.other));
    const result = await run();
    expect(result.verdict, told(result)).not.toBe('arrived');
    const first = writes().length;
    for (let n = 0; n < 3; n += 1) expect(told(await run())).toBe('refused record-gone');
    expect(writes()).toHaveLength(first);
  });

  it('subscribes it, or puts it on a list: at most that one text, and the next run refuses', async () => {
    beforeWrite(() => {
      const person = hubspot.writeAs(PERSON);
      const list = person.create('lists', { name: 'Newsletter', object: 'contacts', processing: 'MANUAL' });
      person.link('contacts', keys.canary, 'lists', list);
    });
    await run();
    expect(told(await run())).toBe('refused on-list');
    expect(writes().length).toBeLessThanOrEqual(1);
  });
});

it('thirty days: writes to the canary alone, each after it was read, and every trouble is told by the next run', async () => {
  const random = randomFrom(seedOf());
  const person = hubspot.writeAs(PERSON);
  const before = await rest();
  let reads = 0;
  hubspot.onRequest(({ path }) => {
    if (/contacts\/batch\/read|contacts\/\d+/u.test(path)) reads += 1;
  });
  const troubles = [
    {
      told: 'subscribed',
      does: () => person.update('contacts', keys.canary, { hs_email_optout: 'false' }),
      undoes: () => person.update('contacts', keys.canary, { hs_email_optout: 'true' }),
    },
    { told: 'authorization', does: () => void hubspot.faults.add({ kind: 'unauthorized', times: null }), undoes: () => hubspot.faults.clear() },
    {
      told: 'not-the-record',
      does: () => person.update('contacts', keys.canary, { lastname: 'Customer' }),
      undoes: () => person.update('contacts', keys.canary, { lastname: NAME }),
    },
    { told: 'not-arrived', does: () => void (sync = undefined), undoes: () => void (sync = (given) => given) },
  ];
  const [begin, everyMs] = [clock.now().getTime(), fullSweeps ? 900_000 : 3 * 3_600_000];
  let runs = 0;
  let trouble: (typeof troubles)[number] | undefined;
  while (clock.now().getTime() < begin + 30 * 86_400_000) {
    const at = clock.now().getTime();
    if (trouble === undefined && random() < 0.05) {
      trouble = troubles[Math.floor(random() * troubles.length)];
      trouble?.does();
    }
    const [wrote, seen] = [writes().length, reads];
    const result = await run();
    runs += 1;
    expect(result.because ?? result.verdict).toBe(trouble?.told ?? 'arrived');
    expect(writes().length - wrote).toBe(result.wrote ? 1 : 0);
    if (result.wrote) expect(reads).toBeGreaterThan(seen);
    if (trouble !== undefined && random() < 0.5) {
      trouble.undoes();
      trouble = undefined;
    }
    await clock.sleep(Math.max(0, at + everyMs - clock.now().getTime()));
  }
  trouble?.undoes();
  expect(new Set(writes())).toEqual(new Set([`update contacts ${keys.canary}`]));
  expect(await rest()).toBe(before);
  expect(runs).toBeGreaterThanOrEqual(200);
  console.log(`${String(runs)} runs in 30 days, ${String(writes().length)} writes, all to the canary`);
}, 900_000);
