import { setTimeout as pause } from 'node:timers/promises';

import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import type { CrashKind } from '../../support/crash.js';
import { startPostgres } from '../../support/postgres.js';

/** The runbooks that ship. */
export const RUNBOOKS = ['mass-overwrite', 'bad-import', 'accidental-delete'] as const;
export type RunbookName = (typeof RUNBOOKS)[number];

/** Records and links as people see them, one text each, sorted; those that were created again have other ids. */
export type Lines = readonly string[];

/** What an account has to look like. */
export interface Truth {
  /** Without the damage, and with every rightful edit. */
  readonly good: Lines;
  /** With the damage, and with every rightful edit. */
  readonly damaged: Lines;
}

/** Between the last edit before the damage and the first one after it, ISO 8601. */
export interface Window {
  readonly since: string;
  readonly until: string;
}

/** An account or database that a runbook repairs, and the truth about it outside of the program. */
export interface Scene {
  readonly name: string;
  /** How its calls are counted. */
  readonly calls: CrashKind;
  /** Its entry in runback.yml, without the name. */
  readonly config: string;
  /** Writers that belong to its syncs. */
  readonly writesAs: string;
  /** Files of the workspace that it needs. */
  readonly files: Readonly<Record<string, string>>;
  /** Puts everything back to the good state that the snapshot was taken of. */
  restage(): Promise<void>;
  /** Rightful edits, the damage that a runbook is for, and more edits. Says when the damage was made. */
  damage(runbook: RunbookName): Promise<Truth & Window>;
  /** A person changes a record that has nothing to do with the damage, in the account and in the truth. */
  edit(n: number, truth: Truth): Promise<Truth>;
  lines(): Promise<Lines>;
  close(): Promise<void>;
}

/** A truth after a change that has nothing to do with the damage: the lines that went and came are the same in both. */
function changed({ good, damaged }: Truth, before: Lines, after: Lines): Truth {
  const gone = new Set(before.filter((line) => !after.includes(line)));
  const come = after.filter((line) => !before.includes(line));
  const apply = (lines: Lines): Lines => [...lines.filter((line) => !gone.has(line)), ...come].sort();
  return { good: apply(good), damaged: apply(damaged) };
}

/** A time that neither what came before nor what comes after bears. */
async function between(): Promise<string> {
  await pause(3);
  const time = new Date().toISOString();
  await pause(3);
  return time;
}

/** Makes damage between edits. */
async function damaging(lines: () => Promise<Lines>, steps: Readonly<Record<'before' | 'damage' | 'after', () => unknown>>): Promise<Truth & Window> {
  await steps.before();
  const good = await lines();
  const since = await between();
  await steps.damage();
  const damaged = await lines();
  const until = await between();
  await steps.after();
  return { ...changed({ good, damaged }, damaged, await lines()), since, until };
}

/** A sandbox of HubSpot with contacts, companies and their links. */
export async function openHubSpotScene(): Promise<Scene> {
  const sandbox = await startHubSpotSandbox({ seed: 11, limits: { per10s: 100_000, searchPerSecond: 10_000 } });
  const { contacts } = seedMessy(sandbox, { contacts: 26, companies: 4, deals: 0, seed: 11 });
  const base = sandbox.dump();
  const maya = sandbox.writeAs(person(7));
  const feed = sandbox.writeAs(integration('48621', 'Feed'));
  const importer = sandbox.writeAs({ type: 'IMPORT', id: '77', label: 'Import' });
  const at = (n: number): string => contacts[n] ?? '';
  const links = (): ReturnType<HubSpotSandbox['links']> =>
    sandbox.links().filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies');
  const lines = (): Promise<Lines> => Promise.resolve(hubSpotLines(sandbox));
  const damages: Readonly<Record<RunbookName, () => void>> = {
    'mass-overwrite': () => {
      for (let n = 0; n < 6; n += 1) feed.update('contacts', at(n), { firstname: 'Valued Customer' });
      for (let n = 3; n < 8; n += 1) feed.update('contacts', at(n), { phone: '' });
      for (const { from, to } of links().slice(-2)) feed.unlink('contacts', from, 'companies', to);
      for (const name of ['One', 'Two']) feed.create('contacts', { firstname: name, lastname: 'Duplicate', email: `${name}@dup.example` });
    },
    'bad-import': () => {
      for (let n = 0; n < 6; n += 1) importer.update('contacts', at(n), { lastname: 'Imported', jobtitle: 'Column C' });
      for (const name of ['Three', 'Four', 'Five']) importer.create('contacts', { firstname: name, email: `${name}@import.example` });
    },
    'accidental-delete': () => {
      for (let n = 0; n < 5; n += 1) feed.archive('contacts', at(n));
      for (const { from, to } of links().slice(-2)) feed.unlink('contacts', from, 'companies', to);
    },
  };
  return {
    name: 'hubspot',
    calls: 'http',
    config: `{ connector: hubspot, environment: sandbox, account: "${sandbox.portalId}", url: "${sandbox.url}", credentials: { token: file:token }, objects: [contacts, companies], limits: { requests_per_10s: 10000 }, options: { settle: 0s } }`,
    writesAs: 'INTEGRATION:48621',
    files: { token: sandbox.token },
    lines,
    restage: () => {
      sandbox.load(base);
      sandbox.resetCounts();
      return Promise.resolve();
    },
    damage: (runbook) =>
      damaging(lines, {
        // A colleague corrects what the damage will hit: that value comes back, not the one of the snapshot. Of a
        // record that is deleted nobody knows it.
        before: () => maya.update('contacts', at(runbook === 'accidental-delete' ? 9 : 2), { firstname: 'Corrected', lastname: 'By Maya' }),
        damage: damages[runbook],
        after: () => maya.update('contacts', at(10), { jobtitle: 'Edited by hand' }),
      }),
    edit: async (n, truth) => {
      const before = await lines();
      maya.update('contacts', at(11 + (n % 8)), { jobtitle: `Edited while it went on, ${n}` });
      return changed(truth, before, await lines());
    },
    close: () => sandbox.stop(),
  };
}

