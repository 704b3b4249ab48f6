import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { type ApprovalPayload, type Escalation, formatApprovalBlock, type Grant } from '../../src/escalation/index.js';
import { type Clock, Redactor, type RunbackError, systemClock } from '../../src/lib/index.js';
import { type Answer, loadRunbook, readRun, resumeRun, type RunDeps, startRun } from '../../src/runbooks/index.js';
import { openSyncs } from '../../src/syncs/index.js';
import type { Workspace } from '../../src/workspace/index.js';
import { makeKey, policy, signPayload, type TestKey } from '../escalation/ssh-support.js';
import { crmSchema, openWorld, type World } from '../support/restore-world.js';
import { rejection, runOf, scripted } from './support.js';

const book = await loadRunbook(fileURLToPath(new URL('../../runbooks/mass-overwrite.yml', import.meta.url)));
export const lee = makeKey();
export const kim = makeKey('ecdsa');
export const dana = makeKey('rsa');
const KEYS = { lee: lee.line, kim: kim.line, dana: dana.line };

export interface Stage {
  readonly world: World;
  readonly deps: RunDeps;
  readonly base: string;
  readonly runbook: typeof book;
}

/** Twenty contacts of which six are overwritten; three may be written without an approval. */
export async function stage(file: Escalation | undefined, grants: readonly Grant[] = []): Promise<Stage> {
  const world = await openWorld(crmSchema());
  onTestFinished(world.close);
  // Time limits of steps (minutes) are real; waits between tries pass at once.
  const clock: Clock = { ...world.clock, sleep: (ms, signal) => (ms < 60_000 ? Promise.resolve() : systemClock.sleep(ms, signal)) };
  const workspace: Workspace = {
    root: world.backups,
    stateDir: world.backups,
    backupsDir: world.backups,
    runbooksDir: '',
    config: {
      version: 1,
      platforms: { memory: { name: 'memory', connector: 'memory', environment: 'sandbox', credentials: {}, limits: {}, options: {} } },
      syncs: {},
      backups: { storage: '', jobs: {} },
      restores: { ...world.deps.config, plan_max_age: '1d', limits: { records: 3 } },
    },
  };
  const secret = (): Promise<string> => Promise.resolve('');
  const deps: RunDeps = {
    workspace,
    store: world.store,
    clock,
    catalog: world.deps.catalog as RunDeps['catalog'],
    syncs: openSyncs({ workspace, store: world.store, clock, secret, redact: (text) => text, environment: {} }),
    openPlatform: () => Promise.resolve(world.connector.platform()),
    secret,
    redactor: new Redactor(),
    environment: {},
    ...(file === undefined ? {} : { approvals: { file, grantsOf: () => Promise.resolve(grants) } }),
  };
  for (let n = 0; n < 20; n += 1)
    world.connector.put('contacts', `c${n}`, { name: `Person ${n}`, email: `p${n}@example.com`, tags: [] }, 'user:maya');
  const base = await world.take();
  for (let n = 0; n < 6; n += 1) world.connector.put('contacts', `c${n}`, { name: 'WRONG' }, 'sync:7');
  return { world, deps, base, runbook: book };
}

const typed = (question: { readonly kind: string; readonly expect?: string }): Answer => ({ value: question.expect ?? '' });
export const yes = { unlisted: 'done', review: 'yes', apply: typed, cause: 'done' };
export const repaired = ({ world }: Stage): boolean => world.connector.state().records['contacts']?.['c1']?.['name'] === 'Person 1';

/** Runs until somebody has to approve. */
export async function waiting(
  it: Stage,
  by = 'maya',
): Promise<{ readonly error: RunbackError; readonly run: string; readonly of: string; readonly plan: string }> {
  const error = await rejection(
    startRun({ runbook: it.runbook, inputs: { platform: 'memory', base: it.base }, by }, it.deps, { operator: scripted(yes) }),
  );
  const run = runOf(error);
  const made = (await readRun(it.deps.store, run)).steps.find((step) => step.id === 'plan');
  return { error, run, of: String(made?.outputs['hash']), plan: String(made?.outputs['plan']) };
}

export function payload(it: Stage, of: string, by: string, more: Partial<ApprovalPayload> = {}): ApprovalPayload {
  const now = it.world.clock.now().getTime();
  return { v: 1, of, authority: 'approve-restore', by, at: new Date(now).toISOString(), expires: new Date(now + 3_600_000).toISOString(), ...more };
}
export const signed = (key: TestKey, content: ApprovalPayload) => ({ payload: content, signature: signPayload(key, content) });
export const block = (key: TestKey, content: ApprovalPayload): string => formatApprovalBlock(signed(key, content));
export const goOn = (it: Stage, run: string, allow?: Answer, by = 'maya') =>
  resumeRun(run, { by }, it.deps, { operator: scripted({ ...yes, ...(allow === undefined ? {} : { allow }) }) });

/** The plan writes six of twenty records, 30 %: within these limits. */
export const wide = (more: Partial<Escalation> = {}, keys: Readonly<Record<string, string>> = KEYS): Escalation => {
  const file = policy(more, keys);
  const limits = { records: 5000, percent: 50 };
  const { lead, director } = file.authority;
  if (lead === undefined || director === undefined) throw new TypeError('no such role');
  return {
    ...file,
    authority: { ...file.authority, lead: { ...lead, limits }, director: { ...director, limits: { records: 250_000, percent: 60 } } },
  };
};
export const two = (): Escalation => {
  const file = wide();
  const { lead } = file.authority;
  return lead ? { ...file, authority: { ...file.authority, lead: { ...lead, approvals: 2 } } } : file;
};
