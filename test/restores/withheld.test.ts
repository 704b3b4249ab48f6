import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { checked, type Platform } from '../../src/connectors/index.js';
import { unknownWithheld, withholding } from '../../src/connectors/withheld.js';
import { type ApplyDeps, applyRestore, confirmationOf, planFromHistory, type PlanLine, planRestore, readPlan } from '../../src/restores/index.js';
import { integration, person } from '../../src/sandbox/index.js';
import type { SnapshotReader } from '../../src/snapshots/index.js';
import { openBench } from '../connectors/hubspot-support.js';
import { collect } from '../snapshots/support.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres } from '../support/postgres.js';
import { ALL, restoresOf } from '../support/restores.js';

/** A user would lose: what the law says must not be kept, into backups and plans; or good values, to fields that are left out. */

const SECRET = 'XQ-48151-SECRET';

/** Everything in a snapshot that can be read, as text. */
async function allOf({ catalog }: ApplyDeps, id: string): Promise<string> {
  const reader = await catalog.open(id);
  try {
    const texts = [JSON.stringify(reader.manifest), (await readFile(reader.path)).toString('latin1')];
    for (const info of reader.manifest.objects) texts.push(...(await collect(reader.lines(info))));
    return texts.join('\n');
  } finally {
    await reader.close();
  }
}

