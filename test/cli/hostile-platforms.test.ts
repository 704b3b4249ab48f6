import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { copied, type SyncWorldOptions } from '../checks/faulty-sync.js';
import { hookedSync, listViewSync, messagedSync, PEOPLE, type Running, searchingSync } from '../checks/hooked-sync.js';
import { openJourneyWorkspace } from '../checks/journeys/workspace.js';
import { runHere } from './support/here.js';
import { openSyncWorkspace, type SyncWorkspace } from './support/sync-workspace.js';

/**
 * Tests of an integration by the command, over platforms that behave as badly as real ones do. A user would lose: a sync that is accused of
 * what its platform did, or one that breaks on it and passes.
 */

let workspace: SyncWorkspace | undefined;
const syncs: Running[] = [];
afterEach(async () => {
  for (const sync of syncs.splice(0)) await sync.close();
  await workspace?.close();
  workspace = undefined;
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  /** What is not as wanted, by step. */
  readonly wrong: readonly string[];
}

/** With `own`: another sync is at work than the one of the world. */
async function opened(platforms: SyncWorldOptions, own: boolean, count = 6): Promise<SyncWorkspace> {
  workspace = await openSyncWorkspace({ count, deletes: false, platforms });
  workspace.world.isAtWork = !own;
  return workspace;
}

async function run(test: string): Promise<Ran> {
  const { code, stdout, stderr } = await runHere(['test', 'run', test, '--json', '--no-input'], { cwd: workspace?.dir ?? '' });
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as {
    readonly data?: { readonly checks?: readonly { readonly name: string; readonly passed: boolean; readonly found: string }[] };
  };
  const wrong = (last.data?.checks ?? []).filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);
  return { code, out: stdout.slice(-2000) + stderr, wrong };
}

/** Everything that the test made is gone afterwards, on both sides. */
async function cleaned(): Promise<void> {
  const { code, stdout, stderr } = await runHere(['test', 'cleanup', '--wait', '--no-input'], { cwd: workspace?.dir ?? '' });
  expect(code, stdout + stderr).toBe(0);
  const { crm, map } = workspace?.world ?? expect.unreachable();
  expect([[...crm.truth().records('Contact')], [...map.truth().records('contacts')]]).toEqual([[], []]);
}

/** The sync under test is a clean one: no verdict accuses it, and nothing is left. */
async function expectClean(test = 'lifecycle'): Promise<void> {
  const { code, wrong, out } = await run(test);
  expect(wrong, out).toEqual([]);
  expect(code, out).toBe(0);
  await cleaned();
}

/** A test of people who are made, and changed twice, on HubSpot; the sync carries them to Salesforce. */
async function hooked(within = '20s', steps = ''): Promise<SyncWorkspace> {
  const { dir } = workspace ?? expect.unreachable();
  await writeFile(join(dir, 'mappings', 'people.yml'), PEOPLE);
  await writeFile(
    join(dir, 'tests', 'hooked.yml'),
    `version: 1
id: hooked
title: People of the marketing platform
mapping: people
records: { count: 6 }
steps:
  - { create: map, within: ${within}, settle: 300ms }
${steps}`,
  );
  return workspace ?? expect.unreachable();
}
/** `within`: how long the second change is waited for. */
const twoChanges = (within: string): string => `  - { update: map, set: { jobtitle: "Second" }, within: 20s, settle: 300ms }
  - { update: map, set: { jobtitle: "Third" }, within: ${within}, settle: 300ms }
`;

describe('webhooks', () => {
  it('that come twice, late and in the opposite order do not bring down a sync that looks again', async () => {
    const { world } = await opened({}, true);
    await hooked('20s', twoChanges('20s'));
    syncs.push(await hookedSync(world, { believes: false }));
    world.map.webhooks.disturb({ twiceEvery: 2, againMs: 1500, lateEvery: 3, lateMs: 700, reversed: true });
    await expectClean('hooked');
    expect(world.map.webhooks.sent).toBeGreaterThan(12);
  });

  it('that come twice double the people of a sync that believes each', async () => {
    const { world } = await opened({}, true);
    await hooked();
    syncs.push(await hookedSync(world, { believes: true }));
    world.map.webhooks.disturb({ twiceEvery: 1 });
    const { wrong, code, out } = await run('hooked');
    expect(wrong, out).toEqual([expect.stringMatching(/^create map: doubled: 6/u)]);
    expect(code).toBe(2);
    await cleaned();
  });

  it('that are repeated after a later change write an older value over it', async () => {
    const { world } = await opened({}, true);
    await hooked('20s', twoChanges('10s'));
    syncs.push(await hookedSync(world, { believes: true }));
    let updates = 0;
    // Each of the first changes is told once more, right behind the second one of that person.
    world.map.onRequest(({ path }) => {
      if (path.endsWith('/batch/update')) world.map.webhooks.disturb((updates += 1) === 1 ? { twiceEvery: 1, againAfter: 6 } : {});
    });
    const { wrong, code, out } = await run('hooked');
    expect(wrong, out).toEqual([expect.stringMatching(/^update map: map\.jobtitle → crm\.Title: \d+ wrong/u)]);
    expect(code).toBe(2);
    await cleaned();
  });

  it('of Salesforce: messages twice, late and out of order accuse nobody', async () => {
    const { world } = await opened({}, true);
    syncs.push(await messagedSync(world, copied));
    world.crm.webhooks.disturb({ twiceEvery: 2, againMs: 800, lateEvery: 3, lateMs: 600, reversed: true });
    await expectClean();
  });
});

/** Two ask at the same time with one token: its limits are not what is tried here. */
const UNLIMITED = { per10s: 1_000_000, searchPerSecond: 1_000_000 };

