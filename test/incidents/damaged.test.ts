import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { acknowledge, merge } from '../../src/incidents/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { openOutbox } from '../../src/notify/index.js';
import { aPage, fakeChannel, fakeClock } from '../notify/support.js';
import { temporaryStore } from '../support/store.js';
import { paged } from './pager.js';
import { room } from './support.js';

const MAYA = { by: 'maya', source: 'cli' };
const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };
const first = ['Maya Ortiz alert', 'ops alert', 'pager alert'];
type World = Awaited<ReturnType<typeof paged>>;

/** As after a disk that lost bytes: every document of a kind whose name begins so. */
async function spoil({ store }: Pick<World, 'store'>, kind: string, begins = ''): Promise<number> {
  const folder = join(store.location, 'documents', kind);
  const names = (await readdir(folder)).filter((name) => name.startsWith(begins) && name.endsWith('.json'));
  for (const name of names) await writeFile(join(folder, name), '{"version":1,"sha2');
  return names.length;
}

describe('what cannot be read', () => {
  it('of one page stops nobody else, and the page goes again, as one that may have gone', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    const other = await world.incidents.open({ ...opening, title: 'Another' }, 'root');
    expect(await spoil(world, 'pages', `${id}.1.0.1`)).toBe(1);
    await world.settle();
    await world.wait(60_000);
    expect(world.told()).toEqual([...first, ...first].sort());
    expect(world.attempts.get(`${id}.1.0.1.0`)).toBe(2);
    for (const one of [id, other.id]) expect((await world.incidents.read(one)).pages.every(({ state }) => state === 'accepted')).toBe(true);
  });

  it('of where messages to an address stand holds up none of them, nor does a bundle that is lost', async () => {
    const clock = fakeClock();
    const { store } = await temporaryStore(clock);
    const chat = fakeChannel('chat', 'slack');
    const outbox = openOutbox({ store, clock, by: 'test', caps: { burst: 1, everyMs: 60_000 }, channel: () => Promise.resolve(chat) });
    const turn = async (): Promise<void> => {
      await outbox.tick();
      await outbox.idle();
    };
    await outbox.put(aPage('a'));
    await turn();
    expect(await spoil({ store }, 'page-targets')).toBe(1);
    await outbox.put(aPage('b'));
    await turn();
    expect(chat.sent.map(({ page }) => page.key)).toEqual(['a', 'b']);
    chat.answer = () => ({ state: 'transient', why: 'busy' });
    for (const key of ['c', 'd']) await outbox.put(aPage(key));
    await clock.advance(60_000);
    await turn();
    expect(await spoil({ store }, 'pages', 'bundle-')).toBe(1);
    chat.answer = () => ({ state: 'accepted', receipt: {} });
    for (let n = 0; n < 20; n += 1) {
      await clock.advance(10_000);
      await turn();
    }
    for (const key of ['c', 'd']) expect(await outbox.read(key)).toMatchObject({ state: 'accepted' });
    await outbox.close();
  });

  it('of the index or of a policy leaves every incident listed, and its pages going', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    world.told();
    expect(await spoil(world, 'open-incidents')).toBe(1);
    expect(await spoil(world, 'policies')).toBe(1);
    const { incidents } = world.open();
    expect(await incidents.listOpen()).toMatchObject([{ id, title: 'Wrong first names', severity: 'sev2' }]);
    world.clock.forward(30 * 60_000);
    await incidents.tick();
    await world.outbox.tick();
    await world.outbox.idle();
    expect(world.told()).toContain('Lee Park alert');
  });

  it('of a dead letter hides no other', async () => {
    const world = await paged();
    world.service.answer = () => ({ state: 'permanent', why: 'no such channel' });
    await world.incidents.open(opening, 'root');
    await world.settle();
    const before = (await world.outbox.deadLetters()).map(({ page }) => page.key);
    expect(await spoil(world, 'dead-pages', before[0])).toBe(1);
    expect((await world.outbox.deadLetters()).map(({ page }) => page.key).sort()).toEqual([...before].sort());
  });
});

it('an incident that another process is at holds up no other: nobody waits for it, and it is looked at once it is free', async () => {
  const world = await paged();
  const { incidents, store, clock } = world;
  const held = await incidents.open(opening, 'root');
  const other = await incidents.open({ ...opening, title: 'Another' }, 'root');
  await world.settle();
  world.told();
  const writer = await store.journal('incidents', held.id).open({ by: 'lee', holder: held.id, purpose: 'an incident' });
  clock.forward(30 * 60_000);
  // On this clock no waiting ever ends: who waited for the journal would wait for ever.
  const tick = await incidents.tick();
  expect(tick.busy.map(({ id, error }) => [id, (error as RunbackError).code])).toEqual([[held.id, 'locked']]);
  await world.outbox.tick();
  await world.outbox.idle();
  expect(world.told()).toEqual(['Lee Park alert']);
  expect((await incidents.read(other.id)).ladder.fired).toHaveLength(2);
  await writer.close();
  clock.forward(1000);
  await world.settle();
  expect(world.told()).toEqual(['Lee Park alert']);
});

describe('an error after a change says that the change was made', () => {
  const full = () => Promise.reject(new RunbackError('disk-full', 'No room is left', { state: 'Nothing was changed.' }));

  it('of an acknowledgement and of an opening', async () => {
    const { incidents, outbox } = await room();
    const { id } = await incidents.open(opening, 'root');
    outbox.put = full;
    await expect(acknowledge(incidents, id, MAYA)).rejects.toMatchObject({
      code: 'disk-full',
      state: `It is on record in ${id}. It is not known whom to page because of it.`,
    });
    expect((await incidents.read(id)).status).toBe('acknowledged');
    await expect(incidents.open(opening, 'root')).rejects.toMatchObject({ state: expect.stringMatching(/^The incident is open as inc-/u) as string });
    expect(await incidents.list()).toHaveLength(2);
  });

  it('of a merge, by which of the two has it', async () => {
    const { incidents, outbox } = await room();
    const [one, two] = [await incidents.open(opening, 'root'), await incidents.open(opening, 'root')];
    const put = outbox.put.bind(outbox);
    outbox.put = (page) => (page.kind === 'resolved' ? full() : put(page));
    await expect(merge(incidents, one.id, two.id, MAYA)).rejects.toMatchObject({
      state: expect.stringContaining(`${two.id} contains its history`) as string,
    });
    expect((await incidents.read(two.id)).absorbed).toEqual([one.id]);
  });
});
