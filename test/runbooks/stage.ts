import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import { type Answer, parseRunbook, type Runbook, type RunDeps } from '../../src/runbooks/index.js';
import { openSyncs } from '../../src/syncs/index.js';
import type { SyncConfig, Workspace } from '../../src/workspace/index.js';
import { crmSchema, databaseSchema, openWorld, WORKS_AT, type World } from '../support/restore-world.js';
import { httpSync, startIntegration } from '../syncs/harness.js';

/** Path of a runbook that ships. */
export const book = (id: string): string => fileURLToPath(new URL(`../../runbooks/${id}.yml`, import.meta.url));

export interface Stage {
  readonly world: World;
  readonly deps: RunDeps;
  readonly integration: Awaited<ReturnType<typeof startIntegration>>;
}

/** A platform with twenty contacts, a sync over real HTTP that writes to it, and everything a run needs. */
export async function stage(
  kind: 'crm' | 'database',
  limits: { records?: number } = {},
  more: Readonly<Record<string, SyncConfig>> = {},
): Promise<Stage> {
  const world = await openWorld(kind === 'crm' ? crmSchema() : databaseSchema());
  const integration = await startIntegration();
  onTestFinished(async () => {
    await integration.close();
    await world.close();
  });
  const { store } = world;
  // Time limits of steps (minutes) are real; waits between tries pass at once, and move the clock.
  const clock: Clock = {
    ...world.clock,
    sleep: (ms, signal) => (ms < 60_000 ? Promise.resolve(world.clock.move(ms)) : systemClock.sleep(ms, signal)),
  };
  const workspace: Workspace = {
    root: world.backups,
    stateDir: world.backups,
    backupsDir: world.backups,
    runbooksDir: '',
    config: {
      version: 1,
      platforms: { memory: { name: 'memory', connector: 'memory', environment: 'sandbox', credentials: {}, limits: {}, options: {} } },
      syncs: { marketing: httpSync('marketing', integration.url, { writes_to: ['memory'], writes_as: ['sync:*'] }), ...more },
      backups: { storage: '', jobs: {} },
      restores: { ...world.deps.config, limits },
    },
  };
  const secret = (): Promise<string> => Promise.resolve('');
  const deps: RunDeps = {
    workspace,
    store,
    clock,
    catalog: world.deps.catalog as RunDeps['catalog'],
    syncs: openSyncs({ workspace, store, clock, secret, redact: (text) => text, environment: {} }),
    openPlatform: () => Promise.resolve(world.connector.platform()),
    secret,
    redactor: new Redactor(),
    environment: {},
  };
  for (let n = 0; n < 20; n += 1) {
    if (n < 5) world.connector.put('companies', `co${n}`, { name: `Company ${n}`, city: 'Graz' }, 'user:maya');
    const carried = kind === 'database' ? { company: `co${n % 5}` } : {};
    world.connector.put('contacts', `c${n}`, { name: `Person ${n}`, email: `p${n}@example.com`, phone: `${n}`, tags: [], ...carried }, 'user:maya');
    if (kind === 'crm') world.connector.relate(WORKS_AT, { from: `c${n}`, to: `co${n % 5}` }, true);
  }
  return { world, deps, integration };
}

/** The contacts there are, by key. */
export const contacts = ({ world }: Stage): Record<string, Readonly<Record<string, unknown>>> => world.connector.state().records['contacts'] ?? {};
/** Types what a confirmation asks for. */
export const typed = (question: { readonly kind: string; readonly expect?: string }): Answer => ({ value: question.expect ?? '' });
/** Answers of a person who agrees to everything. */
export const yes = { review: 'yes', allow: 'approve', allow_created: 'approve', apply: typed, cause: 'done', new_ids: 'done' };

/**
 * The steps of a repair without the rest: pause, evidence, plan, apply, verify, resume. `more`: what stands in between.
 */
export async function repair({ afterPlan = '', afterApply = '', afterVerify = '', quiet = '' } = {}): Promise<Runbook> {
  return await parseRunbook(
    `version: 1
id: repair
title: Repair
inputs: { base: { type: snapshot, prompt: Which? } }
limits: { records: 100 }
steps:
  - { id: pause, title: Pause, action: syncs.pause, with: { writes_to: memory, drain: 1s }, on_failure: ask }
${quiet}
  - { id: evidence, title: Evidence, action: snapshot.create, with: { platforms: [memory] } }
  - id: plan
    title: Plan
    action: restore.plan
    with: { platform: memory, base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}", unattributed: unknown }
${afterPlan}
  - { id: apply, title: Apply, action: restore.apply, with: { platform: memory, plan: "\${{ steps.plan.plan }}" }, on_failure: ask }
${afterApply}
  - { id: verify, title: Verify, action: restore.verify, with: { plan: "\${{ steps.plan.plan }}" }, verify: steps.verify.remaining == 0, on_failure: ask }
${afterVerify}
  - { id: resume, title: Resume, action: syncs.resume, with: { paused_by: "\${{ steps.pause.id }}" }, on_failure: ask }
`,
    'repair.yml',
  );
}
