import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { freePort } from '../support/ports.js';
import { jsonLines, runback } from './support/child.js';
import { runHere } from './support/here.js';
import { type IntakeWorld, openIntakeWorld } from './support/intake-world.js';

/**
 * Loads that are disturbed. A user would lose: an integration that is blamed for what nobody acknowledged, or a staging
 * engine that stays broken after the test was killed.
 */

type Totals = Readonly<Record<'once' | 'doubled' | 'lost' | 'refused' | 'late' | 'unknown', number>>;
interface Result {
  readonly load: {
    readonly answers: Readonly<Record<'acknowledged' | 'refused' | 'unanswered', number>>;
    readonly places: readonly { readonly totals: Totals }[];
    readonly disturbed: readonly { readonly what: string; readonly answered: number; readonly lastedMs: number }[];
  };
}

let world: IntakeWorld;
beforeEach(async () => {
  world = await openIntakeWorld();
});
afterEach(async () => {
  await world.close();
});

const load = async (
  disturb: string,
  { count = 24, over = '4s', submit, proxy = '' }: { count?: number; over?: string; submit?: string; proxy?: string } = {},
): Promise<void> => {
  const path = join(world.dir, 'tests', 'signups.yml');
  await world.test({
    load: `  count: ${count}\n  ${over === '0s' ? 'at_once: true' : `over: ${over}`}`,
    expect: '{ within: 5s, refused: 100, unknown: 100 }',
    ...(submit !== undefined && { submit }),
  });
  await writeFile(path, `${await readFile(path, 'utf8')}disturb:\n${disturb}\n${proxy}`);
};
const run = async (): Promise<{ readonly code: number | null; readonly result: Result; readonly totals: Totals; readonly out: string }> => {
  const { code, stdout } = await runHere(['test', 'run', 'signups', '--json', '--no-input'], { cwd: world.dir });
  const last = jsonLines(stdout).at(-1) as { data?: Result } | undefined;
  const result = last?.data as Result;
  return { code, result, totals: result?.load?.places[0]?.totals as Totals, out: stdout };
};
const all = (totals: Totals): number => Object.values(totals).reduce((sum, one) => sum + one, 0);
const form = (): string =>
  `{ url: "${world.crm.url}/submissions/v3/integration/submit/${world.crm.portalId}/6ba7b810-9dad-11d1-80b4-00c04fd430c8", environment: sandbox, answer_within: 30s, json: { fields: [{ name: email, value: "{address}" }, { name: lastname, value: "{mark}" }] } }`;

