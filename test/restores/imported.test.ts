import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import {
  applyRestore,
  confirmationOf,
  decideConflicts,
  planRestore,
  readPlan,
  type ApplyDeps,
  type PlanFilters,
  type PlanSummary,
} from '../../src/restores/index.js';
import { integration, person } from '../../src/sandbox/index.js';
import { createSnapshot, fileToImport, openCatalog } from '../../src/snapshots/index.js';
import { openBench, type Bench } from '../connectors/hubspot-support.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

/** A user would lose: records, links and later edits, to a plan that takes what a file does not hold for empty or gone. */

let bench: Bench & { stop(): Promise<void> };
let deps: ApplyDeps;
let dir: string;
let backups: string;
const OBJECTS = ['contacts', 'companies'];

beforeEach(async () => {
  bench = await openBench({ account: {} });
  const opened = await temporaryStore(bench.clock);
  dir = opened.dir;
  backups = join(dir, '..', 'backups');
  const { connector, clock } = bench;
  const platform: Platform = {
    name: 'crm',
    connector,
    identity: await connector.identify(),
    environment: 'sandbox',
    objects: OBJECTS,
    close: () => Promise.resolve(),
  };
  deps = { store: opened.store, clock, catalog: openCatalog({ dir: backups, store: opened.store, clock }), platform, config: CONFIG };
});
afterEach(async () => await bench.stop());

async function importText(text: string, takenAt: Date): Promise<string> {
  const path = join(dir, 'all-contacts.csv');
  await writeFile(path, text);
  const request = { path, object: 'contacts', columns: { key: [], map: new Map<string, string>() }, cells: { zone: 'UTC' }, emptyClears: false };
  const { take } = await fileToImport(request, deps.platform, {});
  return (await take({ takenAt, skipBadCells: false, by: 'maya' }, openCatalog({ dir: backups, store: deps.store, clock: deps.clock }))).id;
}

async function snapshot(): Promise<string> {
  bench.clock.advance(60_000);
  const { id } = await createSnapshot({ platforms: [deps.platform], by: 'test' }, { dir: backups, store: deps.store, clock: deps.clock });
  bench.clock.advance(60_000);
  return id;
}

async function plan(base: string, damaged: string, filters: Partial<PlanFilters> = {}): Promise<PlanSummary> {
  return await planRestore({ base, damaged, filters: { unattributed: 'include', deleteCreated: true, ...filters }, by: 'maya' }, deps);
}

test('a plan from an export puts back the damaged field, deletes and links nothing, keeps later edits, and asks before it creates', async () => {
  const { sandbox, clock } = bench;
  const [maya, sync] = [sandbox.writeAs(person(42)), sandbox.writeAs(integration('777', 'Bad sync'))];
  const company = maya.create('companies', { name: 'Acme' });
  const more = { hs_lead_status: 'OPEN', jobtitle: 'CTO', city: 'Bonn', message: 'hello' };
  const [hit, edited, deleted, moved, kept] = ['hit', 'edited', 'deleted', 'moved', 'kept'].map((name) =>
    maya.create('contacts', { email: `${name}@x.example`, firstname: name, ...more }),
  ) as [string, string, string, string, string];
  maya.link('contacts', hit, 'companies', company);
  clock.advance(60_000);
  const exportedAt = clock.now();
  clock.advance(60_000);
  // Somebody worked on after the export, before the damage.
  maya.update('contacts', kept, { jobtitle: 'CEO' });
  clock.advance(60_000);
  for (const id of [hit, edited, moved, kept]) sync.update('contacts', id, { jobtitle: 'x', hs_lead_status: 'NEW' });
  sync.update('contacts', hit, { city: '' });
  sync.archive('contacts', deleted);
  sync.unlink('contacts', hit, 'companies', company);
  sync.link('contacts', moved, 'companies', company);
  const made = sync.create('contacts', { email: 'made@x.example' });
  const damaged = await snapshot();
  // And after the damage.
  maya.update('contacts', edited, { jobtitle: 'VP' });
  const rows = [hit, edited, deleted, moved, kept].map((id, n) => `${id},${['hit', 'edited', 'deleted', 'moved', 'kept'][n]}@x.example,CTO,Open`);
  const base = await importText(`\uFEFFRecord ID,Email,Job Title,Lead Status\r\n${rows.join('\r\n')}\r\n`, exportedAt);

  const { header } = await plan(base, damaged, { suspects: ['INTEGRATION:777'] });
  expect(header.counts).toMatchObject({ actions: { update: 4 }, conflicts: { 'edited-since': 1, 'base-partial': 1 } });
  expect(header.notCovered?.map(({ object, extent }) => [object, extent])).toEqual(
    expect.arrayContaining([
      ['contacts', 'absence'],
      ['companies', 'all'],
    ]),
  );
  expect(header.notCovered?.find(({ object }) => object === 'contacts')?.why).toContain('all-contacts.csv, which holds 3 of');
  // Only a person brings back a record of which the file holds a part.
  const decided = await decideConflicts(header.id, { 'base-partial': 'restore' }, 'maya', deps);
  expect(decided.header.counts.actions).toMatchObject({ create: 1 });
  for await (const line of (await readPlan(deps.store, decided.header.id)).lines())
    if (line.kind === 'change' && line.action === 'create')
      expect(line).toMatchObject({
        key: deleted,
        fields: { email: { to: 'deleted@x.example' }, jobtitle: { to: 'CTO' }, hs_lead_status: { to: 'OPEN' } },
      });
  await applyRestore({ plan: header.id, by: 'maya', confirmed: confirmationOf(header) }, deps);
  const values = (id: string): unknown => {
    const found = sandbox.records('contacts').find((record) => record.id === id);
    return found && Object.fromEntries(['jobtitle', 'hs_lead_status', 'city', 'message'].map((name) => [name, found.properties[name] ?? '']));
  };
  const good = { jobtitle: 'CTO', hs_lead_status: 'OPEN', city: 'Bonn', message: 'hello' };
  expect(Object.fromEntries([hit, edited, moved, kept].map((id) => [id, values(id)]))).toEqual({
    // What the file does not hold stays as it is.
    [hit]: { ...good, city: '' },
    [edited]: { ...good, jobtitle: 'VP' },
    [moved]: good,
    [kept]: { ...good, jobtitle: 'CEO' },
  });
  const state = sandbox.records('contacts').filter(({ archived }) => !archived);
  expect(state.map(({ id }) => id).sort()).toEqual([hit, edited, moved, kept, made].sort());
  expect(sandbox.links().filter(({ from }) => from === hit)).toEqual([]);
  expect(sandbox.links().some(({ from, to }) => [from, to].includes(moved))).toBe(true);
  for await (const line of (await readPlan(deps.store, header.id)).lines()) expect(line.kind === 'conflict' || line.action === 'update').toBe(true);
});

test('a file exported after the damage is no base, and no file is the snapshot of the damage', async () => {
  const id = bench.sandbox.writeAs(person(42)).create('contacts', { email: 'a@x.example' });
  const text = `Record ID,Email\n${id},a@x.example\n`;
  const damaged = await snapshot();
  const late = await importText(text, deps.clock.now());
  await expect(plan(late, damaged)).rejects.toMatchObject({ code: 'snapshots-swapped', next: expect.stringContaining('--taken-at') as unknown });
  await expect(plan(damaged, late)).rejects.toMatchObject({ code: 'usage', message: `${late} cannot be the snapshot of the damage` });
});
