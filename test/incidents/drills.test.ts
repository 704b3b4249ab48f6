import { describe, expect, it } from 'vitest';

import type { Escalation } from '../../src/escalation/index.js';
import { acknowledge, drillLock, engageVendor, type Incident, type Incidents, link, merge, resolve } from '../../src/incidents/index.js';
import { DRILL_MARK, DRILL_TEXT } from '../../src/lib/index.js';
import { bundleOf } from '../../src/notify/outbox/bundle.js';
import { targetOf } from '../../src/notify/outbox/targets.js';
import { ESCALATION, MINUTE, room } from './support.js';

const me = { by: 'maya', source: 'test' };
const { channels } = ESCALATION;

/** The same rules, with these channels for drills. */
const withDrills = (...names: readonly string[]): Escalation => ({
  ...ESCALATION,
  channels: Object.fromEntries(
    Object.entries(channels).map(([name, channel]) => [name, names.includes(name) ? { ...channel, drills: true as const } : channel]),
  ),
});

const OPENING = { title: 'Wrong first names', severity: 'sev1', platforms: [], source: 'test' } as const;

/** A process that is at a drill until it is told to be gone. */
async function runningDrill({ incidents }: { readonly incidents: Incidents }): Promise<{ readonly gone: () => Promise<void> }> {
  const lock = await incidents.options.store.lock(drillLock('drill-1'), { by: 'maya', holder: 'drill-1', purpose: 'a drill' });
  return { gone: async () => await lock.release() };
}

const opened = async (incidents: Incidents): Promise<Incident> => await incidents.open({ ...OPENING, drill: 'drill-1' }, 'maya');

describe('an incident of a drill', () => {
  it('says so in every page: alerts, reminders, the word that nobody is paged, the last one', async () => {
    const here = await room(withDrills('mail', 'ops'));
    await runningDrill(here);
    const { id } = await opened(here.incidents);
    await here.wait(6 * MINUTE);
    await acknowledge(here.incidents, id, me);
    await here.wait(31 * MINUTE);
    await resolve(here.incidents, id, 'over', me);
    expect(new Set(here.outbox.seen.map(({ kind }) => kind))).toEqual(new Set(['alert', 'acknowledged', 'update-due', 'resolved']));
    for (const page of here.outbox.seen) {
      expect(page).toMatchObject({ drill: true, incident: { title: `${DRILL_MARK}Wrong first names` } });
      expect(page.subject.startsWith(DRILL_MARK), page.subject).toBe(true);
      expect(page.text.startsWith(DRILL_TEXT), page.text).toBe(true);
    }
  });

  it('goes over channels for drills only, and a contact over any other is not reachable, so that the ladder goes on', async () => {
    const here = await room(withDrills('ops'));
    await runningDrill(here);
    const { id } = await opened(here.incidents);
    await here.wait(10 * MINUTE);
    expect(here.told()).toEqual(['channel ops alert', 'channel ops alert']);
    const { timeline } = await here.incidents.read(id);
    expect(timeline.map(({ text }) => text).join('\n')).toContain('person:maya: mail is not a channel for drills');
    // A real one uses all of them.
    await here.incidents.open(OPENING, 'maya');
    expect(here.told()).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
  });

  it('pages nobody where no channel is for drills', async () => {
    const here = await room();
    await runningDrill(here);
    await opened(here.incidents);
    await here.wait(60 * MINUTE);
    expect(here.told()).toEqual([]);
  });

  it('is over as soon as the process of its drill is gone, and nobody is paged on', async () => {
    const here = await room(withDrills('mail', 'ops'));
    const { gone } = await runningDrill(here);
    const { id } = await opened(here.incidents);
    await here.wait(MINUTE);
    expect((await here.incidents.read(id)).status).toBe('open');
    const [page] = here.outbox.seen;
    await gone();
    // Not even what waits in the outbox is sent.
    expect(page && (await here.incidents.wanted(page))).toBe(false);
    here.told();
    await here.wait(MINUTE);
    expect(await here.incidents.read(id)).toMatchObject({ status: 'resolved' });
    await here.wait(60 * MINUTE);
    expect(here.told()).toEqual(['channel ops resolved']);
  });

  it('is looked at every few seconds, so that this is noticed soon', async () => {
    const here = await room(withDrills('ops'));
    const { gone } = await runningDrill(here);
    const { id } = await opened(here.incidents);
    await acknowledge(here.incidents, id, me);
    await gone();
    here.clock.forward(11_000);
    await here.incidents.tick();
    expect((await here.incidents.read(id)).status).toBe('resolved');
  });

  it('is never merged with a real one, either way, and has no vendors and no runs', async () => {
    const here = await room(withDrills('mail', 'ops'));
    await runningDrill(here);
    const drill = (await opened(here.incidents)).id;
    const real = (await here.incidents.open(OPENING, 'maya')).id;
    for (const [from, into] of [
      [drill, real],
      [real, drill],
    ] as const)
      await expect(merge(here.incidents, from, into, me)).rejects.toMatchObject({ code: 'usage', why: `${drill} is a drill.` });
    await expect(engageVendor(here.incidents, drill, 'hubspot', { number: '1' }, me)).rejects.toMatchObject({ code: 'usage' });
    await expect(link(here.incidents, drill, 'run', 'run-1', me)).rejects.toMatchObject({ code: 'usage' });
    await here.wait(6 * MINUTE);
    const lines: unknown[] = [];
    for await (const { type, data } of here.incidents.options.store.journal('incidents', drill).read())
      if (type === 'rung.fired') lines.push(data['vendors']);
    expect(lines).toEqual([[], []]);
  });

  it('has room of its own at each address, and stands in no message with what is real', async () => {
    const here = await room(withDrills('mail', 'ops'));
    await runningDrill(here);
    await opened(here.incidents);
    await opened(here.incidents);
    await here.incidents.open(OPENING, 'maya');
    const mails = here.outbox.seen.filter(({ to }) => to.medium === 'email');
    const [first, second, real] = mails;
    if (!first || !second || !real) throw new Error('three mails');
    expect(targetOf(first)).toBe(targetOf(second));
    expect(targetOf(first)).not.toBe(targetOf(real));
    const bundle = bundleOf([first, second], here.clock.now());
    expect(bundle.subject).toMatch(/^DRILL: 2 incidents, worst sev1: DRILL: Wrong first names/u);
    expect(bundle.text.split('\n')[0]).toBe(DRILL_TEXT);
    expect(targetOf(bundle)).toBe(targetOf(first));
  });
});
