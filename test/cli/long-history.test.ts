import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Incidents, reopen, resolve } from '../../src/incidents/index.js';
import { newId, Redactor, systemClock } from '../../src/lib/index.js';
import { openRestores } from '../../src/restores/index.js';
import { openRuns } from '../../src/runbooks/index.js';
import { type Journal, openFileStore, type Store } from '../../src/store/index.js';
import { temporaryFolder } from '../support/store.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';

/** A workspace without a platform, and its store. */
async function workspace(): Promise<{ readonly dir: string; readonly store: Store }> {
  const dir = await temporaryFolder();
  await mkdir(join(dir, '.runback'));
  await writeFile(join(dir, 'runback.yml'), 'version: 1\nplatforms: {}\n');
  return { dir, store: openFileStore({ dir: join(dir, '.runback'), clock: systemClock, redactor: new Redactor(), settledAfterMs: 0 }) };
}

async function run(store: Store, n: number, closed: boolean): Promise<string> {
  const id = `run-20260101-0000${String(n).padStart(2, '0')}-aaaa`;
  const writer = await store.journal('runs', id).open({ by: 'maya', holder: id, purpose: 'a test' });
  const runbook = { id: 'small', title: `Run ${n}`, digest: '0', text: '', file: 'small.yml' };
  await writer.append({ by: 'maya', type: 'run.created', data: { runbook, steps: [], inputs: {}, limits: {} } });
  if (closed) await writer.append({ by: 'maya', type: 'run.closed', data: { state: 'succeeded' } });
  await writer.close();
  return id;
}

const bound = (target: object, name: string | symbol): unknown => {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
};

/** A store that notes whose journals are read. */
function noting(store: Store, read: string[]): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'journal') return (kind: string, id: string) => (read.push(id), target.journal(kind, id));
      return bound(target, name);
    },
  });
}

// A user would lose: seconds of every look at what is open, more of them with every run that there ever was.
test('who asks what is open reads what is open, and nothing that is over', async () => {
  const { store } = await workspace();
  for (let n = 0; n < 8; n += 1) await run(store, n, true);
  const open = await run(store, 20, false);
  const desk = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
  const opening = { title: 'Wrong names', severity: 'sev1', platforms: [], source: 'test' };
  const incidents = await Promise.all([1, 2, 3].map(async () => (await desk.open(opening, 'maya')).id));
  for (const id of incidents.slice(1)) await resolve(desk, id, 'done', { by: 'maya', source: 'test' });
  const read: string[] = [];
  const watched = noting(store, read);
  const asking = new Incidents({ store: watched, clock: systemClock, escalation: undefined, outbox: undefined });
  for (;;) {
    read.length = 0;
    expect((await openRuns(watched)).runs.map(({ id }) => id)).toEqual([open]);
    expect((await openRestores(watched)).open).toEqual([]);
    expect((await asking.listOpen()).map(({ id }) => id)).toEqual([incidents[0]]);
    if (read.every((id) => id === open)) return;
    await pause(20);
  }
});

test('an incident is open by what its journal says, also where nothing else says so', async () => {
  const { dir, store } = await workspace();
  const desk = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
  const { id } = await desk.open({ title: 'Wrong names', severity: 'sev1', platforms: [], source: 'test' }, 'maya');
  await store.document('open-incidents', id).delete();
  expect(await desk.listOpen()).toMatchObject([{ id, title: 'Wrong names' }]);
  expect((await runHere(['status', '--no-input'], { cwd: dir })).stdout).toContain('Wrong names');
});

