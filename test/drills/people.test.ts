import { describe, expect, it } from 'vitest';

import {
  type AccessStep,
  answeredCheck,
  answerIn,
  findingsOf,
  hopelessApproval,
  isExhausted,
  pagedIn,
  stageRules,
  withheldApproval,
} from '../../src/drills/index.js';
import { ACT_OF } from '../../src/drills/people/access.js';
import { ACTS, type Escalation, judgeApprovals, parseEscalation } from '../../src/escalation/index.js';
import { acknowledge, drillLock, type Incident, type Incidents } from '../../src/incidents/index.js';
import { builtInActions } from '../../src/runbooks/index.js';
import { MINUTE, room } from '../incidents/support.js';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

/** Maya is on call and may nothing; then Lee, who leads. Both by mail, which is for drills. */
const rules = (
  more: { readonly people?: string; readonly channels?: string; readonly approvals?: string; readonly first?: string; readonly lead?: string } = {},
): Escalation =>
  parseEscalation(
    `version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] }
  lee: ${more.people ?? '{ name: Lee Park, email: lee@example.com, contact: [email], role: lead }'}
schedules:
  crm: { rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, people: [maya] } }
channels:
  mail: { type: email, host: mail.example.com, from: runback@example.com${more.channels ?? ', drills: true'} }
  ops: { type: slack, url: env:SLACK_URL }
authority:
  operator: { may: [pause-syncs, snapshot, plan, resume-syncs] }
  lead: { inherits: operator, may: [approve-restore], limits: { records: ${more.lead ?? '5000'} } }
approvals: ${more.approvals ?? '{ in_person: true, unauthenticated: true }'}
severities: { sev2: { means: Wrong, policy: critical } }
policies:
  critical:
    levels:
      - ${more.first ?? '{ notify: ["schedule:crm"], ack_within: 5m }'}
      - { notify: ["person:lee"], ack_within: 5m }
    exhausted: { notify: ["person:lee"], every: 15m }
`,
    'escalation.yml',
  );

const step = (id: string, action: string): AccessStep => ({ id, kind: 'action', action: { name: action }, document: {} });
const approval: AccessStep = { id: 'allow', kind: 'approve', document: { approve: { authority: 'approve-restore', of: 'x' } } };
const STEPS = [step('pause', 'syncs.pause'), step('evidence', 'snapshot.create'), step('apply', 'restore.apply'), approval];

/** A drill incident by these rules, and the time as it passes. */
async function drill(file: Escalation) {
  const here = await room(file);
  await here.incidents.options.store.lock(drillLock('drill-1'), { by: 'maya', holder: 'drill-1', purpose: 'a drill' });
  const opening = { title: 'Wrong names', severity: 'sev2', platforms: [], source: 'drill', drill: 'drill-1' };
  const { id } = await here.incidents.open(opening, 'root');
  const sendAll = (): void => {
    for (const { page, state } of here.outbox.records.values()) if (state === 'queued') here.outbox.settle(page.key, 'accepted');
  };
  return {
    ...here,
    id,
    /** Lets time pass, every page taken at once. */
    passing: async (ms: number): Promise<Incident> => {
      for (let passed = 0; passed < ms; passed += MINUTE) {
        sendAll();
        await here.wait(Math.min(MINUTE, ms - passed));
      }
      return await here.incidents.read(id);
    },
    acked: async (by: string): Promise<Incident> => await acknowledge(here.incidents as Incidents, id, { by, source: 'test' }),
    found: async () => findingsOf(file, await here.incidents.read(id), STEPS, here.clock.now()),
  };
}

const kinds = (findings: Awaited<ReturnType<Awaited<ReturnType<typeof drill>>['found']>>) => findings.map(({ kind, owner }) => `${kind}: ${owner}`);

