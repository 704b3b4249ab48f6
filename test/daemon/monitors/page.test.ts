import { expect, it } from 'vitest';

import type { FlowLines } from '../../../src/daemon/types.js';
import { parseScrape, promtoolSays } from '../../support/prometheus.js';
import { makeWorld } from '../world.js';
import { watchedFlows } from './flows.js';

const opened = async (flows: (now: Date) => FlowLines) => {
  const world = await makeWorld();
  const url = await world.start({ flows: async () => await Promise.resolve(flows(world.clock.now())) }).url;
  const get = async (path: string): Promise<string> => await (await fetch(`${url}${path}`)).text();
  return { world, get };
};
/** Text of a page without its tags. */
const words = (html: string): string => html.replaceAll(/<[^>]*>/gu, '').replaceAll(/\s+/gu, ' ');

it('the page shows each flow with its last good moment, what is wrong first, what is silenced, and the calls', async () => {
  const { get } = await opened(watchedFlows);
  const page = await get('/?refresh=off');
  const text = words(page);
  expect(text).toContain('No incident is open, but 2 flows are wrong');
  expect(text).toMatch(/Watched people: crm\/contacts created Wrong\. Nothing for 4 hours, .* Since 4h ago \(.* UTC\)\. Last good 5h ago/u);
  expect(text).toMatch(/alive: feed Cannot be measured\. Nothing has looked at it since .* Last good 3d ago/u);
  expect(text).toMatch(/slow: feed Wrong\. .* Told, wakes nobody\./u);
  expect(text).toContain('Not seen to be well yet.');
  expect(text).toMatch(/Silenced crm Nobody is told\. Ends in 2h \(.* UTC\)\. Silenced by maya: The CRM is being moved/u);
  expect(text).toContain('runback monitor silence --end sil-20260302-100500-aaaa');
  expect(text).toContain('Calls of monitors to crm today: 38 of 500');
  expect(page).toContain('Last 24 hours: 0 to 44, 2 not known');
  // What comes from outside is text.
  expect(page).not.toContain('<b>bold');
  expect(page).toContain('&lt;b&gt;bold');
});

it('a workspace that watches nothing has no word of it, on the page and in the metrics', async () => {
  const { get } = await opened(() => ({ flows: [], silences: [], budgets: [] }));
  expect(words(await get('/'))).not.toMatch(/Watched|Silenced|Calls of monitors/u);
  const scrape = await get('/metrics');
  expect(parseScrape(scrape).length).toBeGreaterThan(5);
  expect(scrape).not.toContain('runback_monitor');
});

it('metrics of monitors are what Prometheus reads, with names after its conventions, whatever the names of flows are', async () => {
  const { get, world } = await opened(watchedFlows);
  const text = await get('/metrics');
  const samples = parseScrape(text);
  const of = (name: string, labels: Readonly<Record<string, string>> = {}): readonly number[] =>
    samples.filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value)).map(({ value }) => value);
  expect(of('runback_monitor_well', { monitor: 'people' })).toEqual([0]);
  expect(of('runback_monitor_well', { monitor: 'quota' })).toEqual([1]);
  // What is not known is neither well nor wrong.
  expect(of('runback_monitor_well', { monitor: 'young' })).toEqual([]);
  expect(of('runback_monitor_well', { monitor: 'fresh' })).toEqual([]);
  expect(of('runback_monitors', { state: 'wrong' })).toEqual([2]);
  expect(of('runback_monitors', { state: 'not_measured' })).toEqual([1]);
  expect(of('runback_monitors').reduce((sum, n) => sum + n, 0)).toBe(watchedFlows(new Date()).flows.length);
  const [good = 0] = of('runback_monitor_last_good_timestamp_seconds', { monitor: 'people' });
  expect(world.clock.now().getTime() / 1000 - good).toBeCloseTo(5 * 3600, -2);
  expect(of('runback_monitor_calls_today', { platform: 'crm' })).toEqual([38]);
  expect(of('runback_monitor_calls_limit', { platform: 'crm' })).toEqual([500]);
  expect(of('runback_monitor_silences')).toEqual([1]);
  expect(samples.find(({ labels }) => labels['of']?.includes('bold'))?.labels['of']).toBe('crm/<b>bold "quoted"\nback\\slash');
  const says = promtoolSays(text);
  if (says !== undefined) expect(says).toEqual({ code: 0, said: '' });
});
