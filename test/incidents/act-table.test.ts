import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import {
  ACT_TABLE,
  actTableMarkdown,
  INCIDENT_ACTS,
  type IncidentAct,
  type Telling,
  TIME_ACTS,
  TIME_TABLE,
  type TimeAct,
} from '../../src/incidents/act-table.js';
import {
  acknowledge,
  type Actor,
  engageVendor,
  escalate,
  type Incident,
  type IncidentDesk,
  type IncidentStatus,
  link,
  merge,
  mitigate,
  note,
  release,
  reopen,
  resolve,
  snooze,
  triage,
} from '../../src/incidents/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { type AlertState, paged, THREE_POLICIES } from './pager.js';
import { HOUR, MINUTE } from './support.js';

type World = Awaited<ReturnType<typeof paged>>;
type Do = (desk: IncidentDesk, id: string, world: World) => Promise<unknown>;

const MAYA: Actor = { by: 'maya', source: 'cli' };
const LEE: Actor = { by: 'lee', source: 'cli' };
const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };

const later = ({ clock }: World, ms: number): Date => new Date(clock.now().getTime() + ms);
const quietly: Do = (desk, id, world) => snooze(desk, id, later(world, 5 * HOUR), MAYA);

/** Every way into each state that differs in what was told before. */
const WAYS: Readonly<Record<IncidentStatus, Readonly<Record<string, readonly Do[]>>>> = {
  open: { 'just opened': [], 'lapsed from somebody': [(desk, id) => acknowledge(desk, id, MAYA), (desk, id) => release(desk, id, MAYA)] },
  acknowledged: { 'by maya': [(desk, id) => acknowledge(desk, id, MAYA)] },
  snoozed: { 'while nobody had it': [quietly], 'by who had it': [(desk, id) => acknowledge(desk, id, MAYA), quietly] },
  mitigated: {
    'while nobody had it': [(desk, id) => mitigate(desk, id, 'syncs are off', MAYA)],
    'by who had it': [(desk, id) => acknowledge(desk, id, MAYA), (desk, id) => mitigate(desk, id, 'syncs are off', MAYA)],
    'out of a snooze': [(desk, id) => acknowledge(desk, id, MAYA), quietly, (desk, id) => mitigate(desk, id, 'syncs are off', MAYA)],
  },
  resolved: { 'by maya': [(desk, id) => resolve(desk, id, 'done', MAYA)] },
  merged: {
    'into another': [async (desk, id, world) => await merge(desk, id, await quietOne(world), MAYA)],
  },
};

const ACTS: Readonly<Record<IncidentAct, Do>> = {
  acknowledge: (desk, id) => acknowledge(desk, id, LEE),
  'acknowledge-again': (desk, id) => acknowledge(desk, id, MAYA),
  release: (desk, id) => release(desk, id, MAYA),
  escalate: (desk, id) => escalate(desk, id, 'needs somebody else', MAYA),
  note: (desk, id) => note(desk, id, 'still looking', true, MAYA),
  'triage-worse': (desk, id) => triage(desk, id, { severity: 'sev1' }, MAYA),
  'triage-milder': (desk, id) => triage(desk, id, { severity: 'sev3' }, MAYA),
  'triage-same': (desk, id) => triage(desk, id, { title: 'Wrong first names on contacts' }, MAYA),
  snooze: (desk, id, world) => snooze(desk, id, later(world, 4 * HOUR), MAYA),
  mitigate: (desk, id) => mitigate(desk, id, 'syncs are off', MAYA),
  resolve: (desk, id) => resolve(desk, id, 'restored', MAYA),
  reopen: (desk, id) => reopen(desk, id, 'it is back', MAYA),
  merge: async (desk, id, world) => await merge(desk, id, await quietOne(world), MAYA),
  absorb: async (desk, id, world) => await merge(desk, await quietOne(world), id, MAYA),
  link: (desk, id) => link(desk, id, 'plan', 'plan-1', MAYA),
  'engage-vendor': (desk, id) => engageVendor(desk, id, 'hubspot', { number: '42' }, MAYA),
};

