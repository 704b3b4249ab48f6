import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { loadWorkspace } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

const ALL = `monitors:
  hubspot-volume: { count: hubspot/contacts created, baseline: weekly, page: drop, note: surge, needs: heartbeat, below: 5 in 24h }
  by-app: { count: "hubspot/contacts changed by INTEGRATION:48621", note: none, at_least: 20, timezone: America/New_York }
  sync-errors: { ratio: errors/calls, above: 5%, windows: [1h, 6h], at_least: 5 }
  quota: { forecast: hubspot.daily, alert: exhausted-before-reset }
  canary: { test: canary-contact, every: 15m, fail: 2 of 3 }
  alive: { heartbeat: feed, within: 2h, level: note }
  slow: { duration: feed, above: 30m }
  behind: { lag: feed, above: 1h }
  young: { backup: nightly }
  fields: { schema: hubspot/contacts }
  pairs: { mapping: people }
  same: { differences: people, above: 10, stakes: records }
calendar:
  - { dates: [2026-12-25, 2026-12-31..2027-01-02], is: quiet }
  - { every: "Wed 14:00", for: 3h, is: webinar, timezone: Europe/Berlin }
  - { every: last day, for: 2d, is: month-end }
alerts: { group_by: [platform], inhibit: { auth-expired: all }, hold: 6h, opens: incident, runbook: sync-stopped }
`;

async function load(watching: string): ReturnType<typeof loadWorkspace> {
  const dir = await temporaryFolder();
  for (const [path, text] of [
    ['tests/lifecycle.yml', 'version: 1\nid: canary-contact\n'],
    ['mappings/people.yml', 'version: 1\n'],
    ['runbooks/sync-stopped.yml', 'version: 1\nid: sync-stopped\n'],
  ] as const) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, credentials: { token: env:TOKEN }, objects: [contacts] }
  warehouse: { connector: postgres, environment: sandbox, url: env:URL }
