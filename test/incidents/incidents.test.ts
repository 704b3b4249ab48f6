import { describe, expect, it } from 'vitest';

import { acknowledge, engageVendor, escalate, link, merge, mitigate, note, resolve, snooze, triage } from '../../src/incidents/index.js';
import { HOUR, MINUTE, room } from './support.js';

const MAYA = { by: 'maya', source: 'cli' };
const opening = { title: 'Wrong first names', severity: 'sev1', platforms: ['hubspot'], source: 'cli' };

describe('an incident that nobody answers', () => {
  it('goes from contact to contact and level to level, round after round, and is never over by itself', async () => {
    const { incidents, told, wait } = await room();
    const { id } = await incidents.open(opening, 'root');
    expect(told()).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
    await wait(2 * MINUTE);
    expect(told()).toEqual(['sms Maya Ortiz alert']);
    await wait(3 * MINUTE);
    expect(told()).toEqual(['email Lee Park alert']);
    await wait(10 * MINUTE);
    expect(told()).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
    await wait(15 * MINUTE);
    expect(told()).toEqual(['sms Maya Ortiz alert', 'email Lee Park alert', 'email Lee Park alert']);
    await wait(10 * MINUTE + 45 * MINUTE);
    expect(told()).toEqual(Array.from({ length: 3 }, () => 'email Lee Park alert'));
    const incident = await incidents.read(id);
    expect(incident.status).toBe('open');
    expect(incident.grants.map(({ person, role }) => `${person} ${role}`)).toEqual(['maya operator', 'lee lead']);
    expect(incident.timeline.at(-1)?.text).toContain('nobody has answered');
  });

  it('moves on at once where a contact fails for good, and to the next level where nobody is left', async () => {
    const { incidents, outbox, told, wait } = await room();
    const { pages } = await incidents.open(opening, 'root');
    told();
    outbox.settle(pages[0]?.key ?? '', 'failed');
    outbox.settle(pages[1]?.key ?? '', 'failed');
    await incidents.look(pages[0]?.key.split('.')[0] ?? '');
    expect(told()).toEqual(['sms Maya Ortiz alert']);
    const sms = [...outbox.records.keys()].at(-1) ?? '';
    outbox.settle(sms, 'failed', 'not a mobile number');
    const after = await incidents.look(sms.split('.')[0] ?? '');
    expect(told()).toEqual(['email Lee Park alert']);
    expect(after.timeline.map(({ text }) => text).join('\n')).toContain('not a mobile number');
    await wait(MINUTE);
    expect(told()).toEqual([]);
  });
});

describe('an incident that somebody has', () => {
  it('pages nobody, asks for updates, and escalates again when nothing happens', async () => {
    const { incidents, told, wait } = await room();
    const { id } = await incidents.open(opening, 'root');
    told();
    expect((await acknowledge(incidents, id, MAYA)).holder?.person).toBe('maya');
    expect(told()).toEqual(['channel ops acknowledged']);
    await wait(29 * MINUTE);
    expect(told()).toEqual([]);
    await note(incidents, id, 'The sync is off', true, MAYA);
    await wait(29 * MINUTE);
    expect(told()).toEqual([]);
    await wait(MINUTE);
    expect(told()).toEqual(['email Maya Ortiz update-due']);
    await wait(3 * HOUR + 30 * MINUTE);
    expect((await incidents.read(id)).status).toBe('open');
    expect(told().filter((line) => line.endsWith('alert'))).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
  });

  it('stays with the person while a linked run goes on', async () => {
    const { incidents, clock, wait } = await room();
    const { id } = await incidents.open({ ...opening, severity: 'sev2' }, 'root');
    await acknowledge(incidents, id, MAYA);
    await link(incidents, id, 'run', 'run-1', MAYA);
    await wait(3 * HOUR);
    const journal = await incidents.options.store.journal('runs', 'run-1').open({ by: 'maya', holder: 'run-1', purpose: 'test' });
    await journal.append({ by: 'maya', type: 'step.intent' });
    await journal.close();
    await wait(2 * HOUR);
    expect((await incidents.read(id)).status).toBe('acknowledged');
    clock.forward(3 * HOUR);
    await wait(MINUTE);
    expect((await incidents.read(id)).status).toBe('open');
  });

  it('tells channels when it is over, and then nothing more, ever', async () => {
    const { incidents, told, wait } = await room();
    const { id } = await incidents.open(opening, 'root');
    await acknowledge(incidents, id, MAYA);
    told();
    await mitigate(incidents, id, 'syncs paused', MAYA);
    await resolve(incidents, id, 'restored', MAYA);
    expect(told()).toEqual(['channel ops resolved']);
    await wait(2 * HOUR);
    expect(told()).toEqual([]);
    expect(await incidents.listOpen()).toEqual([]);
    await expect(acknowledge(incidents, id, MAYA)).rejects.toMatchObject({ code: 'usage' });
  });
});

