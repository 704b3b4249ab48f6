import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { type Finished, jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { fileSyncs, openOperator, type Operator } from './support/operator.js';

const CONFIG = `version: 1
platforms:
  warehouse: { connector: postgres, environment: staging, account: shop, url: "postgres://127.0.0.1:1/shop" }
${fileSyncs('warehouse', 'feed')}
backups: { storage: backups }
`;
const POLICY = `version: 1
timezone: UTC
people:
  sam: { name: Sam Hill, email: sam@example.com, contact: [email] }
  ann: { name: Ann Bell, email: ann@example.com, contact: [email], role: operator }
  lee: { name: Lee Park, email: lee@example.com, contact: [email], role: director }
channels: { mail: { type: email, host: 127.0.0.1, port: 1, from: runback@example.com } }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
  director: { inherits: operator, may: [approve-restore, resume-syncs, override-verification] }
severities: { sev1: { means: Customer data is being corrupted, policy: critical, quiet_hours: ignore } }
policies: { critical: { levels: [{ notify: ["person:sam"], ack_within: 5m, grants: operator }], exhausted: { notify: ["person:sam"], every: 5m } } }
`;
const RUNBOOK = `version: 1
id: stop-and-go
title: Stop and go
inputs:
  plan: { type: string, prompt: Which plan put the damage right?, default: none }
steps:
  - { id: pause, title: Stop the feed, action: syncs.pause, with: { names: [feed] } }
  - { id: look, title: Look, manual: Look at it. }
  - { id: verify, title: Prove it, when: inputs.plan != "none", action: restore.verify, with: { plan: "\${{ inputs.plan }}" } }
  - { id: resume, title: Start the feed, action: syncs.resume, with: { paused_by: "\${{ steps.pause.id }}" } }
`;

let operator: Operator;
beforeAll(async () => {
  operator = await openOperator(CONFIG, { 'escalation.yml': POLICY, 'runbooks/stop-and-go.yml': RUNBOOK, 'answers.yml': 'look: done' });
});
afterAll(() => operator.close());
beforeEach(() => operator.write('sync-feed', 'running'));
afterEach(async () => {
  for (const { id } of ((await operator.done('sync', 'list'))['pauses'] ?? []) as { readonly id: string }[])
    await as('lee', 'sync', 'resume', id, '--override');
});

interface Said extends Finished {
  readonly data: Record<string, unknown>;
  readonly error: {
    readonly code?: string;
    readonly message?: string;
    readonly why?: string;
    readonly next?: string;
    readonly data?: Record<string, unknown>;
  };
}
async function as(person: string, ...args: string[]): Promise<Said> {
  const ended = await runHere([...args, '--json', '--no-input', '--as', person], { cwd: operator.dir });
  const last = jsonLines(ended.stdout).at(-1) ?? {};
  return { ...ended, data: (last['data'] ?? {}) as Said['data'], error: (last['error'] ?? {}) as Said['error'] };
}
const feed = (): Promise<string> => readFile(join(operator.dir, 'sync-feed'), 'utf8');

test('whoever has no role may not stop a sync, snapshot or plan, and is told who may', async () => {
  const refused = await as('sam', 'sync', 'pause', 'feed');
  expect(refused).toMatchObject({ code: 6, error: { code: 'not-authorised', data: { by: 'sam', act: 'pause-syncs', from: ['ann', 'lee'] } } });
  expect(refused.error.why).toMatch(/Sam has no role now.*|sam has no role now/iu);
  expect(refused.error.why).toContain('Ann Bell (ann, operator)');
  expect(refused.error.next).toContain('--as NAME');
  expect(await feed()).toBe('running');
  expect((await as('anne', 'sync', 'pause', 'feed')).error.why).toContain('Nobody is called "anne" in escalation.yml, did you mean "ann"? Who may');
  // Before the platform is asked for anything: that would end with 3 or 4.
  expect(await as('sam', 'snapshot', 'create')).toMatchObject({ code: 6, error: { data: { act: 'snapshot' } } });
});

test('a level that told somebody gives them its role while the incident is open, and no longer', async () => {
  const opened = await as('sam', 'incident', 'open', 'Wrong names', '--severity', 'sev1');
  expect(opened).toMatchObject({ code: 0 });
  expect(await as('sam', 'sync', 'pause', 'feed')).toMatchObject({ code: 0 });
  expect(await feed()).toBe('paused');
  expect(await as('sam', 'sync', 'resume')).toMatchObject({ code: 6, error: { data: { act: 'resume-syncs', from: ['lee'] } } });
  expect(await feed()).toBe('paused');
  expect(await as('lee', 'sync', 'resume')).toMatchObject({ code: 0 });
  expect(await as('sam', 'incident', 'resolve', 'latest', '--what', 'corrected')).toMatchObject({ code: 0 });
  expect(await as('sam', 'sync', 'pause', 'feed')).toMatchObject({ code: 6 });
  expect(await feed()).toBe('running');
});

test('a run waits at a step that is not for this person, and somebody who may goes on', async () => {
  const refused = await as('sam', 'runbook', 'run', 'stop-and-go', '--answers', 'answers.yml');
  expect(refused).toMatchObject({ code: 6, error: { code: 'not-authorised', data: { step: 'pause', act: 'pause-syncs' } } });
  expect(refused.error.next).toMatch(/runback runbook resume run-\S+ --as NAME/u);
  expect(await feed()).toBe('running');
  // Nothing has proved that the damage is gone: starting the feed again takes more than stopping it.
  const ann = await as('ann', 'runbook', 'resume', 'latest', '--answers', 'answers.yml');
  expect(ann).toMatchObject({ code: 6, error: { data: { step: 'resume', act: 'override-verification', from: ['lee'] } } });
  expect(await feed()).toBe('paused');
  const held = await as('ann', 'sync', 'resume', '--override');
  expect(held).toMatchObject({ code: 6, error: { data: { act: 'override-verification' } } });
  const undone = await as('ann', 'runbook', 'undo', 'latest');
  expect(undone).toMatchObject({ code: 6, error: { data: { step: 'pause', act: 'resume-syncs' } } });
  expect(undone.error.next).toMatch(/runback runbook undo run-\S+ --as NAME/u);
  expect(await feed()).toBe('paused');
  expect(await as('lee', 'runbook', 'undo', 'latest')).toMatchObject({ code: 0 });
  expect(await feed()).toBe('running');
});

test('where every platform is a sandbox, or no role names the act, everybody may', async () => {
  await operator.write('runback.yml', CONFIG.replace('staging', 'sandbox'));
  expect(await as('sam', 'sync', 'pause', 'feed')).toMatchObject({ code: 0 });
  await as('sam', 'sync', 'resume');
  await operator.write('runback.yml', CONFIG);
  await operator.write('escalation.yml', POLICY.replace('[pause-syncs, snapshot, plan]', '[snapshot, plan]'));
  expect(await as('sam', 'sync', 'pause', 'feed')).toMatchObject({ code: 0 });
  expect(await feed()).toBe('paused');
  await operator.write('escalation.yml', POLICY);
});
