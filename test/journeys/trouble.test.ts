import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/index.js';
import { jsonLines } from '../cli/support/child.js';
import { flat, openSmallRun, type SmallRun, START } from './support/small-run.js';

let run: SmallRun;

beforeAll(async () => {
  run = await openSmallRun();
  await run.configure('requests_per_10s: 1000 }', 'requests_per_10s: 1000, wait: 1s }');
  await run.configure('settle: 0s }', 'settle: 0s, timeout: 30s }');
});
afterAll(() => run.close());

const READ = '/crm/v3/objects/contacts';
test.each<[string, Fault, string, RegExp, string | undefined]>([
  ['is down', { kind: 'server-error', status: 503, path: '*batch/*', after: 5 }, 'platform-unreachable', /problem \(status 503\)/u, '10 of 20'],
  ['is too slow', { kind: 'delay', ms: 600_000, path: READ }, 'platform-unreachable', /no complete answer within 1 s/u, undefined],
  ['answers nonsense', { kind: 'nonsense', path: READ }, 'platform-nonsense', /Unexpected response from HubSpot: it is not JSON/u, undefined],
  ['is rate-limiting us', { kind: 'rate-limit', path: '*batch/update' }, 'platform-limit', /Waiting 1 s: HubSpot is rate-limiting us/u, '0 of 20'],
])('a platform that %s midway: exit 3 with the reason, what is written so far and the command that goes on', async (_, fault, code, why, written) => {
  await run.newDamage();
  const id = run.sandbox.faults.add({ ...fault, times: null });
  if (fault.kind === 'delay') await run.configure('timeout: 30s', 'timeout: 1s');
  const stopped = await run.go(START);
  run.sandbox.faults.remove(id);
  if (fault.kind === 'delay') await run.configure('timeout: 1s', 'timeout: 30s');
  expect(stopped, stopped.stderr).toMatchObject({ code: 3 });
  expect(flat(stopped)).toContain(`Code ${code} (exit 3`);
  expect(flat(stopped)).toMatch(why);
  expect(flat(stopped)).toMatch(/Continue: runback runbook resume run-\d/u);
  if (written !== undefined) expect(flat(stopped)).toContain(`${written} changes are on the platform.`);
  expect(run.paused()).toBe(true);
  await run.expectResumed();
});

test('a platform that is not there: retried in sight of the person, then 3, and the run goes on when it is back', async () => {
  await run.newDamage();
  await run.configure(run.sandbox.url, 'http://127.0.0.1:1');
  const stopped = await run.go([...START, '--json']);
  await run.configure('http://127.0.0.1:1', run.sandbox.url);
  const lines = jsonLines(stopped.stdout);
  expect(stopped.code).toBe(3);
  expect(lines.at(-1)).toMatchObject({ error: { code: 'platform-unreachable', next: expect.stringContaining('runback runbook resume run-') } });
  expect(lines.filter((line) => line['type'] === 'waiting').length).toBeGreaterThan(0);
  await run.expectResumed();
});
