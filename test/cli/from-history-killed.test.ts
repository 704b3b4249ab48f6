import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { fullSweeps, morePoints } from '../support/sweeps.js';
import { cleanEnv, jsonLines, program } from './support/child.js';
import { openWorkspace } from './support/workspace.js';

const CONTACTS = fullSweeps ? 100_000 : morePoints ? 4000 : 1400;
/** Peak of a process that plans 100,000 changes. */
const MOST_MB = 400;

/**
 * A user would lose: the hour that reading the history of a large account takes, or the restore that follows it.
 * RUNBACK_TEST_FULL=1 takes 100,000 contacts.
 */
test(`kill -9 while planning from history and while applying, ${CONTACTS} contacts`, { timeout: 3_600_000 }, async () => {
  const workspace = await openWorkspace(CONTACTS);
  const { sandbox, contacts, dir } = workspace;
  let [running, peakMb, reads, updates]: [ChildProcess | undefined, number, number, number] = [undefined, 0, 0, 0];
  let killAt: { readonly what: 'reads' | 'updates'; readonly n: number } | undefined;
  const isOver = (): boolean => killAt !== undefined && (killAt.what === 'reads' ? reads : updates) >= killAt.n;
  sandbox.onRequest(({ path }) => {
    if (path.includes('/batch/read')) reads += 1;
    if (path.includes('/batch/update')) updates += 1;
    if (running?.pid !== undefined) peakMb = Math.max(peakMb, peakOf(running.pid));
    if (isOver()) running?.kill('SIGKILL');
  });
  const go = async (...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly seconds: number }> => {
    const began = Date.now();
    const child = spawn(process.execPath, [program, 'restore', ...args, '--json', '--no-input'], {
      cwd: dir,
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    running = child;
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const [code] = (await once(child, 'close')) as [number | null];
    running = undefined;
    return { code, stdout, seconds: (Date.now() - began) / 1000 };
  };
  try {
    sandbox.setLimits({ per10s: 100_000, searchPerSecond: 1000 });
    // Of many records the keys alone take longer to list than the seconds in which a write may be told late: only with few
    // would what was written just before the plan begins be read twice.
    const damagedAt = Date.now() - (fullSweeps ? 0 : 60_000);
    const since = new Date(damagedAt - 60_000).toISOString();
    const before = new Map(sandbox.records('contacts').map(({ id, properties }) => [id, properties['jobtitle']]));
    const sync = sandbox.writeAs(integration('4471120', 'MarketSync'));
    for (const id of contacts) sync.update('contacts', id, { jobtitle: 'Intern' }, damagedAt);
    for (const id of contacts.slice(0, 20)) sandbox.writeAs(person(7)).update('contacts', id, { jobtitle: 'By hand' });
    for (const id of contacts.slice(20, 40)) sandbox.writeAs(person(7)).update('contacts', id, { city: 'Bergen' });
    const plan = ['plan', '--platform', 'hubspot', '--from-history', '--since', since, '--suspect', 'INTEGRATION:4471120'];
    const batches = Math.ceil(CONTACTS / 50);

    killAt = { what: 'reads', n: Math.floor(batches * 0.9) };
    expect((await go(...plan)).code).toBe(null);
    [killAt, reads] = [undefined, 0];
    const planned = await go(...plan);
    expect(planned.code).toBe(0);
    // Of nine tenths that were read before the kill, none is read again but the last thousand.
    expect(reads).toBeLessThan(batches * 0.1 + 30);
    const { data } = jsonLines(planned.stdout).at(-1) as { readonly data: { readonly id: string; readonly counts: { readonly records: number } } };
    const planPeak = peakMb;
    console.log(`planned ${data.counts.records} changes of ${CONTACTS} contacts: ${reads} of ${batches} reads after the kill, peak ${planPeak} MB`);

    const confirm = ['--confirm', `sandbox:${data.counts.records}`, '--limit-records', String(CONTACTS)];
    [killAt, updates, peakMb] = [{ what: 'updates', n: Math.floor(CONTACTS / 200) }, 0, 0];
    expect((await go('apply', data.id, ...confirm)).code).toBe(null);
    killAt = undefined;
    const resumed = await go('resume', 'latest');
    expect([resumed.code, jsonLines(resumed.stdout).at(-1)]).toMatchObject([0, { data: { state: 'done' } }]);

    const now = new Map(sandbox.records('contacts').map(({ id, properties }) => [id, properties]));
    const wrong = contacts.filter((id, i) => now.get(id)?.['jobtitle'] !== (i < 20 ? 'By hand' : before.get(id)));
    const innocent = contacts.slice(20, 40).filter((id) => now.get(id)?.['city'] !== 'Bergen');
    console.log(
      `${CONTACTS} contacts from history: ${data.counts.records} put back after kill -9 while planning and while applying, ${wrong.length} wrong; ` +
        `peak ${planPeak} MB while planning, ${peakMb} MB while applying; the second half of planning took ${planned.seconds.toFixed(1)} s, of applying ${resumed.seconds.toFixed(1)} s`,
    );
    expect([wrong, innocent]).toEqual([[], []]);
    expect(planPeak).toBeLessThan(MOST_MB);
  } finally {
    await workspace.close();
  }
});

/** The most memory that a process has held, in MB. */
function peakOf(pid: number): number {
  try {
    return Math.round(Number(/VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
