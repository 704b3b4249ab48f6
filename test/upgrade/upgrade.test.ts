import { afterEach, describe, expect, test } from 'vitest';

import { openKept, versions, type Kept } from './support.js';

/** A user would lose: the incident, the run and the restore that were open on the day of the update. */

let kept: Kept;
afterEach(() => kept.close());

/** A command that has to end well. */
async function ends(code: number, ...args: string[]): Promise<string> {
  const result = await kept.go(...args);
  expect(result.code, `runback ${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(code);
  return result.stdout;
}

/** From these on, what a snapshot was made as is recorded beside it. */
const RECORDED = /^issue-(?:[7-9]|\d\d)$/u;

/**
 * Everything that is there is listed, and the snapshots read to the last byte. Those of versions that recorded nothing
 * of them do not count as verified.
 */
async function listsEverything(version: string): Promise<void> {
  const { base, incident } = kept.story;
  const { data } = await kept.json('snapshot', 'list');
  const { snapshots, ignored } = data as { readonly snapshots: readonly { readonly id: string }[]; readonly ignored: readonly unknown[] };
  expect(ignored).toEqual([]);
  expect(snapshots.map(({ id }) => id)).toContain(base);
  expect(snapshots).toHaveLength(2);
  for (const { id } of snapshots)
    if (RECORDED.test(version)) await ends(0, 'snapshot', 'verify', id);
    else expect(await ends(5, 'snapshot', 'verify', id)).toContain('Every byte matches its own digests');
  expect((await kept.json('incident', 'list')).data).toMatchObject({ incidents: [{ id: incident }] });
  expect(await ends(0, 'incident', 'show', incident)).toContain('Wrong job titles');
  const status = await ends(0, 'status');
  expect(status).toContain(incident);
  expect(status.split('\n').filter((line) => line.length > 80)).toEqual([]);
}

/** A person says that the snapshots are the right ones: from then on they are verified. */
async function adoptsTheSnapshots(version: string): Promise<void> {
  if (RECORDED.test(version)) return;
  const { data } = await kept.json('snapshot', 'list');
  for (const { id, verifiedAt } of data['snapshots'] as readonly { readonly id: string; readonly verifiedAt?: string }[]) {
    expect(verifiedAt).toBeUndefined();
    await ends(0, 'snapshot', 'adopt', id);
    await ends(0, 'snapshot', 'verify', id);
  }
  expect((await kept.json('snapshot', 'show', 'latest-verified')).code).toBe(0);
}

async function closesTheIncident(): Promise<void> {
  const { incident } = kept.story;
  await ends(0, 'incident', 'resolve', incident, '--what', 'The job titles are as they were.');
  expect(await ends(0, 'incident', 'report', incident)).toContain('Wrong job titles');
  expect((await kept.json('incident', 'list')).data).toMatchObject({ incidents: [] });
}

/** A plan from the old snapshot finds these many records to write. */
async function plans(records: number): Promise<void> {
  const { code, data } = await kept.json('restore', 'plan', '--platform', 'hubspot', '--base', kept.story.base, '--unattributed', 'unknown');
  expect([code, data['counts']]).toMatchObject([0, { records }]);
  expect(data).not.toHaveProperty('notCovered');
}

describe.each(await versions())('what %s left', (version) => {
  test('is listed; its killed run is resumed to its end, and the incident closed', async () => {
    kept = await openKept(version, 'run');
    const { run = '', truth } = kept.story;
    await listsEverything(version);
    await ends(0, 'runbook', 'evidence', run);
    await ends(0, 'runbook', 'resume', run, '--answers', 'answers.yml');
    expect(kept.titles()).toEqual(truth.restored);
    await plans(0);
    await ends(0, 'runbook', 'evidence', run);
    await closesTheIncident();
    await adoptsTheSnapshots(version);
  });

  test('its killed run is undone', async () => {
    kept = await openKept(version, 'run');
    const { run = '', truth } = kept.story;
    await ends(0, 'runbook', 'undo', run, '--yes');
    expect(kept.titles()).toEqual(truth.untouched);
  });

  test('is listed; its half-applied restore is resumed, verified and undone, and the incident closed', async () => {
    kept = await openKept(version, 'restore');
    const { plan = '', restore = '', truth } = kept.story;
    await listsEverything(version);
    expect(await ends(0, 'restore', 'show', plan)).toContain(plan);
    await ends(0, 'restore', 'resume', restore);
    expect(kept.titles()).toEqual(truth.restored);
    await ends(0, 'restore', 'verify', plan);
    await ends(0, 'restore', 'undo', restore, '--yes');
    expect(kept.titles()).toEqual(truth.untouched);
    await plans(15);
    await closesTheIncident();
    await adoptsTheSnapshots(version);
  });

  test('its half-applied restore is undone as it stands', async () => {
    kept = await openKept(version, 'restore');
    const { restore = '', truth } = kept.story;
    expect(kept.titles()).not.toEqual(truth.untouched);
    expect((await kept.json('restore', 'undo', restore, '--yes')).data).toMatchObject({ state: 'undone' });
    expect(kept.titles()).toEqual(truth.untouched);
  });
});