// A user would lose: an incident that is open again and that nobody is told of.
test('what is open beside the list of open incidents is found, whoever brought it', async () => {
  const { dir, store } = await workspace();
  const open = (): Incidents => new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
  const opening = { title: 'Wrong names', severity: 'sev1', platforms: [], source: 'test' };
  const [a, b] = await Promise.all([1, 2].map(async () => (await open().open(opening, 'maya')).id));
  const folder = (id = ''): string => join(dir, '.runback', 'incidents', id);
  await cp(folder(b), join(dir, 'copy'), { recursive: true, preserveTimestamps: true });
  for (const id of [a, b]) await resolve(open(), id ?? '', 'done', { by: 'maya', source: 'test' });
  const listed = async (everyJournal = false): Promise<string[]> => (await open().listOpen({ everyJournal })).map(({ id }) => id);
  const quiet = async (): Promise<void> => {
    const index = join(dir, '.runback', 'settled', 'journals-incidents');
    // Not there as long as the newest journal may still be young, which the clock of the machine may say again.
    const head = async (): Promise<string> => (await readFile(index, 'utf8').catch(() => '')).split('\n')[0] ?? '';
    while (!(await listed().then(head)).includes(', whole ')) await pause(10);
    expect(await listed()).toEqual([]);
  };

  // In its place, by a hand that leaves the folder as it was.
  await quiet();
  await writeFile(join(folder(b), 'journal.ndjson'), await readFile(join(dir, 'copy', 'journal.ndjson')));
  expect(await listed(true)).toEqual([b]);
  expect(await listed()).toEqual([b]);
  await resolve(open(), b ?? '', 'done again', { by: 'maya', source: 'test' });

  // With its folder.
  await quiet();
  await rm(folder(b), { recursive: true });
  await cp(join(dir, 'copy'), folder(b), { recursive: true, preserveTimestamps: true });
  expect(await listed()).toEqual([b]);
  await resolve(open(), b ?? '', 'done once more', { by: 'maya', source: 'test' });

  // Opened again, and then its name is lost.
  await quiet();
  await reopen(open(), a ?? '', 'it is back', { by: 'maya', source: 'test' });
  expect(await listed()).toEqual([a]);
  await store.document('open-incidents', a ?? '').delete();
  expect(await listed()).toEqual([a]);
});

test('an incident is named before it is open again, so that whoever is killed in between hides nothing', async () => {
  const { store } = await workspace();
  const desk = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
  const { id } = await desk.open({ title: 'Wrong names', severity: 'sev1', platforms: [], source: 'test' }, 'maya');
  await resolve(desk, id, 'done', { by: 'maya', source: 'test' });
  const named: string[][] = [];
  const watched = new Proxy(store, {
    get: (target, name) => {
      if (name !== 'journal') return bound(target, name);
      return (kind: string, journal: string) => {
        const of = target.journal(kind, journal);
        return new Proxy(of, {
          get: (inner, method) => {
            if (method !== 'open') return bound(inner, method);
            return async (...how: Parameters<Journal['open']>) => {
              const writer = await inner.open(...how);
              const append: typeof writer.append = async (...entry) => {
                named.push(await target.list('open-incidents'));
                return await writer.append(...entry);
              };
              return new Proxy(writer, { get: (last, member) => (member === 'append' ? append : bound(last, member)) });
            };
          },
        });
      };
    },
  });
  const again = new Incidents({ store: watched, clock: systemClock, escalation: undefined, outbox: undefined });
  await reopen(again, id, 'it is back', { by: 'maya', source: 'test' });
  expect(named[0]).toEqual([id]);
});

test('long lists are pages of fifty for people, the newest first, with how many there are beside; programs get all', async () => {
  const { dir, store } = await workspace();
  for (let n = 0; n < 53; n += 1) await run(store, n, true);
  const page = (await runHere(['runbook', 'runs', '--no-input'], { cwd: dir })).stdout;
  expect(page).toMatch(/^Run 52\n/u);
  expect(page).not.toContain('Run 2\n');
  expect(page.match(/^Run \d+$/gmu)).toHaveLength(50);
  expect(page.trimEnd().split('\n').at(-1)).toBe('... and 3 more: runback runbook runs --all');
  const all = (await runHere(['runbook', 'runs', '--all', '--no-input'], { cwd: dir })).stdout;
  expect(all.match(/^Run \d+$/gmu)).toHaveLength(53);
  expect(all).not.toContain('more:');
  const last = jsonLines((await runHere(['runbook', 'runs', '--json', '--no-input'], { cwd: dir })).stdout).at(-1) as { data: { runs: unknown[] } };
  expect(last.data.runs).toHaveLength(53);

  // Written as the desk does: opening so many takes long.
  for (let n = 0; n < 52; n += 1) {
    const id = newId('inc', systemClock);
    await store.document('open-incidents', id).update(() => ({ id, title: `Trouble ${n}`, severity: 'sev2', openedAt: new Date(n).toISOString() }));
    const writer = await store.journal('incidents', id).open({ by: 'maya', holder: id, purpose: 'a test' });
    const data = { title: `Trouble ${n}`, severity: 'sev2', platforms: [], source: 'test' };
    await writer.append({ by: 'maya', type: 'incident.opened', data });
    await writer.close();
  }
  const incidents = (await runHere(['incident', 'list', '--no-input'], { cwd: dir })).stdout;
  expect(incidents).toContain('Trouble 51');
  expect(incidents.trimEnd().split('\n').at(-1)).toBe('... and 2 more: runback incident list --all');
});