/** What is walked from further ways into a state; RUNBACK_TEST_FULL=1 walks every act from each. */
const CHANGING: readonly IncidentAct[] = ['acknowledge', 'escalate', 'triage-worse', 'snooze', 'mitigate', 'resolve'];

/** Another incident, which nobody is told of from here on. */
async function quietOne(world: World): Promise<string> {
  const { id } = await world.desk.open({ ...opening, title: 'Another' }, 'root');
  await snooze(world.desk, id, later(world, 9 * HOUR), MAYA);
  await world.settle();
  world.told();
  return id;
}

/** What channels hear. Levels by severity; a level that is told again is the first one of the policy that holds now. */
function messages(tells: Telling, severity: string, kind: 'update-due' | 'follow-up' = 'update-due'): readonly string[] {
  const first: Readonly<Record<string, readonly string[]>> = {
    sev1: ['Lee Park alert', 'ops alert', 'pager alert'],
    sev2: ['Maya Ortiz alert', 'ops alert', 'pager alert'],
    sev3: ['ops alert', 'pager alert'],
  };
  switch (tells) {
    case 'nobody':
      return [];
    case 'first-level':
      return first[severity] ?? [];
    case 'next-level':
      return ['Lee Park alert'];
    case 'next-contact':
      return ['Maya Ortiz alert'];
    case 'quiet':
      return ['ops acknowledged', 'pager acknowledged'];
    case 'over':
      return ['ops resolved', 'pager resolved'];
    case 'holder':
      return [`Maya Ortiz ${kind}`];
  }
}

async function at(state: IncidentStatus, way: readonly Do[], escalation = THREE_POLICIES): Promise<{ world: World; id: string; before: Incident }> {
  const world = await paged(escalation);
  const { id } = await world.desk.open(opening, 'maya');
  await world.settle();
  for (const act of way) {
    await act(world.desk, id, world);
    await world.settle();
  }
  world.told();
  const before = await world.desk.read(id);
  expect(before.status).toBe(state);
  return { world, id, before };
}

/** What a service that keeps an alert shows, where it was told as the incident was: nothing else may be seen there, however it came about. */
const SHOWS: Readonly<Record<IncidentStatus, AlertState>> = {
  open: 'rings',
  acknowledged: 'quiet',
  snoozed: 'quiet',
  mitigated: 'quiet',
  resolved: 'none',
  merged: 'none',
};

describe('the table of states and acts', () => {
  for (const state of Object.keys(WAYS) as IncidentStatus[])
    for (const [n, [name, way]] of Object.entries(WAYS[state]).entries()) {
      it(`${state}, ${name}: every act ends where the table says, tells whom it says and nobody else`, async () => {
        for (const act of fullSweeps || n === 0 ? INCIDENT_ACTS : CHANGING) {
          const { world, id, before } = await at(state, way);
          const cell = ACT_TABLE[act][state];
          const acted = ACTS[act](world.desk, id, world);
          if (cell === 'refused') {
            await expect(acted, act).rejects.toMatchObject({ code: 'usage' });
            expect((await world.desk.read(id)).lastHash, act).toBe(before.lastHash);
            continue;
          }
          await acted;
          await world.settle();
          const after = await world.desk.read(id);
          // "I have it" once more by somebody who does not have it is an acknowledgement.
          const known = act === 'acknowledge-again' && before.holder?.person !== 'maya' ? ACT_TABLE.acknowledge[state] : cell;
          if (known === 'refused') throw new Error('the rows differ in what they refuse');
          expect([act, after.status]).toEqual([act, known.after]);
          const ofThis = world.told();
          expect([act, ...ofThis]).toEqual([act, ...withOther(act, messages(known.tells, after.severity))]);
          if (act !== 'merge' && act !== 'absorb' && known.tells !== 'next-level')
            expect([act, world.pager.of(id)]).toEqual([act, SHOWS[known.after]]);
          if (known.after === 'open') continue;
          // Who is quiet stays quiet.
          await world.wait(65 * MINUTE, 65 * MINUTE);
          expect([act, ...world.told()]).toEqual([act]);
        }
      });

      it(`${state}, ${name}: time does what the table says and nothing else`, async () => {
        for (const act of TIME_ACTS) {
          const { world, id } = await at(state, way, timed(act));
          const cell = TIME_TABLE[act][state];
          const kind = act === 'follow-up-is-due' ? 'follow-up' : 'update-due';
          await pass(act, world, id);
          const after = await world.desk.read(id);
          expect([act, after.status]).toEqual([act, cell.after]);
          expect([act, ...world.told()]).toEqual([act, ...messages(cell.tells, 'sev2', kind)]);
        }
      });
    }

  it('stands in docs/incidents.md as it stands in the code', async () => {
    const docs = await readFile(new URL('../../docs/incidents.md', import.meta.url), 'utf8');
    expect(docs).toContain(actTableMarkdown());
  });
});

