import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { moveState, openPlace, openStore, type Store } from '../../src/store/index.js';
import type { MovablePlace } from '../../src/store/move/movable.js';
import { all, lee, maya } from '../contracts/store/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';
import { freshUrl, move } from './postgres-support.js';

/** A user would lose: an incident, to a move that was ended in the middle, or two people working on two truths. */

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
  database = await server.createDatabase();
});
afterAll(() => server.stop());

async function open(place: string): Promise<Store> {
  const store = await openStore(place, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  return store;
}

/** A state with something of everything. */
async function fill(store: Store): Promise<void> {
  for (const id of ['a', 'b-1', 'B'])
    await store.document('notes', id).update(() => ({ id, text: 'größe 漢字 \u0000 \ud83d', list: [1, 1e-7, null] }));
  await store.document('sync-pauses', 'p').update(() => ({ state: 'running' }));
  for (const [kind, id, lines] of [
    ['runs', 'run-1', 3],
    ['runs', 'run-2', 1],
    ['incidents', 'inc-1', 700],
    ['restores', 'restore-1', 0],
  ] as const) {
    const writer = await store.journal(kind, id).open(maya);
    for (let n = 0; n < lines; n += 1) await writer.append({ by: 'maya', type: 'note', data: { n, text: 'übel\n€' } });
    await writer.close();
  }
  await store.ledger('plans', 'plan-1').write(['{"n":1}', '', `{"long":"${'x'.repeat(700_000)}ü"}`]);
  await store.ledger('plans', 'plan-0').write([]);
  await store.agenda('pages').add(new Date('2026-11-25T10:00:00.001Z'), 'p1');
  await store.agenda('incidents').add(new Date('2026-11-25T10:00:00Z'), 'inc-1');
  await store.agenda('incidents').add(new Date('2026-11-26T10:00:00Z'), 'inc-1');
}

/** Every file of a folder that is state, byte for byte; what every machine has for itself left out. */
async function filesIn(dir: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of (await readdir(dir, { recursive: true })).sort()) {
    const path = join(dir, name);
    if (/^(?:locks|settled|moved\.json)/u.test(name) || !(await stat(path)).isFile()) continue;
    files.set(name, (await readFile(path)).toString('latin1'));
  }
  return files;
}

async function folder(): Promise<string> {
  return join(await temporaryFolder(), '.runback');
}

test('identical entries have identical hashes in both kinds of store', async () => {
  const clock = { ...systemClock, now: () => new Date('2026-11-25T10:00:00Z') };
  const hashes: string[][] = [];
  for (const place of [await folder(), freshUrl(server, database)]) {
    const store = await openStore(place, { clock, redactor: new Redactor() });
    const writer = await store.journal('runs', 'run-1').open(maya);
    const some: string[] = [];
    for (let n = 0; n < 20; n += 1)
      some.push(
        (await writer.append({ by: 'maya', type: 'step.intent', step: `s${String(n)}`, attempt: 1, data: { n, text: '€\ud83d\u0000' } })).hash,
      );
    await writer.close();
    hashes.push(some);
    await store.close();
  }
  expect(hashes[0]).toEqual(hashes[1]);
});

test('a state moves to a database and back byte for byte, and the place that was left answers store-moved', async () => {
  const [dir, url, other] = [await folder(), freshUrl(server, database), freshUrl(server, database)];
  await fill(await open(dir));
  const before = await filesIn(dir);
  const there = await move(dir, url);
  expect(there).toMatchObject({ from: dir, parts: { document: 4, journal: 4, ledger: 2, agenda: 2 } });
  const left = await open(dir);
  for (const attempt of [
    left.document('notes', 'a').read(),
    left.document('notes', 'a').update(() => ({})),
    left.journal('runs', 'run-1').open(lee),
    all(left.journal('runs', 'run-1').read()),
    left.ledger('plans', 'plan-2').write([]),
    left.agenda('pages').add(new Date(0), 'x'),
    left.agenda('pages').due(new Date()),
    left.lock('platform-crm', lee),
    left.list('notes'),
  ])
    await expect(attempt).rejects.toMatchObject({ code: 'store-moved', exitCode: 6 });
  expect(await filesIn(dir), 'its copy stays').toEqual(before);
  const shared = await open(url);
  expect(await shared.document('notes', 'a').read()).toMatchObject({ id: 'a' });
  expect(await all(shared.journal('incidents', 'inc-1').read({ whole: true }))).toHaveLength(700);
  expect(await shared.agenda('incidents').next()).toEqual(new Date('2026-11-25T10:00:00Z'));

  // On to another schema, and back to the folder that was left first.
  expect(await move(url, other)).toMatchObject({ digest: there.digest, bytes: there.bytes });
  await expect((await open(url)).list('notes')).rejects.toMatchObject({ code: 'store-moved' });
  await expect(
    shared.document('notes', 'a').update(() => ({})),
    'also one that was open before',
  ).rejects.toMatchObject({ code: 'store-moved' });
  await expect(shared.lock('platform-crm', lee)).rejects.toMatchObject({ code: 'store-moved' });
  expect(await move(other, dir)).toMatchObject({ digest: there.digest });
  expect(await filesIn(dir)).toEqual(before);
  const back = await open(dir);
  const writer = await back.journal('runs', 'run-1').open(lee, { whole: true });
  await writer.append({ by: 'lee', type: 'note' });
  await writer.close();
  // What was changed since goes there again, over what was left there.
  await back.document('notes', 'b-1').delete();
  await move(dir, url);
  expect(await (await open(url)).list('notes')).toEqual(['B', 'a']);
});