test('an outage of the sandbox: what was not answered is unknown, nothing is lost, and no fault is left', async () => {
  await load('  - { at: 30%, with: outage }', { submit: form() });
  const { code, result, totals, out } = await run();
  expect(code, out).toBe(0);
  expect(all(totals)).toBe(24);
  expect(totals).toMatchObject({ lost: 0, doubled: 0, late: 0, refused: 0, once: result.load.answers.acknowledged });
  expect(totals.unknown).toBe(result.load.answers.unanswered);
  expect(totals.unknown).toBeGreaterThan(0);
  expect(totals.once).toBeGreaterThan(7);
  expect(result.load.disturbed).toMatchObject([{ what: 'outage of crm' }]);
  expect(result.load.disturbed[0]?.answered).toBeGreaterThanOrEqual(8);
  expect(world.crm.faults.list()).toEqual([]);
  expect(world.production.writes()).toEqual([]);
  const { stdout } = await runHere(['test', 'report', 'latest', '--no-input'], { cwd: world.dir });
  expect(stdout).toContain('outage of crm, when');
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('rate limits and errors of the sandbox: the first are refused, the second unknown; one after the other', async () => {
  await load('  - { with: rate-limit, for: 2s, on: crm }\n  - { at: 50%, with: errors }', { submit: form() });
  const { result, totals } = await run();
  expect(all(totals)).toBe(24);
  expect(totals).toMatchObject({ lost: 0, refused: result.load.answers.refused, unknown: result.load.answers.unanswered });
  expect([totals.refused > 0, totals.unknown > 0]).toEqual([true, true]);
  expect(world.crm.faults.list()).toEqual([]);
});

/** An engine that thanks people at once and writes to the account with its token afterwards. `patient`: it tries again when it is refused. */
const withToken = (patient: boolean): { readonly refused: () => number; readonly done: () => Promise<void> } => {
  let refused = 0;
  const writing: Promise<void>[] = [];
  const write = async ({ email, mark }: { readonly email: string; readonly mark: string }): Promise<void> => {
    for (;;) {
      const answer = await fetch(`${world.crm.url}/crm/v3/objects/contacts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.crm.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ properties: { email, lastname: mark } }),
      });
      await answer.arrayBuffer();
      if (answer.ok) return;
      if (answer.status === 401) refused += 1;
      if (!patient && answer.status === 401) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  world.take = (_, sent, response) => {
    response.end('thank you');
    writing.push(write(sent));
  };
  return { refused: () => refused, done: async () => void (await Promise.all(writing)) };
};

test.each([true, false])(
  'a revoked token: an engine that tries again (%s) loses nobody, and one that does not loses those whom it thanked',
  async (patient) => {
    const sync = withToken(patient);
    await load('  - { at: 25%, with: revoke-token, on: crm, for: 2s }');
    const { code, result, totals, out } = await run();
    await sync.done();
    expect(result.load.answers, out).toEqual({ acknowledged: 24, refused: 0, unanswered: 0 });
    expect(result.load.disturbed).toMatchObject([{ what: 'revoke-token of crm for 2s' }]);
    expect(sync.refused()).toBeGreaterThan(0);
    expect(totals).toMatchObject(patient ? { once: 24, lost: 0 } : { once: 24 - sync.refused(), lost: sync.refused(), unknown: 0 });
    expect(code).toBe(patient ? 0 : 2);
    // The token works again for everyone.
    expect(world.crm.faults.list()).toEqual([]);
    expect(world.production.writes()).toEqual([]);
  },
);

/** An intake of a customer that is down as long as a file is there. */
const engine = (): void => {
  world.take = (_, fields, response) => {
    if (existsSync(join(world.dir, 'down'))) {
      response.statusCode = 503;
      return void response.end('down');
    }
    world.put(fields);
    response.end('ok');
  };
};
const pair = (mend = '[rm, -f, down]', breaks = '[touch, down]'): string => `{ break: ${breaks}, mend: ${mend} }`;

test('a pair of programs breaks an engine and fixes it', async () => {
  engine();
  await load(`  - { at: 50%, with: ${pair()} }`);
  const { code, result, totals } = await run();
  expect(code).toBe(0);
  expect(totals).toMatchObject({ lost: 0, refused: 0, unknown: result.load.answers.unanswered, once: 24 - totals.unknown });
  expect(totals.unknown).toBeGreaterThan(0);
  expect(existsSync(join(world.dir, 'down'))).toBe(false);
});

test('what goes through the proxy of the test is cut, refused and late there, and passes otherwise', async () => {
  const port = await freePort();
  const submit = world.submit.replace(world.url, `http://127.0.0.1:${port}/signup`);
  const proxy = `proxy: { listen: "127.0.0.1:${port}", to: "${new URL(world.url).origin}" }`;
  let asked = 0;
  const taken = world.take;
  world.take = (...args) => {
    asked += 1;
    taken(...args);
  };
  await load('  - { with: delay, by: 20ms, for: 50ms }\n  - { at: 30%, with: outage }', { submit, proxy });
  const cut = await run();
  expect(cut.code, cut.out).toBe(0);
  expect(all(cut.totals)).toBe(24);
  // What had its connection cut before it was sent is refused: nobody took it.
  expect(cut.totals).toMatchObject({ lost: 0, doubled: 0, late: 0, once: asked, refused: cut.result.load.answers.refused });
  expect([asked > 7, cut.totals.unknown > 0]).toEqual([true, true]);
  expect(cut.result.load.disturbed.map(({ what }) => what)).toEqual(['delay of the proxy for 50ms', 'outage of the proxy']);
  asked = 0;
  await load('  - { at: 30%, with: rate-limit }', { submit, proxy });
  const limited = await run();
  expect(limited.totals).toMatchObject({ lost: 0, doubled: 0, unknown: 0, once: asked, refused: 24 - asked });
  expect([asked > 7, limited.totals.refused > 0]).toEqual([true, true]);
});

test('a proxy never passes on to production, and only what this machine hears is listened on', async () => {
  await load('  - { with: outage }', { proxy: `proxy: { listen: "127.0.0.1:8099", to: "${world.production.url}" }` });
  expect((await runHere(['test', 'run', 'signups', '--no-input'], { cwd: world.dir })).code).toBe(6);
  await load('  - { with: outage }', { proxy: 'proxy: { listen: "0.0.0.0:8099", to: "http://127.0.0.1:1" }' });
  expect((await runHere(['test', 'run', 'signups', '--no-input'], { cwd: world.dir })).code).toBe(65);
  await load('  - { with: outage, on: production }');
  expect((await runHere(['test', 'run', 'signups', '--no-input'], { cwd: world.dir })).code).toBe(6);
  expect(world.production.writes()).toEqual([]);
  expect(world.production.faults.list()).toEqual([]);
});

test('killed while it breaks: a clean-up ends the fault, runs the program that fixes, and takes the records away', async () => {
  engine();
  const before = world.addresses();
  await load(`  - { with: delay, by: 1ms, on: crm }\n  - { at: 50%, with: ${pair('[rm, -f, down]', '[sh, -c, "touch down; kill -9 $PPID"]')} }`, {
    over: '600ms',
  });
  const killed = await runback(['test', 'run', 'signups', '--no-input'], { cwd: world.dir });
  expect(killed.code).not.toBe(0);
  expect([existsSync(join(world.dir, 'down')), world.crm.faults.list().length]).toEqual([true, 1]);
  const cleaned = await runHere(['test', 'cleanup', '--json', '--no-input'], { cwd: world.dir });
  // What it had submitted may still arrive.
  expect([cleaned.code, cleaned.stdout.includes('"until"')], cleaned.stdout).toEqual([3, true]);
  expect([existsSync(join(world.dir, 'down')), world.crm.faults.list(), world.addresses()]).toEqual([false, [], before]);
  // Nothing is left to be ended.
  const again = await runHere(['test', 'cleanup', '--no-input'], { cwd: world.dir });
  expect(again.stdout).not.toContain('has ended');
});

test('killed while it fixes: the next test fixes it before anything is submitted', async () => {
  engine();
  await load(`  - { with: ${pair('[sh, -c, "test -e killed && rm -f down || { touch killed; kill -9 $PPID; }"]')}, for: 50ms }`, {
    count: 4,
    over: '100ms',
  });
  expect((await runback(['test', 'run', 'signups', '--no-input'], { cwd: world.dir })).code).not.toBe(0);
  expect(existsSync(join(world.dir, 'down'))).toBe(true);
  await load(`  - { at: 99%, with: ${pair()} }`, { count: 4, over: '100ms' });
  const { code, totals } = await run();
  expect([code, totals.once, existsSync(join(world.dir, 'down'))]).toEqual([0, 4, false]);
});

test('what cannot be fixed is said with the command to run; a person can say that it was', async () => {
  engine();
  await load(`  - { with: ${pair('[sh, -c, "echo no such engine >&2; exit 7"]')}, for: 50ms }`, { count: 4, over: '100ms' });
  const failed = await runHere(['test', 'run', 'signups', '--no-input'], { cwd: world.dir });
  expect(failed.code).toBe(3);
  expect(failed.stderr).toContain('no such engine');
  expect(failed.stderr).toContain(`sh -c 'echo no such engine >&2; exit 7'`);
  // Neither another test nor a clean-up goes past it.
  expect((await runHere(['test', 'run', 'signups', '--no-input'], { cwd: world.dir })).code).toBe(3);
  expect((await runHere(['test', 'cleanup', '--no-input'], { cwd: world.dir })).code).toBe(3);
  const ended = await runHere(['test', 'cleanup', '--disturbance-ended', '--no-input'], { cwd: world.dir });
  // What was submitted may still arrive: nobody has looked.
  expect([ended.code, ended.stdout.includes('has ended'), ended.stdout.includes('More may arrive')], ended.stderr).toEqual([3, true, true]);
});
