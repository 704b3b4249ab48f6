import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import {
  acknowledge,
  type Actor,
  engageVendor,
  escalate,
  type Incident,
  type Incidents,
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
import {
  TRANSITIONS,
  transitionTableMarkdown,
  TRANSITION_NAMES,
  type IncidentTransition,
  type Telling,
  TIME_TRANSITION_NAMES,
  TIME_TRANSITIONS,
  type TimeTransition,
} from '../../src/incidents/state/transition-table.js';
import { everyPoint } from '../support/sweeps.js';
import { type AlertState, paged, THREE_POLICIES } from './pager.js';
import { HOUR, MINUTE } from './support.js';

type World = Awaited<ReturnType<typeof paged>>;
type Do = (incidents: Incidents, id: string, world: World) => Promise<unknown>;

const MAYA: Actor = { by: 'maya', source: 'cli' };
const LEE: Actor = { by: 'lee', source: 'cli' };
const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };

const later = ({ clock }: World, ms: number): Date => new Date(clock.now().getTime() + ms);
const quietly: Do = (incidents, id, world) => snooze(incidents, id, later(world, 5 * HOUR), MAYA);

/** Every way into each state that differs in what was told before. */
const WAYS: Readonly<Record<IncidentStatus, Readonly<Record<string, readonly Do[]>>>> = {
  open: {
    'just opened': [],
    'lapsed from somebody': [(incidents, id) => acknowledge(incidents, id, MAYA), (incidents, id) => release(incidents, id, MAYA)],
  },
  acknowledged: { 'by maya': [(incidents, id) => acknowledge(incidents, id, MAYA)] },
  snoozed: { 'while nobody had it': [quietly], 'by who had it': [(incidents, id) => acknowledge(incidents, id, MAYA), quietly] },
  mitigated: {
    'while nobody had it': [(incidents, id) => mitigate(incidents, id, 'syncs are off', MAYA)],
    'by who had it': [(incidents, id) => acknowledge(incidents, id, MAYA), (incidents, id) => mitigate(incidents, id, 'syncs are off', MAYA)],
    'out of a snooze': [
      (incidents, id) => acknowledge(incidents, id, MAYA),
      quietly,
      (incidents, id) => mitigate(incidents, id, 'syncs are off', MAYA),
    ],
  },
  resolved: { 'by maya': [(incidents, id) => resolve(incidents, id, 'done', MAYA)] },
  merged: {
    'into another': [async (incidents, id, world) => await merge(incidents, id, await quietOne(world), MAYA)],
  },
};

const ACTS: Readonly<Record<IncidentTransition, Do>> = {
  acknowledge: (incidents, id) => acknowledge(incidents, id, LEE),
  'acknowledge-again': (incidents, id) => acknowledge(incidents, id, MAYA),
  release: (incidents, id) => release(incidents, id, MAYA),
  escalate: (incidents, id) => escalate(incidents, id, 'needs somebody else', MAYA),
  note: (incidents, id) => note(incidents, id, 'still looking', true, MAYA),
  'triage-worse': (incidents, id) => triage(incidents, id, { severity: 'sev1' }, MAYA),
  'triage-milder': (incidents, id) => triage(incidents, id, { severity: 'sev3' }, MAYA),
  'triage-same': (incidents, id) => triage(incidents, id, { title: 'Wrong first names on contacts' }, MAYA),
  snooze: (incidents, id, world) => snooze(incidents, id, later(world, 4 * HOUR), MAYA),
  mitigate: (incidents, id) => mitigate(incidents, id, 'syncs are off', MAYA),
  resolve: (incidents, id) => resolve(incidents, id, 'restored', MAYA),
  reopen: (incidents, id) => reopen(incidents, id, 'it is back', MAYA),
  merge: async (incidents, id, world) => await merge(incidents, id, await quietOne(world), MAYA),
  absorb: async (incidents, id, world) => await merge(incidents, await quietOne(world), id, MAYA),
  link: (incidents, id) => link(incidents, id, 'plan', 'plan-1', MAYA),
  'engage-vendor': (incidents, id) => engageVendor(incidents, id, 'hubspot', { number: '42' }, MAYA),
};

