import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

const ESCALATION = `version: 1
timezone: America/New_York
people: { maya: { name: Maya, email: maya@example.com, contact: [email] } }
channels: { mail: { type: email, host: 127.0.0.1, port: 9, tls: none, from: rb@example.com } }
severities: { sev1: { means: bad, policy: p }, sev2: { means: bad, policy: p }, sev3: { means: bad, policy: p }, sev4: { means: bad, policy: p } }
policies: { p: { levels: [ { notify: ["person:maya"], ack_within: 5m } ] } }
`;
const RUNBOOK = `version: 1
id: timed
title: A question of time
symptoms: [Something happened at some time]
inputs:
  since: { type: time, prompt: When did it begin?, default: 1d }
  what: { type: filter, prompt: What is meant?, default: {} }
steps: [{ id: seen, title: Look, manual: Look at it. }]
`;

let workspace: TestWorkspace;
let base: string;
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input', '--json'], { cwd: workspace.dir });
const dataOf = ({ stdout }: Finished): Record<string, unknown> => (jsonLines(stdout).at(-1)?.['data'] ?? {}) as Record<string, unknown>;
const notesOf = ({ stdout }: Finished): string =>
  jsonLines(stdout)
    .filter(({ type }) => type === 'note')
    .map(({ message }) => String(message))
    .join('\n');

/** Every place that takes a time of the past, and the moment that it took a text for. */
const PLACES: readonly (readonly [string, (text: string) => Promise<readonly [Finished, unknown]>])[] = [
  [
    'restore plan --since',
    async (text) => {
      const ended = await go('restore', 'plan', '--platform', 'hubspot', '--base', base, '--damaged', base, '--since', text);
      return [ended, (dataOf(ended)['filters'] as { since?: string } | undefined)?.since];
    },
  ],
  [
    'incident open --began',
    async (text) => {
      const ended = await go('incident', 'open', 'Wrong names', '--severity', 'sev4', '--began', text);
      return [ended, dataOf(ended)['beganAt']];
    },
  ],
  [
    'an input of type time',
    async (text) => {
      const ended = await go('runbook', 'run', 'timed', '--input', `since=${text}`, '--answers', 'answers.yml');
      return [ended, (dataOf(ended)['inputs'] as { since?: string } | undefined)?.since];
    },
  ],
  [
    'a filter',
    async (text) => {
      const ended = await go('runbook', 'run', 'timed', '--input', `what={"since":"${text}"}`, '--answers', 'answers.yml');
      return [ended, (dataOf(ended)['inputs'] as { what?: { since?: string } } | undefined)?.what?.since];
    },
  ],
];

beforeAll(async () => {
  workspace = await openWorkspace(5);
  await writeFile(join(workspace.dir, 'escalation.yml'), ESCALATION);
  await writeFile(join(workspace.dir, 'runbooks', 'timed.yml'), RUNBOOK);
  await writeFile(join(workspace.dir, 'answers.yml'), 'seen: done\n');
  base = await workspace.base();
});
afterAll(() => workspace.close());

describe.each(PLACES)('%s', (_, take) => {
  test('takes a time for that of the zone of the workspace, and shows what it understood in local time and in UTC', async () => {
    const [ended, at] = await take('2026-07-20 09:00');
    expect(at).toBe('2026-07-20T13:00:00.000Z');
    expect(notesOf(ended)).toContain('is Mon 2026-07-20 09:00 EDT, which is 2026-07-20 13:00 UTC');
  });

  test('takes a time that names its zone at its word', async () => {
    expect((await take('2026-07-20T09:00+02:00'))[1]).toBe('2026-07-20T07:00:00.000Z');
  });

  test('takes how long ago', async () => {
    const before = Date.now();
    const at = Date.parse(String((await take('2h'))[1]));
    expect(at).toBeGreaterThanOrEqual(before - 2 * 3_600_000 - 1000);
    expect(at).toBeLessThanOrEqual(Date.now() - 2 * 3_600_000);
  });

  test.each(['2026-02-31 10:00', '2026-02-31T10:00Z', '2026-03-08 02:30', '2026-07-20', 'soon'])('refuses %s, and nothing happens', async (text) => {
    const [ended, at] = await take(text);
    expect({ code: ended.code, at }).toEqual({ code: 64, at: undefined });
  });
});

test('a time to come has to be one', async () => {
  const id = String(dataOf(await go('incident', 'open', 'Later', '--severity', 'sev4'))['id']);
  expect((await go('incident', 'snooze', id, '--until', 'yesterday 14:00')).code).toBe(64);
  const before = Date.now();
  const snoozed = await go('incident', 'snooze', id, '--until', '2h');
  expect(Date.parse(String(dataOf(snoozed)['snoozedUntil']))).toBeGreaterThanOrEqual(before + 2 * 3_600_000);
  expect((await go('incident', 'open', 'Not yet', '--severity', 'sev4', '--began', 'in 2h')).code).toBe(64);
});

test('where escalation.yml cannot be read nobody knows the zone: a time has to name its own, and does', async () => {
  const path = join(workspace.dir, 'escalation.yml');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, `${whole}people: {}\n`);
  const plan = (since: string): Promise<Finished> =>
    go('restore', 'plan', '--platform', 'hubspot', '--base', base, '--damaged', base, '--since', since);
  const [without, withOne] = [await plan('2026-07-20 09:00'), await plan('2026-07-20T09:00Z')];
  await writeFile(path, whole);
  expect(without.code).toBe(64);
  expect(without.stdout).toMatch(/with its zone/);
  expect(withOne.stdout).not.toMatch(/with its zone/);
});