/** Merging ends one of two: the other one's channels hear nothing, the one that ends was snoozed and hears that it is over. */
function withOther(act: IncidentAct, told: readonly string[]): readonly string[] {
  return act === 'absorb' ? messages('over', 'sev2') : told;
}

/** The policies, with the one time that this row is about within reach and all others far away. */
function timed(act: TimeAct): typeof THREE_POLICIES {
  const { sev2 } = THREE_POLICIES.severities;
  if (!sev2) throw new Error('no sev2');
  const [{ contact, ...maya }, far] = [THREE_POLICIES.people['maya'] ?? { name: 'Maya Ortiz', contact: [] }, 48 * HOUR];
  const levels = THREE_POLICIES.policies['middle']?.levels.map((one) => ({ ...one, ackWithinMs: act === 'level-is-over' ? 20 * MINUTE : far })) ?? [];
  return {
    ...THREE_POLICIES,
    people: {
      ...THREE_POLICIES.people,
      maya:
        act === 'contact-fails'
          ? { ...maya, contact: [...contact.slice(0, 1), { kind: 'sms', afterMs: far }] }
          : { ...maya, contact: contact.slice(0, 1) },
    },
    severities: {
      ...THREE_POLICIES.severities,
      sev2: {
        ...sev2,
        ackExpiresMs: act === 'nothing-happens' ? 20 * MINUTE : far,
        ...(act === 'update-is-due' ? { updateEveryMs: 20 * MINUTE } : {}),
      },
    },
    policies: { ...THREE_POLICIES.policies, middle: { repeat: 0, levels, exhausted: { notify: ['person:lee'], everyMs: far } } },
  };
}

async function pass(act: TimeAct, world: World, id: string): Promise<void> {
  const { desk, outbox } = world;
  if (act === 'follow-up-is-due') {
    const { status } = await desk.read(id);
    if (status !== 'resolved' && status !== 'merged') await engageVendor(desk, id, 'hubspot', { followUpAt: later(world, 10 * MINUTE) }, MAYA);
  }
  if (act === 'contact-fails') {
    // The page to the person comes back: as if it had failed for good a moment after it was taken.
    const { pages } = await desk.read(id);
    const key = pages.findLast(({ to, kind }) => to.person === 'maya' && kind === 'alert')?.key ?? '';
    const writer = await world.store.journal('incidents', id).open({ by: 'runback', holder: id, purpose: 'test' });
    await writer.append({ by: 'runback', type: 'page.settled', data: { key, state: 'failed', attempts: 1, why: 'no such address' } });
    await writer.close();
    await desk.look(id);
    await outbox.tick();
    await outbox.idle();
    await world.settle();
    return;
  }
  await world.wait(act === 'snooze-ends' ? 5 * HOUR : 25 * MINUTE, act === 'snooze-ends' ? 150 * MINUTE : 25 * MINUTE);
}