describe('findings of a game day', () => {
  it('none where somebody who may answers in time', async () => {
    const file = rules({ first: '{ notify: ["schedule:crm"], ack_within: 5m, grants: operator }' });
    const { passing, acked, found } = await drill(file);
    await passing(2 * MINUTE);
    const incident = await acked('maya');
    expect(await found()).toEqual([]);
    expect(answerIn(file, incident)).toMatchObject({ by: 'maya', name: 'Maya Ortiz', afterMs: 2 * MINUTE });
    expect(pagedIn(file, incident)).toMatchObject([{ who: 'Maya Ortiz', level: 1, channel: 'mail', medium: 'email' }]);
  });

  it('whoever let the time of their level pass, by name, also where somebody else answered later', async () => {
    const { passing, acked, found } = await drill(rules());
    await passing(7 * MINUTE);
    await acked('lee');
    expect(await found()).toEqual([
      {
        kind: 'unanswered',
        what: 'Maya Ortiz (on call in crm) did not answer within 5m',
        owner: 'Maya Ortiz',
        next: expect.stringContaining('escalation test') as string,
      },
    ]);
  });

  it('everybody, where nobody answered, each once; and nobody is left to wait for', async () => {
    const file = rules();
    const { passing, found, clock } = await drill(file);
    expect(isExhausted(file, await passing(4 * MINUTE), clock.now())).toBe(false);
    expect(isExhausted(file, await passing(30 * MINUTE), clock.now())).toBe(true);
    expect(kinds(await found())).toEqual(['unanswered: Maya Ortiz', 'unanswered: Lee Park']);
  });

  it('says where the waiting ended before the level did', async () => {
    const { passing, found } = await drill(rules());
    await passing(2 * MINUTE);
    expect((await found())[0]?.what).toBe('Maya Ortiz (on call in crm) did not answer within 2m, when the game day stopped waiting');
  });

  it('what whoever answered may not do, who has the role, and somebody whom the rules do not know', async () => {
    const { passing, acked, found } = await drill(rules());
    await passing(MINUTE);
    await acked('maya');
    expect(await found()).toMatchObject([
      {
        kind: 'permission',
        what: 'Maya Ortiz answered and may not pause-syncs, snapshot (steps pause, evidence)',
        next: expect.stringContaining('Give maya the role operator') as string,
      },
    ]);
    const other = await drill(rules());
    await other.acked('root');
    expect((await other.found())[0]).toMatchObject({ kind: 'permission', next: expect.stringContaining('Add root to escalation.yml') as string });
  });

  it('people who could approve and have no key, where approvals are signed; with one, none', async () => {
    const signed = '{ in_person: false, unauthenticated: false }';
    const { acked, found } = await drill(rules({ approvals: signed }));
    await acked('lee');
    expect(await found()).toMatchObject([{ kind: 'key', owner: 'Lee Park', next: expect.stringContaining('people.lee.key') as string }]);
    const keyed = await drill(
      rules({ approvals: signed, people: `{ name: Lee Park, email: lee@example.com, contact: [email], role: lead, key: "${KEY}" }` }),
    );
    await keyed.acked('lee');
    expect(await keyed.found()).toEqual([]);
  });

  it('that nobody in the ladder may approve', async () => {
    const { acked, found } = await drill(rules({ people: '{ name: Lee Park, email: lee@example.com, contact: [email], role: operator }' }));
    await acked('lee');
    const findings = await found();
    expect(findings.find(({ kind }) => kind === 'permission')).toMatchObject({
      what: expect.stringContaining('Nobody who is paged for a sev2 may approve-restore') as string,
      owner: 'whoever keeps escalation.yml',
    });
  });

  it('that no channel is for drills, as one finding and no more', async () => {
    const { passing, found } = await drill(rules({ channels: '' }));
    await passing(MINUTE);
    expect(kinds(await found())).toEqual(['channel: whoever keeps escalation.yml']);
  });

  it('who has no address, and what a channel lacks', async () => {
    const { outbox, wait, found } = await drill(rules({ people: '{ name: Lee Park, contact: [email], role: lead }' }));
    const [page] = outbox.seen;
    if (!page) throw new Error('no page');
    outbox.settle(page.key, 'failed', 'the mail server did not accept it');
    await wait(MINUTE);
    const findings = await found();
    expect(findings).toContainEqual({
      kind: 'unreachable',
      what: 'Lee Park cannot be reached by email: Lee Park has no e-mail address',
      owner: 'Lee Park',
      next: 'Add people.lee.email to escalation.yml',
    });
    expect(findings).toContainEqual(
      expect.objectContaining({ what: 'The page to Maya Ortiz (email) over mail failed: the mail server did not accept it' }),
    );
  });
});

