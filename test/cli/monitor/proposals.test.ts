import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { FILL_IN, proposeMonitors } from '../../../src/cli/flows/monitors/proposals.js';
import { runHere } from '../support/here.js';
import { openMonitorWorld } from '../support/monitor-world.js';

const MAPPING = `version: 1
id: contacts
sides: { crm: crm/contacts, map: crm/contacts }
key: { crm: email, map: email }
fields: []
`;

it('init writes monitors as comments: nothing is watched before a person wants it, and taken as they are they fit', async () => {
  const world = await openMonitorWorld('');
  expect((await runHere(['init', 'made', '--no-input'], { cwd: world.dir })).code).toBe(0);
  const text = await readFile(join(world.dir, 'made', 'runback.yml'), 'utf8');
  expect(text).toContain('# monitors:\n#   hubspot-contacts: { count: hubspot/contacts created }\n');
  expect(text).toContain('#   hubspot-quota: { forecast: hubspot.daily }\n');
  expect(text).toContain('# alerts: { runbook: sync-stopped }\n');
  const at = join(world.dir, 'made');
  expect((await runHere(['monitor', 'list', '--no-input'], { cwd: at })).stderr).toContain('runback.yml has no monitors');
  const [head = '', proposed = ''] = text.split(/^(?=# monitors:)/mu);
  await world.write('made/runback.yml', `${head}${proposed.replaceAll(/^# /gmu, '')}`);
  const list = await runHere(['monitor', 'list', '--no-input'], { cwd: at });
  expect([list.code, list.stdout]).toEqual([0, expect.stringMatching(/hubspot-contacts .*\n.*hubspot-companies[^]*hubspot-fields/u)]);
});

it('doctor says what nobody watches, and proposes monitors that can be taken as they are, but for what only a person knows', async () => {
  const world = await openMonitorWorld(
    'backups: { jobs: { nightly: { platforms: [crm], schedule: "0 3 * * *" }, hourly: { platforms: [crm], schedule: "0 * * * *", target: 2h } } }',
  );
  await cp(join(import.meta.dirname, '..', '..', '..', 'runbooks'), join(world.dir, 'runbooks'), { recursive: true });
  await world.write('mappings/contacts.yml', MAPPING);
  const plain = await runHere(['doctor', '--no-input'], { cwd: world.dir });
  expect(plain.stdout).toContain('Watched: nobody watches sync feed, platform crm, backup job nightly, backup job hourly');
  const { stdout } = await runHere(['doctor', '--monitors', '--no-input'], { cwd: world.dir });
  const proposed = stdout.slice(stdout.indexOf('\nmonitors:') + 1);
  expect(proposed).toContain('  crm-contacts: { count: crm/contacts created, needs: heartbeat }\n');
  expect(proposed).toContain(`  feed-alive: { heartbeat: feed, within: ${FILL_IN} }   # fill in: the longest time`);
  expect(proposed).toContain('  hourly-age: { backup: hourly }\n');
  expect(proposed).toContain(`  nightly-age: { backup: nightly, above: ${FILL_IN} }`);
  const jobs = await readFile(join(world.dir, 'runback.yml'), 'utf8');
  // What was not filled in is refused, with its place.
  await world.write('runback.yml', `${jobs}${proposed}`);
  const refused = await runHere(['monitor', 'list', '--no-input'], { cwd: world.dir });
  expect([refused.code, refused.stderr]).toEqual([65, expect.stringMatching(/runback\.yml:\d+:\d+: /u)]);
  await world.write('runback.yml', `${jobs}${proposed.replaceAll(FILL_IN, '26h')}`);
  expect((await runHere(['monitor', 'list', '--no-input'], { cwd: world.dir })).code).toBe(0);
  const after = await runHere(['doctor', '--monitors', '--no-input'], { cwd: world.dir });
  expect(after.stdout).toContain('Watched: each sync, platform, backup job and mapping');
  expect(after.stdout).toContain('✓ Nothing is left to be watched.');
});

it('a sync that is added later is told by doctor as a warning, and names never collide', async () => {
  const world = await openMonitorWorld('monitors: { feed-alive: { forecast: crm.daily } }');
  const { stdout } = await runHere(['doctor', '--monitors', '--no-input'], { cwd: world.dir });
  expect(stdout).toContain('! Watched: nobody watches sync feed: runback doctor --monitors proposes how');
  expect(stdout).toContain('  feed-alive-2: { heartbeat: feed, within: …');
  expect(stdout).not.toContain('alerts:');
  const odd = proposeMonitors({ platforms: [], syncs: ['1 two: three', '1 two; three'], jobs: [], mappings: [] }, undefined, new Set());
  expect(odd.flatMap(({ lines }) => lines.map((line) => line.split('   #')[0]))).toEqual([
    `m-1-two-three-alive: { heartbeat: "1 two: three", within: ${FILL_IN} }`,
    `m-1-two-three-alive-2: { heartbeat: "1 two; three", within: ${FILL_IN} }`,
  ]);
});
