import { describe, expect, it } from 'vitest';

import { acknowledge, escalate, type Incidents, merge, mitigate, note, release, reopen, resolve, snooze, triage } from '../../src/incidents/index.js';
import type { Delivery, Page } from '../../src/notify/index.js';
import { paged } from './pager.js';
import { HOUR, MINUTE } from './support.js';

const MAYA = { by: 'maya', source: 'cli' };
const LEE = { by: 'lee', source: 'cli' };
const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };
type World = Awaited<ReturnType<typeof paged>>;
type Do = (incidents: Incidents, id: string, world: World) => Promise<unknown>;

const down: Delivery = { state: 'transient', why: 'the service is down' };

/** What makes an alert quiet, and what opens it again. */
const PAIRS: Readonly<Record<string, readonly [quiet: Do, again: Do]>> = {
  'acknowledged, then given back': [(incidents, id) => acknowledge(incidents, id, MAYA), (incidents, id) => release(incidents, id, MAYA)],
  'acknowledged, then worse': [
    (incidents, id) => acknowledge(incidents, id, MAYA),
    (incidents, id) => triage(incidents, id, { severity: 'sev1' }, MAYA),
  ],
  'mitigated, then given back': [(incidents, id) => mitigate(incidents, id, 'off', MAYA), (incidents, id) => release(incidents, id, MAYA)],
  'snoozed, then given back': [
    (incidents, id, { clock }) => snooze(incidents, id, new Date(clock.now().getTime() + HOUR), MAYA),
    (incidents, id) => release(incidents, id, MAYA),
  ],
  'resolved, then reopened': [(incidents, id) => resolve(incidents, id, 'done', MAYA), (incidents, id) => reopen(incidents, id, 'it is back', MAYA)],
  'acknowledged and resolved, then reopened': [
    async (incidents, id, { settle }) => {
      await acknowledge(incidents, id, MAYA);
      await settle();
      await resolve(incidents, id, 'done', MAYA);
    },
    (incidents, id) => reopen(incidents, id, 'it is back', MAYA),
  ],
  'merged, then reopened': [
    async (incidents, id, { clock, settle, service }) => {
      const { answer } = service;
      service.answer = (): Delivery => ({ state: 'accepted', receipt: {} });
      const other = await incidents.open({ ...opening, title: 'The same' }, 'root');
      await snooze(incidents, other.id, new Date(clock.now().getTime() + 9 * HOUR), MAYA);
      await settle();
      service.answer = answer;
      await merge(incidents, id, other.id, MAYA);
    },
    (incidents, id) => reopen(incidents, id, 'it is another thing', MAYA),
  ],
};