describe('approvals of a game day', () => {
  const request = { act: 'approve-restore', of: 'x', records: 100, requester: 'maya' } as const;
  const verdictBy = (file: Escalation) => judgeApprovals(file, request, [], [], new Date());

  it('nobody waits for what nobody can give: too large for everybody, or to be signed without keys', () => {
    const small = rules({ lead: '5' });
    expect(hopelessApproval(small, verdictBy(small), 'Allow')).toMatchObject({ kind: 'permission', owner: 'whoever keeps escalation.yml' });
    const signed = rules({ approvals: '{ in_person: false, unauthenticated: false }' });
    expect(hopelessApproval(signed, verdictBy(signed), 'Allow')).toMatchObject({ kind: 'key', owner: 'Lee Park' });
    expect(hopelessApproval(rules(), verdictBy(rules()), 'Allow')).toBeUndefined();
    expect(withheldApproval(verdictBy(rules()), 'Allow', 90_000)).toMatchObject({
      kind: 'unanswered',
      owner: 'Lee Park',
      what: expect.stringContaining('the answers of the drill gave it') as string,
    });
  });

  it('a stage judges as the workspace does: same roles, limits, keys, and the roles that people were given', () => {
    const file = rules({ people: `{ name: Lee Park, email: lee@example.com, contact: [email], role: lead, key: "${KEY}" }` });
    const stage = parseEscalation(stageRules(file, [{ role: 'operator', person: 'maya', since: '2026-11-28T00:00:00.000Z' }]), 'escalation.yml');
    expect(stage.authority).toEqual(file.authority);
    expect(stage.approvals).toEqual(file.approvals);
    expect(stage.people).toMatchObject({ maya: { role: 'operator' }, lee: { role: 'lead', key: KEY } });
    // Nobody real is paged by it.
    expect(JSON.stringify(stage)).not.toContain('example.com');
    expect(verdictBy(stage)).toEqual(verdictBy(file));
    const raised = parseEscalation(
      stageRules(file, [
        { role: 'lead', person: 'maya', since: '' },
        { role: 'operator', person: 'maya', since: '' },
      ]),
      'escalation.yml',
    );
    expect(raised.people['maya']?.role).toBe('lead');
  });

  it('knows what every action of a runbook needs', async () => {
    for (const name of builtInActions.names) {
      const act = (await builtInActions.load(name))?.act;
      expect([name, ACT_OF[name] !== undefined]).toEqual([name, act !== undefined]);
    }
    for (const act of Object.values(ACT_OF)) expect(ACTS).toContain(act);
  });
});

it('the check passes where somebody answered, and says how long nobody did', () => {
  expect(answeredCheck({ by: 'maya', name: 'Maya Ortiz', at: '', afterMs: 61_000 }, { waitedMs: 61_000, exhausted: false })).toMatchObject({
    passed: true,
    found: expect.stringMatching(/^Maya Ortiz after 1/u) as string,
  });
  expect(answeredCheck(undefined, { waitedMs: 5000, exhausted: false })).toMatchObject({ passed: false, found: 'nobody: waited 5s' });
  expect(answeredCheck(undefined, { waitedMs: 5000, exhausted: true })).toMatchObject({ passed: false, found: 'nobody: every level was paged' });
});
