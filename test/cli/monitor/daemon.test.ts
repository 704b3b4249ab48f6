import { once } from 'node:events';

import { expect, it } from 'vitest';

import { startDaemon } from '../../daemon/workspace.js';
import { until } from '../../daemon/world.js';
import { freePort } from '../../support/ports.js';
import { parseScrape, type Sample } from '../../support/prometheus.js';
import { HOUR_MS, type MonitorWorld, openMonitorWorld } from '../support/monitor-world.js';

const WATCHING = `monitors:
  people: { count: crm/contacts created }
  alive: { heartbeat: feed, within: 2h }
  quota: { forecast: crm.daily }
`;
const PEOPLE = { monitor: 'people', of: 'crm/contacts created' };

const metrics = async (port: number): Promise<readonly Sample[]> =>
  parseScrape(await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text());
const valueOf = (samples: readonly Sample[], name: string, monitor?: string): number | undefined =>
  samples.find((one) => one.name === name && (monitor === undefined || one.labels['monitor'] === monitor))?.value;
const well = async (port: number, monitor: string): Promise<number | undefined> => valueOf(await metrics(port), 'runback_monitor_well', monitor);
const incidents = async (world: MonitorWorld): Promise<readonly { readonly id: string; readonly status: string; readonly title: string }[]> =>
  ((await world.json('incident', 'list', '--all')).data as { incidents: never[] }).incidents;

it('a daemon measures by itself: page, metrics and screens say the same of a flow that has stopped, killed with -9 and taken over there is one incident', async () => {
  const world = await openMonitorWorld(WATCHING);
  await world.past(PEOPLE, 10, 4);
  await world.ran();
  const port = await freePort();
  const first = await startDaemon(world.dir, port, [], world.env());
  await until(async () => (await well(port, 'people')) === 0);
  expect(await well(port, 'alive')).toBe(1);
  expect(valueOf(await metrics(port), 'runback_monitor_calls_limit')).toBe(500);
  const good = valueOf(await metrics(port), 'runback_monitor_last_good_timestamp_seconds', 'alive') ?? 0;
  expect(Math.abs(world.now().getTime() / 1000 - good)).toBeLessThan(120);
  // The incident is opened after what was found is kept.
  const shown = /1 open incident[^]*Watched[^]*people: crm\/contacts created[^]*Wrong\.[^]*Nothing for 4 hours[^]*Last 24 hours: 0 to/u;
  await until(async () => shown.test((await (await fetch(`http://127.0.0.1:${String(port)}/`)).text()).replaceAll(/<[^>]*>/gu, '')));
  await until(() => first.said().includes('crm/contacts created: Nothing for 4 hours'));
  const [opened] = await incidents(world);
  expect(opened?.title).toMatch(/^crm\/contacts created has stopped/u);

  // A second one does not start; measuring by hand next to it opens nothing more.
  const second = await world.json('daemon', '--port', String(await freePort()));
  expect([second.code, second.error.code]).toEqual([11, 'locked']);
  const byHand = await Promise.all([world.run('monitor', 'run', '--all'), world.run('monitor', 'run', '--all')]);
  for (const { code, screen } of byHand) {
    expect([2, 11], screen).toContain(code);
    if (code === 11) expect(screen).toMatch(/monitors is held by/u);
  }
  expect(await incidents(world)).toHaveLength(1);

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  // While nobody measures, that is what the screens say.
  world.forward(6 * HOUR_MS);
  expect((await world.run('monitor', 'status')).stdout).toContain('! Nothing measures.');
  const again = await startDaemon(world.dir, port, [], world.env());
  await until(async () => !(await world.run('monitor', 'status')).stdout.includes('Nothing measures.'));
  expect((await world.run('monitor', 'status')).stdout).toMatch(/✗ alive: feed[^]*2h is the limit/u);
  expect(await well(port, 'alive')).toBe(0);
  expect(await incidents(world)).toHaveLength(1);
  again.child.kill('SIGTERM');
  expect(await once(again.child, 'exit')).toEqual([0, null]);
});

it('a flow that is well again ends its alert once it has been well for long enough, told by the daemon and in the incident', async () => {
  const world = await openMonitorWorld('monitors: { alive: { heartbeat: feed, within: 2h } }\nalerts: { hold: 30m }\n');
  await world.ran();
  world.forward(3 * HOUR_MS);
  expect((await world.run('daemon', '--once')).code).toBe(0);
  const [opened] = await incidents(world);
  expect(opened).toMatchObject({ status: 'open', title: expect.stringContaining('shows no sign of life') as string });
  for (let n = 0; n < 4; n += 1) {
    await world.ran();
    expect((await world.run('daemon', '--once')).code).toBe(0);
    world.forward(HOUR_MS / 4);
  }
  const show = await world.run('incident', 'show', opened?.id ?? '');
  expect(show.stdout.replaceAll(/\s+/gu, ' ')).toContain('All of it is well again, and has been for long enough.');
  expect(await incidents(world)).toHaveLength(1);
});

it('a daemon whose platform is gone pages of it, measures the rest, and is itself in order', async () => {
  const world = await openMonitorWorld(WATCHING);
  await world.past(PEOPLE, 10);
  await world.ran();
  await world.write('token', 'pat-na1-00000000-0000-0000-0000-000000000000');
  const port = await freePort();
  const { said } = await startDaemon(world.dir, port, [], world.env());
  await until(async () => (await well(port, 'alive')) === 1);
  const health = await fetch(`http://127.0.0.1:${String(port)}/healthz`);
  expect(health.status).toBe(200);
  const [quota] = (await metrics(port)).filter(({ name, labels }) => name === 'runback_tick_failures_total' && labels['ticker'] === 'monitors');
  expect(quota?.value).toBe(0);
  expect(said()).not.toContain('pat-na1');
});

it('a changed runback.yml is in use at once; one that cannot be used is told, withholds health, and changes nothing', async () => {
  const world = await openMonitorWorld('');
  await world.ran();
  world.forward(3 * HOUR_MS);
  const port = await freePort();
  const { said } = await startDaemon(world.dir, port, [], world.env());
  expect(await well(port, 'alive')).toBeUndefined();
  // The runbook comes with runback: this workspace has none.
  await world.watch('monitors: { alive: { heartbeat: feed, within: 2h } }\nalerts: { runbook: sync-stopped }\n');
  await until(async () => (await well(port, 'alive')) === 0);
  expect(said()).toContain('runback.yml has changed and is in use.');
  await until(async () => (await incidents(world)).length === 1);
  const [opened] = await incidents(world);
  expect((await world.json('incident', 'show', opened?.id ?? '')).screen).toContain('"runbook":"sync-stopped"');
  expect((await world.run('runbook', 'lint', 'sync-stopped')).code).toBe(0);

  await world.watch('monitors: { alive: { heartbeat: nobody, within: 2h } }\n');
  await until(async () => (await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status === 503);
  expect(said()).toContain('runback.yml cannot be used, so everything stays as it was');
  expect(await well(port, 'alive')).toBe(0);
  await world.watch('monitors: { still: { heartbeat: feed, within: 9h } }\n');
  await until(async () => (await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status === 200);
  await until(async () => (await well(port, 'still')) === 1);
});
