import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/**
 * A person would lose: the ordinary answer. Names that every object inherits are names like any others: unknown where
 * nobody gave them.
 */

const NAMES = ['__proto__', 'constructor', 'toString'];
/** Every place where a command line names something. */
const PLACES: readonly (readonly string[])[] = [
  ['snapshot', 'create', '--platform', 'NAME'],
  ['snapshot', 'show', 'NAME'],
  ['snapshot', 'export', 'latest', 'NAME'],
  ['snapshot', 'cat', 'latest', 'contacts', 'NAME'],
  ['diff', 'latest', 'live', '--object', 'NAME'],
  ['restore', 'plan', '--platform', 'NAME', '--base', 'latest'],
  ['restore', 'plan', '--platform', 'hubspot', '--base', 'latest', '--field', 'NAME'],
  ['restore', 'plan', '--platform', 'hubspot', '--base', 'latest', '--only', 'NAME'],
  ['runbook', 'run', 'NAME'],
  ['runbook', 'run', 'small', '--input', 'NAME=1'],
  ['runbook', 'run', 'small', '--input', 'platform=NAME'],
  ['runbook', 'resume', 'NAME'],
  ['incident', 'open', 'x', '--severity', 'NAME'],
  ['incident', 'open', 'x', '--severity', 'sev1', '--platform', 'NAME'],
  ['incident', 'vendor', 'NAME', 'latest'],
  ['incident', 'link', 'latest', 'NAME', 'x'],
  ['escalation', 'simulate', '--severity', 'NAME'],
  ['escalation', 'test', 'NAME'],
  ['sync', 'pause', 'NAME'],
  ['lock', 'take', 'NAME'],
  ['approve', 'NAME'],
  ['completion', 'NAME'],
  ['NAME'],
  ['snapshot', 'NAME'],
];

const ESCALATION = `version: 1
people:
  maya: { name: Maya, email: maya@example.com, contact: [email] }
channels: { ops: { type: command, run: ["true"] } }
severities: { sev1: { means: Bad, policy: critical } }
policies:
  critical: { levels: [{ notify: [person:maya], ack_within: 5m }] }
`;

let workspace: TestWorkspace;
const json = async (...args: string[]): Promise<{ readonly code: number | null; readonly last: Record<string, unknown> }> => {
  const ended = await runHere([...args, '--no-input', '--json'], { cwd: workspace.dir });
  return { code: ended.code, last: jsonLines(ended.stdout).at(-1) ?? {} };
};

beforeAll(async () => {
  workspace = await openWorkspace(3);
  await writeFile(join(workspace.dir, 'escalation.yml'), ESCALATION);
  await workspace.base();
});
afterAll(() => workspace.close());

describe('on a command line they are unknown names', () => {
  test.each(PLACES)('%s %s %s %s', async (...words) => {
    for (const name of NAMES) {
      const { code, last } = await json(...words.map((word) => word.replace('NAME', name)));
      expect(last, words.join(' ')).toMatchObject({ ok: false });
      expect((last['error'] as { code: string }).code).not.toBe('bug');
      expect(code).not.toBe(0);
      expect(code).not.toBe(1);
    }
  });
});

describe('in files', () => {
  const inFile = async (file: string, text: string, ...args: string[]): Promise<Record<string, unknown>> => {
    const path = join(workspace.dir, file);
    const before = await readFile(path, 'utf8').catch(() => undefined);
    await writeFile(path, text);
    try {
      return (await json(...args)).last;
    } finally {
      if (before !== undefined) await writeFile(path, before);
    }
  };

  test.each([
    ['escalation.yml', ESCALATION.replace('notify: [person:maya]', 'notify: [NAME]'), ['escalation', 'lint'], ['person:', 'channel:', 'schedule:']],
    ['escalation.yml', ESCALATION.replace('policy: critical', 'policy: NAME'), ['escalation', 'lint'], ['']],
    ['escalation.yml', ESCALATION.replace('type: command', 'type: NAME'), ['escalation', 'lint'], ['']],
    ['runbooks/odd.yml', 'version: 1\nid: odd\ntitle: Odd\nsymptoms: [x]\nsteps: [{ id: a, title: A, action: NAME }]\n', ['runbook', 'lint'], ['']],
  ] as const)('%s: what points to one of them points to nothing (%#)', async (file, text, args, prefixes) => {
    for (const name of NAMES)
      for (const prefix of prefixes) {
        const last = await inFile(file, text.replace('NAME', `${prefix}${name}`), ...args);
        expect(JSON.stringify(last)).not.toContain('"code":"bug"');
        expect(last).toMatchObject({ exitCode: 65 });
      }
  });

  test.each([
    [
      'escalation.yml',
      ESCALATION.replace('maya: {', '__proto__: { name: X, email: x@example.com, contact: [email] }\n  maya: {'),
      ['escalation', 'show'],
    ],
    ['runback.yml', 'version: 1\nplatforms: { __proto__: { connector: hubspot, environment: sandbox } }\n', ['status']],
    [
      'runbooks/small.yml',
      'version: 1\nid: small\ntitle: S\nsteps: [{ id: a, title: A, decide: { __proto__: stop, go: continue } }]\n',
      ['runbook', 'show', 'small'],
    ],
  ])('%s: what is put under __proto__ is refused, not lost', async (file, text, args) => {
    const last = await inFile(file, text, ...args);
    expect(last).toMatchObject({ ok: false, error: { code: 'file-invalid', message: expect.stringContaining('"__proto__" cannot be a name') } });
  });

  test('an answers file too', async () => {
    await writeFile(join(workspace.dir, 'answers.yml'), '__proto__: yes\n');
    const { last } = await json('runbook', 'run', 'small', '--answers', 'answers.yml', '--incident', 'none');
    expect(last).toMatchObject({ ok: false, error: { code: 'file-invalid' } });
  });

  test('a person, a channel and an input may be called constructor', async () => {
    const text = ESCALATION.replaceAll('maya', 'constructor').replace('ops:', 'valueOf:').replace('[person:', '[channel:valueOf, person:');
    const last = await inFile('escalation.yml', text.replaceAll('valueOf', 'valueof'), 'escalation', 'simulate', '--severity', 'sev1', '--for', '4m');
    expect(last).toMatchObject({ ok: true });
    expect(JSON.stringify(last)).toContain('"constructor"');
    const runbook = 'version: 1\nid: odd\ntitle: Odd\nsymptoms: [x]\ninputs: { constructor: { type: string, prompt: Which? } }\n';
    await writeFile(
      join(workspace.dir, 'runbooks', 'odd.yml'),
      `${runbook}steps: [{ id: say, title: Say, command: [echo, "\${{ inputs.constructor }}"], effect: read }]\n`,
    );
    const args = ['runbook', 'run', 'odd', '--incident', 'none'];
    expect((await json(...args)).last).toMatchObject({ error: { code: 'person-needed', message: 'Which?' } });
    expect((await json(...args, '--input', 'constructor=me')).last).toMatchObject({ ok: true, data: { state: 'succeeded' } });
  });
});