function hubSpotLines(sandbox: HubSpotSandbox): Lines {
  const names = new Map<string, string>();
  const found: string[] = [];
  for (const object of ['contacts', 'companies'])
    for (const { id, archived, properties } of sandbox.records(object)) {
      if (archived) continue;
      const { email = '', firstname = '', lastname = '', jobtitle = '', phone = '', name = '', domain = '' } = properties;
      names.set(`${object} ${id}`, email || name || `${firstname} ${lastname}`);
      found.push(JSON.stringify([object, email, firstname, lastname, jobtitle, phone, name, domain]));
    }
  for (const { fromObject, from, toObject, to, label } of sandbox.links()) {
    const ends = [names.get(`${fromObject} ${from}`), names.get(`${toObject} ${to}`)];
    if (!ends.includes(undefined)) found.push(JSON.stringify(['link', ...ends.map(String).sort(), label ?? '']));
  }
  return found.sort();
}

const SYNC = `updated_by = 'sync:feed', updated_at = clock_timestamp()`;
const MAYA = `updated_by = 'person:maya', updated_at = clock_timestamp()`;

/** A database with people and their visits, which a foreign key that cascades ties to them. */
export async function openPostgresScene(): Promise<Scene> {
  const server = await startPostgres();
  const database = await server.createDatabase();
  const sql = (text: string): Promise<Record<string, string | null>[]> => server.sql(database, text);
  await sql(`
    CREATE TABLE people (id text PRIMARY KEY, name text, city text, phone text, updated_by text DEFAULT 'loader', updated_at timestamptz DEFAULT '2026-01-01');
    CREATE TABLE visits (person text NOT NULL REFERENCES people ON DELETE CASCADE, day date, reason text,
      updated_by text DEFAULT 'loader', updated_at timestamptz DEFAULT '2026-01-01', PRIMARY KEY (person, day));
    INSERT INTO people SELECT 'p' || i, 'Name ' || i, 'City ' || i % 5, '+43 ' || i FROM generate_series(1, 30) i;
    INSERT INTO visits SELECT 'p' || i, date '2026-01-01' + n, 'reason ' || i FROM generate_series(1, 30) i, generate_series(1, 2) n;
    CREATE SCHEMA kept; CREATE TABLE kept.people AS TABLE people; CREATE TABLE kept.visits AS TABLE visits;`);
  const lines = async (): Promise<Lines> => {
    const rows = await sql(`SELECT json_build_array('person', id, name, city, phone)::text AS line FROM people
      UNION ALL SELECT json_build_array('visit', person, day, reason)::text FROM visits`);
    return rows.map(({ line }) => line ?? '').sort();
  };
  const numbered = (from: number, to: number): string => `IN (SELECT 'p' || i FROM generate_series(${from}, ${to}) i)`;
  const damages: Readonly<Record<RunbookName, string>> = {
    'mass-overwrite': `UPDATE people SET name = 'Valued Customer', ${SYNC} WHERE id ${numbered(1, 7)};
      UPDATE visits SET reason = NULL, ${SYNC} WHERE person ${numbered(5, 8)} AND day = '2026-01-02';
      INSERT INTO people (id, name, updated_by, updated_at) SELECT 'dup' || i, 'Duplicate', 'sync:feed', clock_timestamp() FROM generate_series(1, 2) i;`,
    'bad-import': `UPDATE people SET city = phone, phone = NULL, updated_by = 'import', updated_at = clock_timestamp() WHERE id ${numbered(1, 7)};
      INSERT INTO people (id, name, updated_by, updated_at) SELECT 'import' || i, 'Imported', 'import', clock_timestamp() FROM generate_series(1, 3) i;`,
    'accidental-delete': `DELETE FROM people WHERE id ${numbered(1, 4)}; DELETE FROM visits WHERE person ${numbered(9, 10)} AND day = '2026-01-03';`,
  };
  const edit = (n: number, what: string): Promise<unknown> => sql(`UPDATE people SET phone = '${what}', ${MAYA} WHERE id = 'p${n}'`);
  return {
    name: 'postgres',
    calls: 'pg',
    config: `{ connector: postgres, environment: sandbox, url: file:database-url, objects: [public.people, public.visits], modified: { by: updated_by, at: updated_at } }`,
    writesAs: 'sync:*',
    files: { 'database-url': server.url(database) },
    lines,
    restage: async () => {
      await sql(`TRUNCATE people, visits; INSERT INTO people SELECT * FROM kept.people; INSERT INTO visits SELECT * FROM kept.visits`);
    },
    damage: (runbook) => damaging(lines, { before: () => edit(21, 'before'), damage: () => sql(damages[runbook]), after: () => edit(22, 'after') }),
    edit: async (n, truth) => {
      const before = await lines();
      await edit(23 + (n % 7), `while it went on ${n}`);
      return changed(truth, before, await lines());
    },
    close: () => server.stop(),
  };
}
