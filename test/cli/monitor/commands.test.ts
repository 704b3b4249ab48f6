import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { MONITOR_JSON } from '../support/monitor-schemas.js';
import { HOUR_MS, type MonitorWorld, openMonitorWorld, type Ran } from '../support/monitor-world.js';

const WATCHING = `monitors:
  people: { count: crm/contacts created }
  alive: { heartbeat: feed, within: 2h }
  quota: { forecast: crm.daily }
  fields: { schema: crm/contacts }
alerts: { runbook: small }
`;
const SMALL = `version: 1
id: small
title: A flow has stopped
symptoms: [Nothing arrives]
steps:
  - { id: look, title: Look at the sync, manual: It runs. }
`;
const PEOPLE = { monitor: 'people', of: 'crm/contacts created' };

/** Nothing of a screen is wider than a terminal of 80 columns. */
const fits = ({ screen }: Pick<Ran, 'screen'>): void => {
  for (const line of screen.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
};
const shows = async (world: MonitorWorld, ...args: readonly string[]): Promise<Ran> => {
  const ran = await world.run(...args);
  fits(ran);
  return ran;
};

/** A flow of ten weeks that stopped four hours ago, while its sync ran all the time. */
const stopped = async (): Promise<MonitorWorld> => {
  const world = await openMonitorWorld('');
  await world.write('runbooks/small.yml', SMALL);
  await world.watch(WATCHING);
  await world.past(PEOPLE, 10, 4);
  await world.ran();
  return world;
};

it('a flow that has stopped is told by run, status and show alike, with its chart, its last good moment and its incident', async () => {
  const world = await stopped();
  const nothing = await shows(world, 'monitor', 'status');
  expect(nothing.code).toBe(0);
  expect(nothing.screen).toContain('Not measured yet.');
  expect(nothing.screen).toContain('! Nothing measures. Measure now: runback monitor run --once.');
  const ran = await shows(world, 'monitor', 'run', '--once');
  expect(ran.code).toBe(2);
  // What is wrong comes first, with its last hours.
  expect(ran.stdout).toMatch(/^✗ people: crm\/contacts created {2}[▁-█]{20}▁{4}\n {2}Nothing for 4 hours, where about /u);
  expect(ran.stdout).toContain('✓ alive: feed');
  expect(ran.stdout).not.toContain('Nothing measures');
  const [incident] = /inc-\d{8}-\d{6}-[a-z0-9]{4}/u.exec(ran.stdout) ?? expect.fail(ran.stdout);
  const status = await shows(world, 'monitor', 'status');
  expect(status.code).toBe(2);
  expect(status.stdout).toContain(`✗ Open: ${incident}. Respond: runback respond`);
  const whole = await shows(world, 'status');
  expect(whole.code).toBe(0);
  expect(whole.stdout).toMatch(/Incidents\n.*\n.*\n {2}inc-.*Watched\n✗ people/su);
  // The incident is above already.
  expect(whole.stdout.split(incident)).toHaveLength(2);
  const show = await shows(world, 'monitor', 'show', 'people');
  expect(show.stdout).toContain(`Incident   ${incident}. Respond: runback respond`);
  expect(show.stdout).toMatch(/Tells {6}too little wakes people, too much is told/u);
  expect(show.stdout).toContain('Runbook    small');
});

it('each command gives scripts what is written down, and nothing else', async () => {
  const world = await stopped();
  const of = async (schema: keyof typeof MONITOR_JSON, ...args: readonly string[]): Promise<unknown> => {
    const { data, stderr, stdout } = await world.json('monitor', ...args);
    const parsed = MONITOR_JSON[schema].safeParse(data);
    expect(parsed.error?.issues, `${args.join(' ')}: ${stdout.slice(0, 400)}${stderr}`).toBeUndefined();
    return parsed.data;
  };
  expect(await of('list', 'list')).toHaveLength(4);
  await of('status', 'status');
  const run = await of('run', 'run', '--once');
  expect(run).toMatchObject({ actions: [{ kind: 'open' }], flows: [{ monitor: 'people', state: 'wrong', finding: 'stopped' }, {}, {}, {}] });
  expect(await of('status', 'status')).toMatchObject({ budgets: [{ platform: 'crm', limit: 500 }], alerts: [{ group: 'crm' }] });
  await of('show', 'show', 'people');
  expect(await of('show', 'show', 'fields', '--accept')).toMatchObject({ accepted: true });
  const silence = await of('silence', 'silence', 'people', '--until', '2h', '--reason', 'planned import');
  expect(await of('status', 'status')).toMatchObject({ silences: [silence] });
  expect(await of('show', 'show', 'people')).toMatchObject({ silences: [silence] });
  expect(await of('show', 'show', 'alive')).toMatchObject({ silences: [] });
  await of('silence', 'silence', '--end', (silence as { id: string }).id);
  expect(await of('status', 'status')).toMatchObject({ silences: [] });
  await of('replay', 'replay', '--since', '7d');
  await of('review', 'review', '--week');
  await of('canaries', 'canary', 'list');
});

it('a silence of a platform is shown where it holds, with who made it and why, and on no other', async () => {
  const world = await stopped();
  const ended = await shows(
    world,
    'monitor',
    'silence',
    '--platform',
    'crm',
    '--until',
    '2h',
    '--reason',
    'The CRM is being moved today',
    '--as',
    'maya',
  );
  expect(ended.code).toBe(0);
  const status = await shows(world, 'monitor', 'status');
  expect(status.stdout).toMatch(/‖ crm is silenced until 2026-03-02 12:05:\d\d UTC \(in [12] h\) by maya: The CRM is/u);
  expect((await shows(world, 'monitor', 'show', 'people')).stdout).toContain('‖ crm is silenced');
  // It is measured all the same, and nobody is told.
  const run = await shows(world, 'monitor', 'run');
  expect(run.stdout).toContain('Nothing for 4 hours');
  expect(run.stdout).not.toContain('inc-');
  const [id] = /sil-[\w-]+/u.exec(status.stdout) ?? [];
  expect((await shows(world, 'monitor', 'silence', '--end', id ?? '')).stdout).toContain(`✓ Ended: ${String(id)}`);
  expect((await shows(world, 'monitor', 'status')).stdout).not.toContain('silenced');
  // What is wrong when it ends is told then.
  expect((await shows(world, 'monitor', 'run', '--all')).stdout).toMatch(/✗ Open: inc-/u);
});

it('what nobody looks at any longer is not said to be well', async () => {
  const world = await openMonitorWorld('monitors: { alive: { heartbeat: feed, within: 2h } }');
  await world.ran();
  expect((await shows(world, 'monitor', 'run')).code).toBe(0);
  const quiet = await shows(world, 'status');
  expect(quiet.stdout).toContain('✓ Nothing is open: no incident, no run, no restore, no paused sync.\n\nWatched\n✓ alive: feed');
  world.forward(72 * HOUR_MS);
  const status = await shows(world, 'monitor', 'status');
  expect(status.code).toBe(2);
  expect(status.stdout).toContain('Nothing has looked at it since 2026-03-02 10:05 UTC.');
  expect(status.stdout).toContain('Last good 3 days ago.');
  expect(status.stdout).toContain('! Nothing measures. Measure now: runback monitor run --once.');
  expect((await shows(world, 'status')).stdout).toContain('! Nothing measures.');
});

it('credentials that are not accepted are one incident that says so, and what follows from them is silent', async () => {
  const world = await openMonitorWorld(
    'monitors: { people: { count: crm/contacts created }, quota: { forecast: crm.daily }, alive: { heartbeat: feed, within: 9h } }',
  );
  await world.past(PEOPLE, 10, 1);
  await world.ran();
  await world.write('token', 'pat-na1-00000000-0000-0000-0000-000000000000');
  const first = await shows(world, 'monitor', 'run', '--all');
  expect(first.code).toBe(0);
  world.forward(HOUR_MS);
  const second = await shows(world, 'monitor', 'run', '--all');
  expect(second.code).toBe(2);
  expect(second.stdout).toMatch(/^\? people: [^\n]*\n {2}Cannot be measured since 2026-03-02 10:05 UTC: /u);
  expect(second.stdout).toContain('✓ alive: feed');
  expect(`${first.screen}${second.screen}`).not.toContain('pat-na1');
  const { data } = await world.json('incident', 'list');
  expect(data).toMatchObject({ incidents: [{ title: expect.stringMatching(/^crm no longer accepts the credentials/u) as string }] });
});

it('a source that cannot be measured is said with its reason, and the last good moment stays what it was', async () => {
  const world = await openMonitorWorld('monitors: { alive: { heartbeat: feed, within: 2h } }');
  await world.ran();
  await world.run('monitor', 'run');
  const good = (await world.state())?.standings['alive feed']?.goodAt;
  await world.write('last-run.json', 'the tool is being updated');
  for (const _ of [1, 2]) {
    world.forward(HOUR_MS / 4);
    await world.run('monitor', 'run');
  }
  const status = await shows(world, 'monitor', 'status');
  expect(status.code).toBe(2);
  expect(status.stdout).toMatch(/^\? alive: feed/u);
  expect(status.stdout).toMatch(/Cannot be measured since 2026-03-02 10:20 UTC: .* Last good 30 min/su);
  expect((await world.state())?.standings['alive feed']?.goodAt).toBe(good);
});

it('a replay draws found and expected in one scale, writes a page, and says where nothing was measured', async () => {
  const world = await openMonitorWorld('monitors: { people: { count: crm/contacts created } }');
  expect((await shows(world, 'monitor', 'replay', '--since', '7d')).stdout).toContain('! Nothing was measured in this time.');
  await world.past(PEOPLE, 10, 30);
  await world.write('quieter.yml', 'monitors: { people: { count: crm/contacts created, page: none, note: both } }\n');
  const { code, stdout } = await shows(world, 'monitor', 'replay', '--since', '14d', '--try', 'quieter.yml', '--html', 'replay.html');
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nas it is\n1 page, 0 notes/u);
  expect(stdout).toMatch(/\nquieter.yml\n0 pages, 1 note/u);
  // The last day of what was found is empty, that of what was expected is not.
  expect(stdout).toMatch(/found {5}.*▁{5}\n {2}expected .*[▂-█].{0,4}\n/u);
  expect(stdout).toMatch(/✓ Written: .*replay\.html/u);
  expect(await readFile(join(world.dir, 'replay.html'), 'utf8')).toContain('What monitors would have said');
  const again = await world.run('monitor', 'replay', '--html', 'replay.html');
  expect([again.code, again.screen]).toEqual([expect.any(Number), expect.stringContaining('--overwrite')]);
});

it('a review of a week that was hardly counted claims nothing of the weeks before', async () => {
  const world = await openMonitorWorld('monitors: { alive: { heartbeat: feed, within: 2h } }');
  const { code, stdout } = await shows(world, 'monitor', 'review', '--week');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^The week from 2026-02-23 11:00 UTC to 2026-03-02 10:05 UTC\n/u);
  expect(stdout).not.toContain('like the weeks before');
  expect((await shows(world, 'monitor', 'review', '--to', 'review.html')).stdout).toMatch(/✓ .*review\.html/u);
  expect(await readFile(join(world.dir, 'review.html'), 'utf8')).not.toContain('like the weeks before');
});