describe('a message that a later state has overtaken', () => {
  for (const [name, [quiet, again]] of Object.entries(PAIRS))
    it(`does not silence an alert that is open again: ${name}`, async () => {
      const world = await paged();
      const { incidents, pager, service } = world;
      const { id } = await incidents.open(opening, 'root');
      await world.settle();
      expect(pager.of(id)).toBe('rings');
      service.answer = (page): Delivery => (page.to.channel === 'pager' && page.kind !== 'alert' ? down : { state: 'accepted', receipt: {} });
      await quiet(incidents, id, world);
      await world.settle();
      await again(incidents, id, world);
      await world.settle();
      world.told();
      service.answer = (): Delivery => ({ state: 'accepted', receipt: {} });
      await world.wait(20 * MINUTE);
      expect(world.told().filter((line) => line.startsWith('pager'))).toEqual([]);
      expect(pager.of(id)).toBe('rings');
      // What was in doubt is closed first, so that it rings.
      expect(pager.rang).toBe(2);
    });

  it('nor does it, where a process is still sending it when another one opens the incident again', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    const order: string[] = [];
    let letGo = (): void => {};
    const held = new Promise<void>((resolve_) => (letGo = resolve_));
    let begun = false;
    world.service.answer = async (page: Page): Promise<Delivery> => {
      if (page.to.channel !== 'pager') return { state: 'accepted', receipt: {} };
      if (page.kind === 'resolved') {
        begun = true;
        await held;
      }
      order.push(page.kind);
      return { state: 'accepted', receipt: {} };
    };
    await resolve(world.incidents, id, 'done', MAYA);
    await world.outbox.tick();
    await expect.poll(() => begun).toBe(true);
    const other = world.open();
    await reopen(other.incidents, id, 'it is back', LEE);
    await other.outbox.tick();
    await other.outbox.idle();
    expect(order).toEqual([]);
    letGo();
    await world.outbox.idle();
    world.clock.forward(MINUTE);
    await other.incidents.tick();
    await other.outbox.tick();
    await other.outbox.idle();
    expect(order).toEqual(['resolved', 'alert']);
    expect(world.pager.of(id)).toBe('rings');
  });

  it('of one who had it before is not sent for another who has it now, nor a reminder of an update that was written', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    const texts: string[] = [];
    let up = false;
    world.service.answer = (page): Delivery => {
      if (!up) return down;
      texts.push(page.text);
      return { state: 'accepted', receipt: {} };
    };
    await acknowledge(world.incidents, id, MAYA);
    await world.settle();
    await acknowledge(world.incidents, id, LEE);
    await world.settle();
    up = true;
    await world.wait(10 * MINUTE);
    expect(texts).toHaveLength(2);
    expect(texts.every((text) => text.startsWith('lee acknowledged it'))).toBe(true);
    await note(world.incidents, id, 'syncs are off', true, LEE);
    await world.wait(10 * MINUTE);
    expect(texts).toHaveLength(2);
  });

  it('of an earlier round wakes nobody whose turn has not come', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    world.service.answer = ({ to }): Delivery => (to.person === 'lee' ? down : { state: 'accepted', receipt: {} });
    await escalate(world.incidents, id, undefined, MAYA);
    await world.settle();
    await acknowledge(world.incidents, id, MAYA);
    await release(world.incidents, id, MAYA);
    await world.settle();
    world.told();
    world.service.answer = (): Delivery => ({ state: 'accepted', receipt: {} });
    await world.wait(20 * MINUTE);
    expect(world.told()).toEqual(['Maya Ortiz alert']);
    expect(
      (await world.incidents.read(id)).pages.filter(({ state, kind }) => state === 'withdrawn' && kind === 'alert').map(({ to }) => to.person),
    ).toEqual(['lee']);
  });

  it('is not sent on a guess: where the incident cannot be read, what silences waits, and what wakes goes', async () => {
    const { openOutbox } = await import('../../src/notify/index.js');
    const { aPage, fakeChannel, fakeClock } = await import('../notify/support.js');
    const { temporaryStore } = await import('../support/store.js');
    const clock = fakeClock();
    const { store } = await temporaryStore(clock);
    const pager = fakeChannel('pager', 'pagerduty');
    let readable = false;
    const outbox = openOutbox({
      store,
      clock,
      by: 'test',
      caps: { burst: 0, everyMs: 0 },
      channel: () => Promise.resolve(pager),
      wanted: () => (readable ? Promise.resolve(true) : Promise.reject(new Error('its journal is damaged'))),
    });
    for (const kind of ['alert', 'acknowledged', 'resolved'] as const) await outbox.put(aPage(kind, { kind, to: { channel: 'pager' } }));
    const turn = async (): Promise<void> => {
      await outbox.tick();
      await outbox.idle();
    };
    await turn();
    expect(pager.sent.map(({ page }) => page.kind)).toEqual(['alert']);
    readable = true;
    await clock.advance(5000);
    await turn();
    // Both waited for tries of their own, whose times are spread by chance: which is the first does not matter here.
    expect(pager.sent.map(({ page }) => page.kind).sort()).toEqual(['acknowledged', 'alert', 'resolved']);
    await outbox.close();
  });
});
