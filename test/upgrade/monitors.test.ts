import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { type Kept, type MonitorsStory, openKept, soonAfter, versions } from './support.js';

/** A user would lose: the incident that monitors had opened is opened a second time, people are paged again, and what is usual is learned from nothing. */

let kept: Kept<MonitorsStory>;
/** What was measured long ago says nothing of now. */
const soon = ({ incidents: left }: MonitorsStory): Date => soonAfter(Object.values(left)[0]?.incident ?? '');
afterEach(() => kept.close());

type Flows = readonly { readonly monitor: string; readonly state: string; readonly says: string }[];
const status = async (): Promise<Record<string, unknown>> => {
  const { code, data } = await kept.json('monitor', 'status');
  expect([0, 2]).toContain(code);
  return data;
};
const incidents = async (): Promise<readonly { readonly id: string; readonly status: string }[]> => {
  const { data } = await kept.json('incident', 'list');
  return data['incidents'] as readonly { readonly id: string; readonly status: string }[];
};

describe.each(await versions('monitors'))('the monitors that %s left', (version) => {
  test('the open alert and its incident are known, and the next rounds open no other', async () => {
    kept = await openKept<MonitorsStory>(version, 'monitors', soon);
    // What searches of HubSpot may be asked in a second would make this slow.
    const file = join(kept.dir, 'runback.yml');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('monitor_calls_per_day: 200', 'monitor_calls_per_day: 40'));
    const before = await status();
    expect(before['incidents']).toEqual(kept.story.incidents);
    expect((before['alerts'] as readonly object[]).length).toBe(kept.story.alerts.length);
    expect((before['flows'] as Flows).find(({ monitor }) => monitor === 'same')).toMatchObject({ state: 'wrong' });
    // The first takes the past into the new series of errors, too; the others measure what is due.
    for (const more of [['--all'], [], []]) expect([0, 2]).toContain((await kept.json('monitor', 'run', '--once', ...more)).code);
    const after = await status();
    expect(after['incidents']).toMatchObject(kept.story.incidents);
    const known = new Set(Object.values(kept.story.incidents).map(({ incident }) => incident));
    expect((await incidents()).filter(({ id }) => known.has(id))).toHaveLength(known.size);
    const ofGroup = (await incidents()).filter(({ status: one }) => one === 'open');
    expect(new Set(ofGroup.map(({ id }) => id)).size).toBe(Object.keys(after['incidents'] as object).length);
  });

  test('what was measured is shown and replayed, and what was seen first on that day is still compared with', async () => {
    kept = await openKept<MonitorsStory>(version, 'monitors', soon);
    const { data } = await kept.json('monitor', 'replay', '--since', '4d');
    const [replayed] = data['variants'] as readonly {
      readonly series: readonly { readonly series: { readonly monitor: string }; readonly points: readonly { readonly value?: number }[] }[];
    }[];
    expect(replayed?.series.map(({ series }) => series.monitor)).toEqual(expect.arrayContaining(['people', 'quota', 'same', 'young']));
    expect(replayed?.series.find(({ series }) => series.monitor === 'people')?.points.length).toBeGreaterThan(5);
    for (const name of ['people', 'same', 'fields', 'quota', 'errors', 'young']) expect((await kept.go('monitor', 'show', name)).code).toBe(0);
    expect(((await status())['flows'] as Flows).find(({ monitor }) => monitor === 'fields')).toMatchObject({ state: 'well' });
  });

  test('silences hold, and one that was ended stays so', async () => {
    kept = await openKept<MonitorsStory>(version, 'monitors', soon);
    const { silence } = kept.story;
    const { stdout } = await kept.go('monitor', 'show', 'people');
    expect(stdout).toContain('planned import');
    expect((await kept.json('monitor', 'silence', '--end', silence)).code).toBe(0);
    expect((await kept.go('monitor', 'show', 'people')).stdout).not.toContain('planned import');
  });
});