it('a worse severity with other rules tells its people although somebody has it; a better one tells nobody', async () => {
  const { incidents, told } = await room();
  const { id } = await incidents.open({ ...opening, severity: 'sev3' }, 'root');
  await acknowledge(incidents, id, MAYA);
  told();
  await triage(incidents, id, { severity: 'sev1', why: 'opt-outs too' }, MAYA);
  expect(told()).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
  await triage(incidents, id, { severity: 'sev2' }, MAYA);
  expect(told()).toEqual([]);
  await expect(triage(incidents, id, { severity: 'sev9' }, MAYA)).rejects.toMatchObject({ code: 'usage' });
});

it('escalating by hand tells the next level at once; a snooze is quiet until its end', async () => {
  const { incidents, clock, told, wait } = await room();
  const { id } = await incidents.open(opening, 'root');
  told();
  await escalate(incidents, id, 'needs the lead', MAYA);
  expect(told()).toEqual(['email Lee Park alert']);
  await snooze(incidents, id, new Date(clock.now().getTime() + 2 * HOUR), MAYA);
  // The channel that was paged hears that nobody is until then.
  expect(told()).toEqual(['channel ops acknowledged']);
  await wait(2 * HOUR - MINUTE);
  expect(told()).toEqual([]);
  await wait(MINUTE);
  expect(told()).toEqual(['email Maya Ortiz alert', 'channel ops alert']);
});

it('a case at a vendor is reminded of once, when it is due', async () => {
  const { incidents, clock, told, wait } = await room();
  const { id } = await incidents.open({ ...opening, severity: 'sev2' }, 'root');
  await acknowledge(incidents, id, MAYA);
  await engageVendor(incidents, id, 'hubspot', { number: '42', followUpAt: new Date(clock.now().getTime() + HOUR) }, MAYA);
  told();
  await wait(3 * HOUR);
  expect(told()).toEqual(['email Maya Ortiz follow-up']);
});

it('merging keeps the history and the links in the one that stays', async () => {
  const { incidents } = await room();
  const kept = await incidents.open(opening, 'root');
  const other = await incidents.open({ ...opening, title: 'The same on deals' }, 'root');
  await link(incidents, other.id, 'plan', 'plan-1', MAYA);
  const merged = await merge(incidents, other.id, kept.id, MAYA);
  expect(merged).toMatchObject({ absorbed: [other.id], links: [{ kind: 'plan', id: 'plan-1' }] });
  expect((await incidents.read(other.id)).status).toBe('merged');
  expect((await incidents.listOpen()).map(({ id }) => id)).toEqual([kept.id]);
});

it('keeps the policy it was opened with when escalation.yml changes (G21)', async () => {
  const { incidents, again, told, wait } = await room();
  const { id } = await incidents.open(opening, 'root');
  told();
  const later = again();
  Object.assign(later.options, { escalation: undefined });
  expect((await later.policyOf(await later.read(id)))?.people['lee']?.name).toBe('Lee Park');
  await wait(5 * MINUTE);
  expect(told()).toContain('email Lee Park alert');
});

it('two people who answer at once do not lose one another', async () => {
  const { incidents, again } = await room();
  const { id } = await incidents.open(opening, 'root');
  await Promise.all(Array.from({ length: 12 }, (_, n) => note(n % 2 === 0 ? incidents : again(), id, `note ${n}`, false, MAYA)));
  const { timeline } = await incidents.read(id);
  expect(timeline.filter(({ type }) => type === 'incident.noted')).toHaveLength(12);
});

it('an incident that cannot be read holds up no other', async () => {
  const { incidents, told } = await room();
  const { store } = incidents.options;
  const bad = await store.journal('incidents', 'inc-bad').open({ by: 'x', holder: 'x', purpose: 'x' });
  await bad.append({ by: 'x', type: 'something-else' });
  await bad.close();
  await store.agenda('incidents').add(new Date(0), 'inc-bad');
  await incidents.open(opening, 'root');
  told();
  const { problems } = await incidents.tick();
  expect(problems.map(({ id }) => id)).toEqual(['inc-bad']);
});

it('a page whose end another process writes down while this one is about to hand it over is not sent again', async () => {
  const { incidents, again, outbox } = await room();
  const put = outbox.put.bind(outbox);
  let other: Promise<unknown> | undefined;
  let overtook = false;
  outbox.put = async (page) => {
    await put(page);
    if (other !== undefined) return;
    outbox.settle(page.key, 'accepted');
    other = again()
      .look(page.incident.id)
      .then(() => (overtook = true));
    await Promise.race([other, new Promise((resolve) => setTimeout(resolve, 300))]);
    expect(overtook).toBe(false);
    await put(page);
  };
  await incidents.open(opening, 'root');
  await other;
  expect(overtook).toBe(true);
  const keys = outbox.seen.map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);
});
