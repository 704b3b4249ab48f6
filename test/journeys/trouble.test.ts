import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/index.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

const DAMAGED = 20;
let workspace: TestWorkspace;
let config: string;
let before: Map<string, string | undefined>;
let turn = 0;

const START = ['runbook', 'run', 'small', '--input', 'platform=hubspot'];
const RESUME = ['runbook', 'resume', 'latest'];
/** One command as a script would call it, its text for people in `stderr`. */
const go = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished> =>
  runback([...args, ...(args[0] === 'runbook' ? ['--answers', 'answers.yml'] : []), '--no-input', '--as', 'maya'], {
    cwd: workspace.dir,
    ...(env === undefined ? {} : { env }),
  });
/** Text for people with its line breaks taken out. */
const flat = ({ stderr }: Finished): string => stderr.replaceAll(/\s+/gu, ' ');
const open = (): number => [...before].filter(([id, title]) => workspace.title(id) !== title).length;

/** Damages records anew, and answers what the runbook will ask. */
async function damage(): Promise<void> {
  before = workspace.damage(DAMAGED, `Wrong ${(turn += 1)}`);
  workspace.sandbox.resetCounts();
  const answers = { review: 'yes', apply: `sandbox:${DAMAGED}`, told: 'done' };
  await writeFile(join(workspace.dir, 'answers.yml'), JSON.stringify(answers));
}

/** The run goes on to its end: all is repaired, each record was written once, and the sync is as it was. */
async function expectResumed(): Promise<void> {
  const ended = await go(RESUME);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  expect(open()).toBe(0);
  expect(new Set(Object.values(workspace.sandbox.counts().writesPerRecord))).toEqual(new Set([1]));
  expect(workspace.paused()).toBe(false);
}

beforeAll(async () => {
  workspace = await openWorkspace(30);
  const file = join(workspace.dir, 'runback.yml');
  config = (await readFile(file, 'utf8')).replace('requests_per_10s: 1000 }', 'requests_per_10s: 1000, wait: 1s }\n    options: { timeout: 300ms }');
  await writeFile(file, config);
  await workspace.base();
});
afterAll(() => workspace.close());

describe('a platform that fails in the middle of a run', { timeout: 60_000 }, () => {
  const READ = '/crm/v3/objects/contacts';
  test.each<[string, Fault, string, RegExp, string | undefined]>([
    ['is down', { kind: 'server-error', status: 503, path: '*batch/*', after: 5 }, 'platform-unreachable', /trouble \(status 503\)/u, '10 of 20'],
    ['is too slow', { kind: 'delay', ms: 600, path: READ }, 'platform-unreachable', /no whole answer within 0.3 s/u, undefined],
    ['answers nonsense', { kind: 'nonsense', path: READ }, 'platform-nonsense', /makes no sense: it is not JSON/u, undefined],
    ['limits us', { kind: 'rate-limit', path: '*batch/update' }, 'platform-limit', /Waiting 1 s: HubSpot says that we are too fast/u, '0 of 20'],
  ])('%s: exit 3 with the reason, what is written so far and the command that goes on', async (_, fault, code, why, written) => {
    await damage();
    const id = workspace.sandbox.faults.add({ ...fault, times: null });
    const stopped = await go(START);
    workspace.sandbox.faults.remove(id);
    expect(stopped, stopped.stderr).toMatchObject({ code: 3 });
    expect(flat(stopped)).toContain(`Code ${code} (exit 3`);
    expect(flat(stopped)).toMatch(why);
    expect(flat(stopped)).toMatch(/Go on: runback runbook resume run-\d/u);
    if (written !== undefined) expect(flat(stopped)).toContain(`${written} changes are on the platform.`);
    expect(workspace.paused()).toBe(true);
    await expectResumed();
  });

  test('is not there at all: retried in sight of the person, then 3, and the run goes on when it is back', async () => {
    await damage();
    await writeFile(join(workspace.dir, 'runback.yml'), config.replace(workspace.sandbox.url, 'http://127.0.0.1:1'));
    const stopped = await runback([...START, '--answers', 'answers.yml', '--json', '--no-input'], { cwd: workspace.dir });
    await writeFile(join(workspace.dir, 'runback.yml'), config);
    const lines = jsonLines(stopped.stdout);
    expect(stopped.code).toBe(3);
    expect(lines.at(-1)).toMatchObject({ error: { code: 'platform-unreachable', next: expect.stringContaining('runback runbook resume run-') } });
    expect(lines.filter((line) => line['type'] === 'waiting').length).toBeGreaterThan(0);
    await expectResumed();
  });
});

describe('credentials that end in the middle of a run', { timeout: 60_000 }, () => {
  test.each<[string, Fault, string, RegExp]>([
    ['token', { kind: 'expire-token' }, 'auth-refused', /Platform hubspot: HubSpot refuses the token .* Copy a new token .* to file:token/u],
    ['scope', { kind: 'remove-scope', scope: 'crm.objects.contacts.write' }, 'scope-missing', /lacks the scope crm\.objects\.contacts\.write/u],
  ])('%s: exit 4 with how to renew it, again while it is not renewed, and the run goes on when it is', async (_, fault, code, how) => {
    await damage();
    workspace.sandbox.faults.add({ ...fault, path: '*batch/update', after: 1 });
    const stopped = await go(START);
    const still = await go(RESUME);
    for (const ended of [stopped, still]) {
      expect(ended, ended.stderr).toMatchObject({ code: 4 });
      expect(flat(ended)).toMatch(how);
      expect(flat(ended)).toMatch(new RegExp(`Go on: runback runbook resume run-.* Code ${code} `, 'u'));
    }
    expect(flat(stopped)).toContain('10 of 20 changes are on the platform.');
    workspace.sandbox.renewToken();
    await expectResumed();
  });
});
