import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { statusText, type WorkspaceStatus } from '../../src/cli/views/status.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { displayWidth } from '../../src/cli/views/text/width.js';
import { failureLines, isUnreached, withFailuresTogether } from '../../src/incidents/index.js';
import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { aPage } from '../notify/support.js';
import { paged } from './pager.js';

const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'cli' };
const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-25T15:10:00Z') });

describe('pages that failed', () => {
  it('are one line with what to do where nothing got through, else one for each channel and cause', () => {
    const failed = [
      ...Array.from({ length: 12 }, () => ({ channel: 'mail', why: 'no password', needs: ['SMTP_PASSWORD'] })),
      ...Array.from({ length: 8 }, () => ({ channel: 'ops-slack', why: 'no address', needs: ['SLACK_URL'] })),
    ];
    expect(failureLines(failed, false)).toEqual(['No channel works: set SMTP_PASSWORD, SLACK_URL']);
    expect(failureLines(failed, true)).toEqual(['12 pages over mail failed: set SMTP_PASSWORD', '8 pages over ops-slack failed: set SLACK_URL']);
    expect(failureLines([{ channel: 'hook', why: 'status 404' }], false)).toEqual(['No channel works: hook: status 404']);
    expect(failureLines([], false)).toEqual([]);
    const lines = failed.map((page) => ({ ...page, state: 'failed' }));
    expect(withFailuresTogether([...lines, { channel: 'mail', state: 'accepted' }], ({ channel }) => channel).map((group) => group.length)).toEqual([
      12, 8, 1,
    ]);
  });

  it('say of an incident that nobody was reached, until one gets through', async () => {
    const world = await paged();
    world.service.answer = () => ({ state: 'permanent', why: 'refused' });
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    expect(isUnreached(await world.incidents.read(id))).toBe(true);
    world.service.answer = () => ({ state: 'accepted', receipt: {} });
    const other = await world.incidents.open(opening, 'root');
    await world.settle();
    expect(isUnreached(await world.incidents.read(other.id))).toBe(false);
  });

  // A user would lose: minutes until the next person is told, where a page failed and nobody noticed.
  it('count at once, also where the daemon looked just before their end was written down', async () => {
    const world = await paged();
    const daemon = world.open();
    world.service.answer = () => ({ state: 'permanent', why: 'refused' });
    world.service.between = async () => {
      while ((await daemon.incidents.tick()).looked > 0);
    };
    const { id } = await world.incidents.open(opening, 'root');
    await world.settle();
    const { pages } = await world.incidents.read(id);
    expect(pages.map(({ state }) => state)).toEqual(pages.map(() => 'failed'));
    expect(pages.length).toBeGreaterThan(0);
  });

  it('for want of secrets name them, on the screen and in the report', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'runback-failures-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
    await writeFile(join(dir, 'runback.yml'), 'version: 1\nplatforms: {}\n');
    await writeFile(
      join(dir, 'escalation.yml'),
      `version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] }
  lee: { name: Lee Park, email: lee@example.com, contact: [email] }
channels:
  mail: { type: email, host: 127.0.0.1, user: runback, password: env:SMTP_PASSWORD, from: runback@example.com }
  ops-slack: { type: slack, url: env:SLACK_URL }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
severities:
  sev1: { means: Customer data is being corrupted or lost, policy: all, quiet_hours: ignore }
policies:
  all: { levels: [{ notify: ["person:maya", "person:lee", "channel:ops-slack"], ack_within: 1h, grants: operator }], exhausted: { notify: ["channel:ops-slack"], every: 1h } }
`,
    );
    const call = async (...args: string[]) => await runHere([...args, '--workspace', dir, '--as', 'maya']);
    await call('incident', 'open', 'Wrong names', '--severity', 'sev1');
    const status = (await call('status')).stdout;
    expect(status).toContain('No channel works: set SMTP_PASSWORD, SLACK_URL');
    expect(status.match(/SMTP_PASSWORD/gu)).toHaveLength(1);
    const report = (await call('incident', 'report', 'latest')).stdout;
    expect(report.replaceAll('\\', '')).toContain('No channel works: set SMTP_PASSWORD, SLACK_URL');
    expect(jsonLines((await call('status', '--json')).stdout).at(-1)).toMatchObject({ ok: true });
  });
});

describe('status on a terminal', () => {
  it('fits its lines however much is open, what is on fire first', async () => {
    const world = await paged();
    for (let n = 0; n < 12; n += 1)
      await world.incidents.open({ ...opening, title: `Wrong first names on ${n} thousand contacts after the nightly sync` }, 'root');
    const { incidents: read } = await world.incidents.readAll((await world.incidents.listOpen()).map(({ id }) => id));
    const full: WorkspaceStatus = {
      incidents: read,
      more: 4,
      deadLetters: read.map(({ id }) => ({
        page: aPage(`${id}.1.0.0.0`, { to: { channel: 'mail' } }),
        state: 'failed',
        attempts: [{ n: 1, at: '2026-11-25T15:00:00Z', state: 'permanent', why: 'no password', needs: ['SMTP_PASSWORD'] }],
      })),
      next: read.map(({ id, title }) => ({ incident: id, title, at: '2026-11-25T15:30:00Z' })),
      daemon: undefined,
      policyTrouble: 'escalation.yml cannot be used. '.repeat(6),
      runs: [],
      atWork: [],
      restores: [],
      pauses: [],
      damagedIncidents: ['inc-20261125-150000-aaaa', 'inc-20261125-150000-bbbb'],
      damagedRuns: ['run-20261125-150000-aaaa'],
      damagedRestores: ['restore-20261125-150000-aaaa'],
      damagedPauses: [],
      locks: [],
      incompleteSnapshots: [],
      copies: [],
    };
    const used = (text: string): number => text.split('\n').reduce((all, line) => all + Math.max(1, Math.ceil(displayWidth(line) / 80)), 0);
    expect(used(statusText(full, style))).toBeGreaterThan(50);
    const text = statusText(full, style, 23);
    expect(used(text)).toBeLessThanOrEqual(23);
    expect(text.split('\n')[0]).toContain('Wrong first names');
    expect(text).toContain('set SMTP_PASSWORD');
    expect(used(statusText(full, style, 10))).toBeLessThanOrEqual(10);
  });
});
