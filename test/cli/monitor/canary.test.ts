import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it, onTestFinished } from 'vitest';

import { type Clock, systemClock } from '../../../src/lib/index.js';
import { text } from '../../../src/sandbox/hubspot/properties/definition.js';
import { startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { startPostgres } from '../../support/postgres.js';
import { jsonLines, runback } from '../support/child.js';

// A user would lose: the hours in which a token had expired and nobody knew, or a night of one page for each thing that follows from it.

const PRELOAD = fileURLToPath(new URL('../../support/clock-preload.cjs', import.meta.url));
const PERSON = { kind: 'person', id: '77' } as const;
const NAME = 'runback-canary-people';
const QUARTER_MS = 15 * 60_000;

it(
  'a daemon runs the canary of HubSpot and PostgreSQL; an expired token is found within two of its runs, as one incident that silences what follows',
  { timeout: 900_000 },
  async () => {
    let offset = Date.parse('2026-03-02T10:05:00Z') - Date.now();
    const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + offset) };
    const [hubspot, server] = [await startHubSpotSandbox({ clock, accountType: 'STANDARD' }), await startPostgres()];
    const dir = await mkdtemp(join(tmpdir(), 'runback-canary-'));
    hubspot.portal.types.get('contacts').properties.set('canary_text', text('canary_text', 'Canary text', { hubspotDefined: false }));
    const key = hubspot
      .writeAs(PERSON)
      .create('contacts', { lastname: NAME, email: 'canary@example.com', hs_email_optout: 'true', canary_text: 'none yet' });
    const database = await server.createDatabase(`CREATE TABLE people (id int PRIMARY KEY, email text, name text, canary text);
      INSERT INTO people VALUES (2, 'canary@example.com', '${NAME}', 'none yet')`);
    await server.sql('postgres', `ALTER DATABASE ${database} SET runback.environment = 'production'`);
    const [told] = await server.sql(database, 'SELECT system_identifier FROM pg_control_system()');
    const working = setInterval(() => {
      const held = hubspot.truth().record('contacts', key)?.['canary_text'];
      if (held !== undefined)
        void server.sql(database, 'UPDATE people SET canary = $1 WHERE id = 2 AND canary IS DISTINCT FROM $1', [held]).catch(() => undefined);
    }, 50);
    onTestFinished(async () => {
      clearInterval(working);
      await hubspot.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    });
    for (const folder of ['tests', 'mappings']) await mkdir(join(dir, folder));
    const write = async (path: string, content: string): Promise<void> => await writeFile(join(dir, path), content, { mode: 0o600 });
    await write('token', hubspot.token);
    await write(
      'runback.yml',
      `version: 1
platforms:
  crm: { connector: hubspot, environment: production, account: "${hubspot.account}", url: "${hubspot.url}", credentials: { token: file:token }, objects: [contacts] }
  db: { connector: postgres, environment: production, account: "${told?.['system_identifier'] ?? ''}/${database}", url: "${server.url(database)}", objects: [public.people] }
monitors:
  canary: { test: canary-people, every: 15m, fail: 2 of 3 }
  people: { count: crm/contacts created }
  fields: { schema: crm/contacts, every: 15m }
`,
    );
    await write(
      'mappings/people.yml',
      `version: 1
id: people
between: { map: crm/contacts, db: db/public.people }
match: [{ map: email, db: email, as: email }]
on_delete: { map: kept in db }
fields:
  - { map: lastname, db: name, authority: map }
  - { map: canary_text, db: canary, authority: map }
`,
    );
    await write(
      'tests/canary-people.yml',
      `version: 1
id: canary-people
title: A contact from HubSpot to the warehouse
mapping: people
canary:
  write: map
  key: "${key}"
  known_by: { email: canary@example.com, lastname: ${NAME} }
  field: canary_text
  arrives: { key: "2" }
  within: 5m
`,
    );
    const env = (): Record<string, string> => ({
      NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`,
      RUNBACK_TEST_CLOCK_MS: String(offset),
      COLUMNS: '80',
    });
    const json = async (...args: readonly string[]): Promise<unknown> => {
      const { stdout } = await runback([...args, '--json', '--no-input'], { cwd: dir, env: env() });
      return jsonLines(stdout).at(-1)?.['data'];
    };
    const daemon = async (): Promise<void> => {
      const ended = await runback(['daemon', '--once', '--no-input'], { cwd: dir, env: env() });
      expect(ended.code, ended.stdout + ended.stderr).toBe(0);
      offset += QUARTER_MS;
    };
    interface Listed {
      readonly id: string;
      readonly title: string;
    }
    const incidents = async (): Promise<readonly Listed[]> => ((await json('incident', 'list', '--all')) as { incidents: Listed[] }).incidents;
    const runs = async (): Promise<readonly { readonly verdict: string }[]> =>
      ((await json('monitor', 'canary', 'list')) as { canaries: [{ last: { verdict: string } | null }] }).canaries.flatMap(({ last }) => last ?? []);
    const writes = (): readonly string[] =>
      hubspot.writes().flatMap(({ request, action, object, id }) => (request === undefined ? [] : [`${action} ${object} ${id}`]));

    // The text is written by one round, and looked for by the next.
    for (let n = 0; n < 4; n += 1) await daemon();
    expect((await runs())[0]?.verdict).toMatch(/^(arrived|late)$/u);
    expect(writes().length).toBeGreaterThan(0);
    expect(await incidents()).toEqual([]);

    hubspot.faults.add({ kind: 'expire-token' });
    const before = writes().length;
    await daemon();
    await daemon();
    const [opened, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(opened?.title).toContain('crm no longer accepts the credentials');
    for (let n = 0; n < 6; n += 1) await daemon();
    expect(await incidents()).toHaveLength(1);
    const status = (await json('monitor', 'status')) as { flows: { monitor: string; state: string }[] };
    expect(status.flows.filter(({ state }) => state !== 'well').map(({ monitor }) => monitor)).toContain('canary');
    expect(writes()).toHaveLength(before);
    expect(new Set(writes())).toEqual(new Set([`update contacts ${key}`]));
    expect(await server.sql(database, 'SELECT count(*) FROM people')).toEqual([{ count: '1' }]);
  },
);