async function linesOf(lines: AsyncIterable<PlanLine>): Promise<PlanLine[]> {
  const all: PlanLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('a field of HubSpot that must never be stored', () => {
  it('is in no snapshot and no plan, and stays as it is; the others are put back', async () => {
    const bench = await openBench({ account: {} });
    try {
      const { sandbox, clock, connector } = bench;
      const identity = await connector.identify();
      const platform = (never?: Record<string, string[]>): Platform => ({
        name: 'crm',
        connector: never === undefined ? connector : withholding(checked(connector), { name: 'crm', never_store: never }),
        identity,
        environment: 'sandbox',
        objects: ['contacts', 'companies'],
        ...(never && { neverStore: never }),
        close: () => Promise.resolve(),
      });
      const masked = platform({ contacts: ['phone', 'fone'] });
      const { deps, take } = await restoresOf(masked);
      const [maya, sync] = [sandbox.writeAs(person(42)), sandbox.writeAs(integration('777', 'Bad sync'))];
      const [hit, gone] = ['hit', 'gone'].map((name) =>
        maya.create('contacts', { email: `${name}@x.example`, city: 'Bonn', phone: `${SECRET}-${name}` }),
      ) as [string, string];
      clock.advance(60_000);
      const unmasked = await take(platform());
      const base = await take();
      clock.advance(60_000);
      sync.update('contacts', hit, { city: 'x', phone: `${SECRET}-damaged` });
      sync.archive('contacts', gone);
      clock.advance(60_000);
      const damaged = await take();
      for (const id of [base, damaged]) {
        const all = await allOf(deps, id);
        expect(all).not.toContain(SECRET);
        expect(all).toContain('"withheld":["phone"]');
      }
      expect(await allOf(deps, unmasked)).toContain(SECRET);
      expect(unknownWithheld(await masked.connector.describe(['contacts', 'companies']), masked.neverStore)).toEqual(['contacts.fone']);
      // A base from before it was left out holds it, and is not used for it.
      for (const from of [base, unmasked]) {
        const summary = await planRestore({ base: from, damaged, filters: ALL, by: 'maya' }, deps);
        const plan = await readPlan(deps.store, summary.header.id);
        expect(plan.header.withheld).toEqual({ contacts: ['phone'] });
        const lines = await linesOf(plan.lines());
        expect(JSON.stringify([plan.header, lines])).not.toContain(SECRET);
        expect(lines.filter(({ kind }) => kind === 'conflict')).toEqual([]);
        expect(
          lines.flatMap((line) => (line.kind === 'change' && line.action === 'update' && 'fields' in line ? [Object.keys(line.fields)] : [])),
        ).toEqual([['city']]);
        if (from === base) continue;
        await applyRestore({ plan: plan.header.id, confirmed: confirmationOf(plan.header), by: 'maya' }, deps);
      }
      expect(sandbox.records('contacts').find(({ id }) => id === hit)?.properties).toMatchObject({ city: 'Bonn', phone: `${SECRET}-damaged` });
    } finally {
      await bench.stop();
    }
  });
});

describe('a property of HubSpot for sensitive data', () => {
  it('is named by a plan from history, and by one of snapshots of an earlier version, which did not ask for it', async () => {
    const bench = await openBench({ account: {} });
    try {
      const { sandbox, clock, connector } = bench;
      const answer = await fetch(`${sandbox.url}/crm/v3/properties/contacts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          name: 'passport',
          label: 'Passport',
          type: 'string',
          fieldType: 'text',
          groupName: 'contactinformation',
          dataSensitivity: 'sensitive',
        }),
      });
      expect(answer.status).toBe(201);
      const platform: Platform = {
        name: 'crm',
        connector,
        identity: await connector.identify(),
        environment: 'sandbox',
        objects: ['contacts', 'companies'],
        close: () => Promise.resolve(),
      };
      const { deps, take } = await restoresOf(platform);
      const hit = sandbox.writeAs(person(42)).create('contacts', { email: 'hit@x.example', city: 'Bonn' });
      clock.advance(60_000);
      const base = await take();
      const since = clock.now().toISOString();
      clock.advance(60_000);
      sandbox.writeAs(integration('777', 'Bad sync')).update('contacts', hit, { city: 'x' });
      clock.advance(60_000);
      const damaged = await take();
      const named = { contacts: ['passport'] };

      const filters = { unattributed: 'refuse' as const, deleteCreated: false, since, suspects: ['INTEGRATION:777'] };
      const { header } = await planFromHistory({ filters, by: 'maya' }, deps);
      expect([header.withheld, header.counts.cells]).toEqual([named, 1]);

      // The same answer would be given for a minute.
      clock.advance(120_000);
      const before = { ...deps, catalog: { open: async (id: string) => untold(await deps.catalog.open(id)) } };
      expect((await planRestore({ base, damaged, filters: ALL, by: 'maya' }, before)).header.withheld).toEqual(named);

      // What a snapshot says already is not asked once more.
      clock.advance(120_000);
      const asked = connector.usage().requests;
      expect((await planRestore({ base, damaged, filters: ALL, by: 'maya' }, deps)).header.withheld).toEqual(named);
      const once = connector.usage().requests - asked;
      clock.advance(120_000);
      await planRestore({ base, damaged, filters: ALL, by: 'maya' }, before);
      expect(connector.usage().requests - asked - once).toBeGreaterThan(once);
    } finally {
      await bench.stop();
    }
  });
});

/** A snapshot as an earlier version made it. */
function untold(reader: SnapshotReader): SnapshotReader {
  const objects = reader.manifest.objects.map((info) => ({ ...info, withheld: undefined }));
  return new Proxy(reader, {
    get: (target, name): unknown => {
      if (name === 'manifest') return { ...target.manifest, objects };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

describe('a column of PostgreSQL that must never be stored', () => {
  it('is not read; a key and what links are made of cannot be left out', async () => {
    const server = await startPostgres();
    const database = await server.createDatabase(
      `create table public.firms (id int primary key);
       create table public.people (id int primary key, firm int references public.firms, name text, ssn text);
       insert into public.firms values (1);
       insert into public.people values (1, 1, 'Ada', '${SECRET}-1'), (2, 1, 'Bo', '${SECRET}-2')`,
    );
    const objects = ['public.firms', 'public.people'];
    const platform = await openTestPlatform(server, database, { objects, never_store: { 'public.people': ['ssn'] } });
    try {
      const { deps, take } = await restoresOf(platform);
      const base = await take();
      await server.sql(database, `update public.people set name = 'x', ssn = '${SECRET}-damaged' where id = 1`);
      const damaged = await take();
      for (const id of [base, damaged]) expect(await allOf(deps, id)).not.toContain(SECRET);
      const { header } = await planRestore({ base, damaged, filters: ALL, by: 'maya' }, deps);
      expect(header).toMatchObject({ withheld: { 'public.people': ['ssn'] }, counts: { cells: 1 } });
      await applyRestore({ plan: header.id, confirmed: confirmationOf(header), by: 'maya' }, deps);
      expect(await server.sql(database, 'select name, ssn from public.people order by id')).toEqual([
        { name: 'Ada', ssn: `${SECRET}-damaged` },
        { name: 'Bo', ssn: `${SECRET}-2` },
      ]);
      // What the database says of a row that it refuses has all of its columns.
      await server.sql(database, "update public.people set name = 'y' where id = 1");
      const again = await take();
      await server.sql(database, "alter table public.people add constraint no_ada check (name <> 'Ada') not valid");
      const refused = (await planRestore({ base, damaged: again, filters: ALL, by: 'maya' }, deps)).header;
      const outcome: unknown = await applyRestore({ plan: refused.id, confirmed: confirmationOf(refused), by: 'maya' }, deps).catch(
        (one: unknown) => one,
      );
      const kept = await Promise.all(
        (await readdir(deps.store.location, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map(async (entry) => await readFile(join(entry.parentPath, entry.name), 'utf8')),
      );
      expect(kept.join('')).toContain('no_ada');
      expect(kept.join('') + JSON.stringify(outcome)).not.toContain(SECRET);
    } finally {
      await platform.close();
    }
    for (const [never, why] of [
      [{ 'public.people': ['id'] }, 'part of the key'],
      [{ 'public.people': ['firm'] }, 'links records'],
    ] as const) {
      const closed = await openTestPlatform(server, database, { objects, never_store: never });
      await expect(closed.connector.describe(objects)).rejects.toMatchObject({ code: 'file-invalid', why: expect.stringContaining(why) as string });
      await closed.close();
    }
  });
});
