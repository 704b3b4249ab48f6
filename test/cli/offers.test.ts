import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, onTestFinished, expect, test } from 'vitest';

import type { TestPostgres } from '../support/postgres.js';
import { cleanEnv, jsonLines, main } from './support/child.js';
import { runHere } from './support/here.js';
import { openIntakeWorld } from './support/intake-world.js';
import { openPair, openServer } from './support/pair.js';

/**
 * What a failed check tells to do next. A user would lose the minutes after the failure: a command that does not work as
 * it stands on the screen, or a runbook for something else.
 */

interface Offer {
  readonly kind: string;
  readonly what: string;
  readonly command: string;
}

let server: TestPostgres;

beforeAll(async () => {
  server = await openServer();
});
afterAll(async () => {
  await server.stop();
});

const nextIn = (stdout: string): readonly Offer[] => ((jsonLines(stdout).at(-1) ?? {})['data'] as { next: readonly Offer[] }).next;

/** The commands below "What to do", as they stand on a screen: with a line break where one goes over two lines. */
function onScreen(text: string): readonly string[] {
  const lines = text.slice(text.indexOf('What to do')).split('\n');
  return lines
    .flatMap((line) => (line.startsWith('    ') ? [line.slice(4)] : ['']))
    .join('\n')
    .split(/\n{2,}/u)
    .map((block) => block.trim())
    .filter((block) => block !== '');
}

/** Pastes a command into a shell, where nobody is at the terminal. */
async function pasted(dir: string, command: string): Promise<{ readonly code: number; readonly out: string }> {
  const bin = join(dir, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'runback'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@" --no-input\n`);
  await chmod(join(bin, 'runback'), 0o755);
  return await new Promise((resolve) => {
    const env = { ...cleanEnv({}), PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    execFile('sh', ['-c', command], { cwd: dir, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out: stdout + stderr }),
    );
  });
}

const MAPPING = `version: 1
id: people
between: { crm: hubspot/contacts, store: warehouse/public.people }
match: [{ crm: email, store: email, as: email }]
settle: 1s
fields:
  - { crm: city, store: city, authority: crm }
`;

test('a reconciliation that fails names the runbook, an investigation and a plan, and each command works as it is pasted', async () => {
  const pair = await openPair(server, 20);
  onTestFinished(pair.close);
  await mkdir(join(pair.dir, 'mappings'));
  await writeFile(join(pair.dir, 'mappings', 'people.yml'), MAPPING);
  await cp(join(import.meta.dirname, '..', '..', 'runbooks'), join(pair.dir, 'runbooks'), { recursive: true });
  await pair.done('reconcile', 'run', 'people');
  for (const id of pair.contacts.slice(0, 3)) await pair.edit(id, { city: 'Valued Customer' }, 'warehouse');
  const { code, data } = await pair.run('reconcile', 'run', 'people', '--to', join(pair.dir, 'report.html'));
  expect(code).toBe(2);
  const offers = data['next'] as readonly Offer[];
  expect(offers.map(({ kind }) => kind)).toEqual(['investigate', 'investigate', 'runbook', 'reconcile']);
  // The table holds what does not count: it is looked into first.
  expect(offers[0]?.command).toMatch(/^runback investigate --platform warehouse --base \S+ --since \S+$/u);
  expect(offers[2]?.command).toMatch(/^runback runbook run mass-overwrite --input platform=warehouse --input base=\S+$/u);
  const html = await readFile(join(pair.dir, 'report.html'), 'utf8');
  for (const { command } of offers) expect(html).toContain(command);

  const text = await pair.text('reconcile', 'run', 'people');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const commands = onScreen(text);
  expect(commands).toHaveLength(4);
  const ended: [string, number][] = [];
  for (const command of commands) {
    const { code: exit, out } = await pasted(pair.dir, command);
    ended.push([command.split(' ').slice(0, 3).join(' '), exit]);
    if (command.includes('investigate --platform warehouse')) expect(out).toContain('public.people.city: 3 values were replaced');
  }
  // 5: the runbook has begun and waits for a person.
  expect(ended).toEqual([
    ['runback investigate --platform', 0],
    ['runback investigate --platform', 0],
    ['runback runbook run', 5],
    ['runback reconcile plan', 0],
  ]);
});

test('a load that fails offers what works where no snapshot is there yet', async () => {
  const world = await openIntakeWorld();
  onTestFinished(world.close);
  await cp(join(import.meta.dirname, '..', '..', 'runbooks'), join(world.dir, 'runbooks'), { recursive: true });
  world.take = (n, fields, response) => {
    if (n % 2 === 0) world.put(fields);
    response.end('ok');
  };
  await world.test({ load: '  count: 6\n  at_once: true', expect: '{ within: 300ms }' });
  const { code, stdout } = await runHere(['test', 'run', 'signups', '--json', '--no-input'], { cwd: world.dir });
  const offers = nextIn(stdout);
  expect(code).toBe(2);
  expect(offers.map(({ command }) => command)).toEqual([
    'runback snapshot create --platform crm',
    'runback runbook show credentials-outage',
    'runback runbook show sync-stopped',
  ]);
  const report = await runHere(['test', 'report', 'latest', '--no-input'], { cwd: world.dir });
  expect(onScreen(report.stdout)).toEqual(offers.map(({ command }) => command));
  await runHere(['test', 'report', 'latest', '--to', 'test.xml', '--no-input'], { cwd: world.dir });
  expect(await readFile(join(world.dir, 'test.xml'), 'utf8')).toContain('runback snapshot create --platform crm');
  for (const { command } of offers) expect((await pasted(world.dir, command)).code).toBe(0);
  // Now there is something to compare with, and not from before the test.
  const later = await runHere(['test', 'report', 'latest', '--json', '--no-input'], { cwd: world.dir });
  const [first] = nextIn(later.stdout);
  expect(first?.command).toMatch(/^runback investigate --platform crm --base \S+$/u);
  expect((await pasted(world.dir, first?.command ?? '')).code).toBe(0);
});
