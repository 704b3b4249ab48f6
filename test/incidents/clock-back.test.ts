import { describe, expect, it } from 'vitest';

import { acknowledge } from '../../src/incidents/index.js';
import type { Delivery } from '../../src/notify/index.js';
import { paged, THREE_POLICIES } from './pager.js';
import { HOUR, MINUTE } from './support.js';

const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };
const MAYA = { by: 'maya', source: 'cli' };

/** The next level is due half an hour after the first. */
describe('a clock that is put back', () => {
  for (const restarted of [false, true])
    it(`holds the next level back by no more than its own time, and is told${restarted ? ', also where it happened between two processes' : ''}`, async () => {
      const world = await paged();
      const { id } = await world.incidents.open(opening, 'root');
      await world.settle();
      await world.wait(10 * MINUTE);
      world.told();
      world.clock.forward(-5 * HOUR);
      const { incidents } = restarted ? world.open() : world;
      expect((await incidents.tick()).clockBackMs).toBe(5 * HOUR);
      await world.settle();
      expect((await incidents.read(id)).timeline.at(-1)?.text).toMatch(/^The clock of this machine went back: it was 2026-11-25T15:02/u);
      await world.wait(29 * MINUTE);
      expect(world.told()).toEqual([]);
      await world.wait(MINUTE);
      expect(world.told()).toEqual(['Lee Park alert']);
      // Once: what was bounded stays so.
      expect((await incidents.read(id)).timeline.filter(({ type }) => type === 'clock.set-back')).toHaveLength(1);
    });

  it('keeps no acknowledgement alive for longer than it may last', async () => {
    const { sev2 } = THREE_POLICIES.severities;
    if (!sev2) throw new Error('no sev2');
    const world = await paged({ ...THREE_POLICIES, severities: { ...THREE_POLICIES.severities, sev2: { ...sev2, ackExpiresMs: HOUR } } });
    const { id } = await world.incidents.open(opening, 'root');
    await acknowledge(world.incidents, id, MAYA);
    await world.settle();
    world.clock.forward(-24 * HOUR);
    await world.settle();
    await world.wait(HOUR);
    expect((await world.incidents.read(id)).status).toBe('open');
  });

  it('holds back no page that is to be tried again', async () => {
    const world = await paged();
    world.service.answer = ({ to }): Delivery =>
      to.channel === 'pager' ? { state: 'transient', why: 'too many', retryAfterMs: 20 * MINUTE } : { state: 'accepted', receipt: {} };
    await world.incidents.open(opening, 'root');
    await world.settle();
    world.told();
    world.clock.forward(-5 * HOUR);
    world.service.answer = (): Delivery => ({ state: 'accepted', receipt: {} });
    await world.settle();
    expect(world.told()).toEqual(['pager alert']);
  });

  it('by a few seconds is not told: clocks are put right all the time', async () => {
    const world = await paged();
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    world.clock.forward(-5000);
    await world.settle();
    expect((await world.incidents.read(id)).timeline.some(({ type }) => type === 'clock.set-back')).toBe(false);
  });
});