/** What is walked from further ways into a state; RUNBACK_TEST_FULL=1 walks every act from each. */
const CHANGING: readonly IncidentTransition[] = ['acknowledge', 'escalate', 'triage-worse', 'snooze', 'mitigate', 'resolve'];

/** Another incident, which nobody is told of from here on. */
async function quietOne(world: World): Promise<string> {
  const { id } = await world.incidents.open({ ...opening, title: 'Another' }, 'root');
  await snooze(world.incidents, id, later(world, 9 * HOUR), MAYA);
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
  const { id } = await world.incidents.open(opening, 'maya');
  await world.settle();
  for (const act of way) {
    await act(world.incidents, id, world);
    await world.settle();
  }
  world.told();
  const before = await world.incidents.read(id);
  expect(before.status).toBe(state);
  return { world, id, before };
}

/**
 * What a service that keeps an alert shows, where it was told as the incident was: nothing else may be seen there,
 * however it came about.
 */
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
        for (const act of everyPoint || n === 0 ? TRANSITION_NAMES : CHANGING) {
          const { world, id, before } = await at(state, way);
          const cell = TRANSITIONS[act][state];
          const acted = ACTS[act](world.incidents, id, world);
          if (cell === 'refused') {
            await expect(acted, act).rejects.toMatchObject({ code: 'usage' });
            expect((await world.incidents.read(id)).lastHash, act).toBe(before.lastHash);
            continue;
          }
          await acted;
          await world.settle();
          const after = await world.incidents.read(id);
          // "I have it" once more by somebody who does not have it is an acknowledgement.
          const known = act === 'acknowledge-again' && before.holder?.person !== 'maya' ? TRANSITIONS.acknowledge[state] : cell;
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
        for (const act of TIME_TRANSITION_NAMES) {
          const { world, id } = await at(state, way, timed(act));
          const cell = TIME_TRANSITIONS[act][state];
          const kind = act === 'follow-up-is-due' ? 'follow-up' : 'update-due';
          await pass(act, world, id);
          const after = await world.incidents.read(id);
          expect([act, after.status]).toEqual([act, cell.after]);
          expect([act, ...world.told()]).toEqual([act, ...messages(cell.tells, 'sev2', kind)]);
        }
      });
    }

  it('stands in docs/incidents.md as it stands in the code', async () => {
    const docs = await readFile(new URL('../../docs/incidents.md', import.meta.url), 'utf8');
    expect(docs).toContain(transitionTableMarkdown());
  });
});

/**
 * Merging ends one of two: the other one's channels hear nothing, the one that ends was snoozed and hears that it is
 * over.
 */
function withOther(act: IncidentTransition, told: readonly string[]): readonly string[] {
  return act === 'absorb' ? messages('over', 'sev2') : told;
}

/** The policies, with the one time that this row is about within reach and all others far away. */
function timed(act: TimeTransition): typeof THREE_POLICIES {
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

async function pass(act: TimeTransition, world: World, id: string): Promise<void> {
  const { incidents, outbox } = world;
  if (act === 'follow-up-is-due') {
    const { status } = await incidents.read(id);
    if (status !== 'resolved' && status !== 'merged') await engageVendor(incidents, id, 'hubspot', { followUpAt: later(world, 10 * MINUTE) }, MAYA);
  }
  if (act === 'contact-fails') {
    // The page to the person comes back: as if it had failed for good a moment after it was taken.
    const { pages } = await incidents.read(id);
    const key = pages.findLast(({ to, kind }) => to.person === 'maya' && kind === 'alert')?.key ?? '';
    const writer = await world.store.journal('incidents', id).open({ by: 'runback', holder: id, purpose: 'test' });
    await writer.append({ by: 'runback', type: 'page.settled', data: { key, state: 'failed', attempts: 1, why: 'no such address' } });
    await writer.close();
    await incidents.look(id);
    await outbox.tick();
    await outbox.idle();
    await world.settle();
    return;
  }
  await world.wait(act === 'snooze-ends' ? 5 * HOUR : 25 * MINUTE, act === 'snooze-ends' ? 150 * MINUTE : 25 * MINUTE);
}