syncs: { feed: { controller: command, writes_to: [hubspot] } }
backups: { jobs: { nightly: { platforms: [hubspot], target: 26h }, yearly: { platforms: [hubspot] } } }
${watching}`,
  );
  return await loadWorkspace(dir);
}

it('every kind of monitor is read with what it leaves out filled in', async () => {
  const { watching } = (await load(ALL)).config;
  const common = { syncs: [], needs: [], stakes: 'flow', timezone: 'UTC', platforms: ['hubspot'] };
  const hour = 3_600_000;
  expect(watching?.monitors).toEqual([
    {
      ...common,
      name: 'hubspot-volume',
      kind: 'volume',
      platform: 'hubspot',
      object: 'contacts',
      event: 'created',
      baseline: 'weekly',
      page: ['drop'],
      note: ['surge'],
      needs: ['alive'],
      limits: [{ side: 'below', count: 5, overHours: 24 }],
      everyMs: hour,
    },
    {
      ...common,
      name: 'by-app',
      kind: 'volume',
      platform: 'hubspot',
      object: 'contacts',
      event: 'changed',
      writer: 'INTEGRATION:48621',
      baseline: 'weekly',
      page: ['drop'],
      note: [],
      atLeast: 20,
      limits: [],
      timezone: 'America/New_York',
      everyMs: hour,
    },
    {
      ...common,
      name: 'sync-errors',
      kind: 'ratio',
      platforms: ['hubspot', 'warehouse'],
      ratio: 'errors/calls',
      parts: ['hubspot', 'warehouse'].map((of) => ({ of, platforms: [of], syncs: [] })),
      above: 0.05,
      windowsHours: [1, 6],
      atLeast: 5,
      level: 'page',
      everyMs: hour,
    },
    { ...common, name: 'quota', kind: 'forecast', platform: 'hubspot', level: 'page', everyMs: hour / 2 },
    { ...common, name: 'canary', kind: 'trial', platforms: [], test: 'canary-contact', fail: 2, of: 3, level: 'page', everyMs: hour / 4 },
    { ...common, name: 'alive', kind: 'heartbeat', sync: 'feed', syncs: ['feed'], withinMs: 2 * hour, level: 'note', everyMs: hour / 4 },
    { ...common, name: 'slow', kind: 'duration', sync: 'feed', syncs: ['feed'], aboveMs: hour / 2, level: 'note', everyMs: hour / 4 },
    { ...common, name: 'behind', kind: 'lag', sync: 'feed', syncs: ['feed'], aboveMs: hour, level: 'page', everyMs: hour / 4 },
    { ...common, name: 'young', kind: 'backup', job: 'nightly', aboveMs: 26 * hour, level: 'page', everyMs: hour / 2 },
    { ...common, name: 'fields', kind: 'schema', platform: 'hubspot', object: 'contacts', level: 'note', everyMs: 6 * hour },
    { ...common, name: 'pairs', kind: 'mapping', platforms: [], mapping: 'people', level: 'note', everyMs: 6 * hour },
    {
      ...common,
      name: 'same',
      kind: 'differences',
      platforms: [],
      mapping: 'people',
      above: 10,
      stakes: 'records',
      level: 'page',
      everyMs: hour / 2,
    },
  ]);
  expect(watching?.calendar).toEqual([
    { is: 'quiet', timezone: 'UTC', when: { kind: 'dates', from: '2026-12-25', to: '2026-12-25' } },
    { is: 'quiet', timezone: 'UTC', when: { kind: 'dates', from: '2026-12-31', to: '2027-01-02' } },
    { is: 'webinar', timezone: 'Europe/Berlin', when: { kind: 'week', weekday: 3, minute: 840, forMs: 3 * hour } },
    { is: 'month-end', timezone: 'UTC', when: { kind: 'month', day: 'last', minute: 0, forMs: 48 * hour } },
  ]);
  expect(watching?.alerts).toEqual({
    groupBy: ['platform'],
    inhibit: { authorization: 'all' },
    holdMs: 6 * hour,
    opens: 'incident',
    runbook: 'sync-stopped',
    runbooks: {},
  });
});

it('a workspace without monitors watches nothing', async () => {
  expect((await load('')).config.watching).toBeUndefined();
});

const one = (monitor: string): string => `monitors: { one: ${monitor} }`;
it.each([
  ['an unknown platform', one('{ count: hubspt/contacts created }'), 'there is no platform "hubspt", did you mean "hubspot"?'],
  ['an unknown object type', one('{ count: hubspot/contact created }'), 'there is no object type of hubspot "contact", did you mean "contacts"?'],
  ['an unknown test', one('{ test: canary-contacts }'), 'there is no test "canary-contacts", did you mean "canary-contact"?'],
  ['an unknown mapping', one('{ mapping: peple }'), 'there is no mapping "peple", did you mean "people"?'],
  ['an unknown sync', one('{ heartbeat: fed, within: 2h }'), 'there is no sync "fed", did you mean "feed"?'],
  ['an unknown job', one('{ backup: nightli }'), 'there is no backup job "nightli", did you mean "nightly"?'],
  ['an unknown runbook', one('{ forecast: hubspot.daily, runbook: sync-stoped }'), 'there is no runbook "sync-stoped", did you mean "sync-stopped"?'],
  ['a runbook of alerts', 'alerts: { runbooks: { surge: storm } }', 'there is no runbook "storm"'],
  ['an unknown finding', 'alerts: { inhibit: { token-expired: all } }', 'token-expired'],
  ['nothing to measure', one('{ every: 15m }'), 'says not what is measured'],
  ['two things to measure', one('{ lag: feed, duration: feed }'), 'measures 2 things: duration, lag'],
  ['a key of another kind', one('{ forecast: hubspot.daily, windows: [1h, 6h] }'), '"windows" has no meaning with forecast'],
  ['a wrong count', one('{ count: hubspot/contacts deleted }'), 'hubspot/contacts created'],
  ['windows the wrong way round', one('{ ratio: errors/calls, windows: [6h, 1h] }'), 'the first window is not shorter than the second'],
  ['a window of half an hour', one('{ ratio: errors/calls, windows: [30m, 6h] }'), '"30m" is not a number of whole hours'],
  ['a window that is too long', one('{ count: hubspot/contacts created, below: 5 in 100h }'), '"100h" is too long'],
  ['three windows', one('{ ratio: errors/calls, windows: [1h, 2h, 3h] }'), '"windows" does not fit'],
  ['a threshold that is none', one('{ ratio: errors/calls, above: 5 }'), '"5" is no share of calls'],
  ['a count without hours', one('{ count: hubspot/contacts created, above: 5h }'), '"5h" is no number in a time'],
  ['no baseline and no threshold', one('{ count: hubspot/contacts created, baseline: none }'), 'nothing says what is wrong'],
  ['both ways at once', one('{ count: hubspot/contacts created, page: both, note: drop }'), 'a drop is in page too'],
  ['a job without a target', one('{ backup: yearly }'), 'the job has no target'],
  ['a heartbeat without a time', one('{ heartbeat: feed }'), 'how long it may show no sign of life'],
  ['more failures than runs', one('{ test: canary-contact, fail: 3 of 2 }'), '3 of 2 cannot fail'],
  ['a monitor that needs itself', one('{ forecast: hubspot.daily, needs: one }'), 'there is no other monitor "one"'],
  ['a zone that is none', one('{ count: hubspot/contacts created, timezone: Mars/Base }'), '"Mars/Base" is not a known time zone'],
  ['too often', one('{ forecast: hubspot.daily, every: 5s }'), '"5s" is too short'],
  ['a day that is none', 'calendar: [{ dates: [2026-02-30], is: quiet }]', 'there is no 2026-02-30'],
  ['days backwards', 'calendar: [{ dates: [2026-12-26..2026-12-24], is: quiet }]', 'ends before it begins'],
  ['no day', 'calendar: [{ is: quiet }]', 'says not when'],
  ['a day that no month has', 'calendar: [{ every: day 32, is: quiet }]', 'no month has a day 32'],
  ['a weekday that is none', 'calendar: [{ every: "Wen 14:00", is: quiet }]', 'Wed 14:00'],
])('%s is refused where it stands', async (_, watching, words) => {
  const error = await load(watching).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'file-invalid' });
  const text = (error as Error).message;
  expect(text).toContain(words);
  expect(text).toMatch(/^runback\.yml:7:/mu);
});