describe('lists and searches that lag', () => {
  it('accuse no sync that works, and hide nothing from the clean-up', async () => {
    await opened({ map: { listLagMs: 1500, searchLagMs: 1500 }, crm: { queryLagMs: 1500 } }, false);
    await expectClean();
  });

  it('show nothing more than once to a sync that looks back far enough', async () => {
    const { world } = await opened({ map: { searchLagMs: 1000, limits: UNLIMITED } }, true);
    await hooked();
    syncs.push(searchingSync(world, { overlapMs: 60_000 }));
    await expectClean('hooked');
  });

  it('lose people of a sync that takes the index for what there is', async () => {
    const { world } = await opened({ map: { searchLagMs: 1000, limits: UNLIMITED } }, true);
    await hooked('10s');
    syncs.push(searchingSync(world, { overlapMs: 0 }));
    const { wrong, code, out } = await run('hooked');
    expect(wrong, out).toEqual([expect.stringMatching(/^create map: missing: 6/u)]);
    expect(code).toBe(2);
    await cleaned();
  });

  it('lose who moves over the edge of a page, where a sync turns pages once', async () => {
    const { world } = await opened({ map: { limits: UNLIMITED } }, true);
    await hooked('10s');
    world.map.faults.add({ kind: 'shift', times: null, path: '*/search', name: 'moves' });
    syncs.push(searchingSync(world, { overlapMs: 60_000 }));
    const { wrong, out } = await run('hooked');
    expect(wrong, out).toEqual([expect.stringMatching(/^create map: missing: 1/u)]);
    world.map.faults.remove('moves');
    await cleaned();
  });

  it('a list view of Salesforce ends at 25: the others are missing; with more rows nobody is', async () => {
    const { world } = await opened({}, true, 30);
    const short = listViewSync(world, copied);
    syncs.push(short);
    const { dir } = workspace ?? expect.unreachable();
    await writeFile(
      join(dir, 'tests', 'views.yml'),
      'version: 1\nid: views\ntitle: Many people\nmapping: contacts\nrecords: { count: 30 }\nsteps:\n  - { create: crm, within: 10s, settle: 300ms }\n',
    );
    const { wrong, out } = await run('views');
    expect(wrong, out).toEqual([expect.stringMatching(/^create crm: missing: 5/u)]);
    await short.close();
    syncs.splice(0);
    await cleaned();
    syncs.push(listViewSync(world, copied, { limit: 2000 }));
    await expectClean('views');
  });
});

describe('platforms', () => {
  it('that bring values into another form later: no fault of the sync', async () => {
    const { world } = await opened({}, false);
    const later = (field: string, as: 'e164' | 'trimmed') =>
      world.map.automate({
        id: field,
        name: `Format ${field}`,
        object: 'contacts',
        enabled: true,
        repeats: true,
        when: { on: 'change', field },
        does: [
          { do: 'wait', ms: 200 },
          { do: 'rewrite', field, as },
        ],
      });
    later('phone', 'e164');
    later('jobtitle', 'trimmed');
    await expectClean();
    expect(world.map.effects().filter(({ kind }) => kind === 'write').length).toBeGreaterThan(0);
  });

  it.each([
    ['429 without Retry-After, and too many long requests', undefined],
    ['429 with Retry-After', 1],
  ] as const)('%s are waited out', async (_, retryAfterSeconds) => {
    const { world } = await opened({}, false);
    const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    world.map.faults.add({ kind: 'rate-limit', policy: 'SECONDLY', times: 3, after: 1, ...wait });
    world.crm.faults.add({ kind: 'rate-limit', limit: 'ConcurrentPerOrgLongTxn', times: 2, after: 2, ...wait });
    await expectClean();
    expect(world.map.faults.list()[0]?.struck).toBe(3);
    expect(world.crm.faults.list()[0]?.struck).toBe(2);
  });

  it.each(['drop-answer', 'cut-body', 'nonsense'] as const)(
    'whose answers get lost after the write was done (%s): nothing is made twice',
    async (kind) => {
      const { world } = await opened({}, false);
      world.crm.faults.add({ kind, method: 'POST', path: '*/composite/sobjects', name: 'create' });
      world.crm.faults.add({ kind, method: 'PATCH', path: '*/composite/sobjects', name: 'update' });
      await expectClean();
      expect(world.crm.faults.list().map(({ struck }) => struck)).toEqual([1, 1]);
      expect(world.crm.counts().repeatedCreates).toEqual({});
    },
  );

  it('of a whole journey that refuse in passing, lose answers and shift lists: people arrive, and all is cleaned up', async () => {
    const journey = await openJourneyWorkspace();
    try {
      const { world, dir } = journey;
      const before = world.census();
      world.mail.faults.add({ kind: 'rate-limit', body: 'html', times: 2, after: 1 });
      world.mail.faults.add({ kind: 'drop-answer', method: 'POST', times: 1, after: 1 });
      world.mail.faults.add({ kind: 'shift', times: null });
      world.map.faults.add({ kind: 'rate-limit', times: 2, after: 3, retryAfterSeconds: 1 });
      world.crm.faults.add({ kind: 'drop-answer', method: 'POST', path: '*/composite/sobjects', times: 1 });
      const ran = await runHere(['test', 'run', 'b2b-webinar', '--no-input'], { cwd: dir });
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      const done = await runHere(['test', 'cleanup', '--no-input'], { cwd: dir });
      expect([0, 3], done.stdout + done.stderr).toContain(done.code);
      expect(world.census()).toEqual(before);
    } finally {
      await journey.close();
    }
  });
});