describe('a move is refused, and nothing is changed', () => {
  test('while someone works on the state, or left a lock', async () => {
    const dir = await folder();
    const store = await open(dir);
    await fill(store);
    const url = freshUrl(server, database);
    const writer = await store.journal('runs', 'run-1').open(maya);
    await expect(move(dir, url)).rejects.toMatchObject({ code: 'locked', why: expect.stringContaining('run-1 (run-20261122-1)') as string });
    await writer.close();
    const lock = await store.lock('platform-crm', maya);
    await expect(move(dir, url)).rejects.toMatchObject({ code: 'locked', why: expect.stringContaining('platform-crm') as string });
    await lock.release();
    await store.document('notes', 'a').read();
    await move(dir, url);
    const shared = await open(url);
    const held = await shared.lock('platform-crm', maya);
    await expect(move(url, dir)).rejects.toMatchObject({ code: 'locked' });
    await held.release();
    await shared.document('notes', 'a').update(() => ({ still: 'here' }));
  });

  test('where another state is, and where none is', async () => {
    const [dir, url] = [await folder(), freshUrl(server, database)];
    await expect(move(dir, url)).rejects.toMatchObject({ code: 'not-found' });
    await fill(await open(dir));
    await (await open(url)).document('notes', 'x').update(() => ({}));
    await expect(move(dir, url)).rejects.toMatchObject({ code: 'usage' });
    await expect((await open(dir)).list('notes')).resolves.toHaveLength(3);
    await expect((await open(url)).list('notes')).resolves.toEqual(['x']);
  });

  test('with a journal that is damaged', async () => {
    const [dir, url] = [await folder(), freshUrl(server, database)];
    await fill(await open(dir));
    const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
    const good = await readFile(path, 'utf8');
    await writeFile(path, good.replace('"by":"maya"', '"by":"mayo"'));
    await expect(move(dir, url)).rejects.toMatchObject({ code: 'journal-damaged', data: { line: 1 } });
    await writeFile(path, good);
    await move(dir, url);
  });
});

/** A place whose reads wait, from the moment that `stop` is called, until `wake` is. */
function stoppable(place: MovablePlace): { readonly place: MovablePlace; readonly stopped: Promise<void>; wake(): void } {
  let wake = (): void => {};
  let stop = (): void => {};
  const woken = new Promise<void>((resolve) => (wake = resolve));
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const slow: MovablePlace = {
    location: place.location,
    standing: async () => await place.standing(),
    mark: async (mark, seen) => await place.mark(mark, seen),
    held: async () => await place.held(),
    parts: () => place.parts(),
    read: async (part) => {
      const bytes = await place.read(part);
      if (part.id === 'b-1') {
        stop();
        await woken;
      }
      return bytes;
    },
    write: async (part, bytes, run) => await place.write(part, bytes, run),
    remove: async (part, run) => await place.remove(part, run),
    close: async () => await place.close(),
  };
  return { place: slow, stopped, wake };
}

describe.each(['to the database', 'back to the folder'] as const)('two runs of a move %s', (way) => {
  async function world(): Promise<{ readonly from: string; readonly to: string; readonly other: string }> {
    const [dir, url] = [await folder(), freshUrl(server, database)];
    const [from, to] = way === 'to the database' ? [dir, url] : [url, dir];
    await fill(await open(from));
    return { from, to, other: freshUrl(server, database) };
  }

  async function place(at: string): Promise<MovablePlace> {
    const opened = await openPlace(at, systemClock);
    onTestFinished(async () => await opened.close());
    return opened;
  }

  test('one that was stopped and wakes up when another one has ended it writes nothing over what people did since', async () => {
    const { from, to } = await world();
    const first = stoppable(await place(from));
    const running = moveState(first.place, await place(to));
    const ended = running.catch((error: unknown) => error);
    await first.stopped;
    await move(from, to);
    const store = await open(to);
    await store.document('notes', 'b-1').update(() => ({ since: 'then' }));
    await store.document('notes', 'new').update(() => ({}));
    first.wake();
    expect(await ended).toMatchObject({ code: 'store-moved' });
    expect(await store.document('notes', 'b-1').read()).toEqual({ since: 'then' });
    expect(await store.list('notes')).toEqual(['B', 'a', 'b-1', 'new']);
    await expect((await open(from)).list('notes')).rejects.toMatchObject({ code: 'store-moved' });
  });

  test('to two targets, only one of them gets it, and the other one is as it was', async () => {
    const { from, to, other } = await world();
    const both = [moveState(await place(from), await place(to)), moveState(await place(from), await place(other))];
    const ends = await Promise.allSettled(both);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'store-moved' })]);
    const lost = ends[0]?.status === 'rejected' ? to : other;
    expect(await (await place(lost)).standing()).toBe('empty');
    expect(await (await open(lost === to ? other : to)).list('notes')).toEqual(['B', 'a', 'b-1']);
  });
});

test('what a system puts into a folder is no state', async () => {
  const [dir, url] = [await folder(), freshUrl(server, database)];
  await (await open(url)).document('notes', 'a').update(() => ({}));
  await mkdir(dir);
  await writeFile(join(dir, '.DS_Store'), '');
  await move(url, dir);
  expect(await (await open(dir)).list('notes')).toEqual(['a']);
});

test('a torn last line is cut off and told before a journal moves', async () => {
  const [dir, url] = [await folder(), freshUrl(server, database)];
  await fill(await open(dir));
  const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 20));
  await move(dir, url);
  const entries = await all((await open(url)).journal('runs', 'run-1').read({ whole: true }));
  expect(entries.map(({ type }) => type)).toEqual(['note', 'note', 'journal.repaired']);
});
