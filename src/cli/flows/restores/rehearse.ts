import { rm } from 'node:fs/promises';

import { type CallOptions, defined, parseDuration, RunbackError } from '../../../lib/index.js';
import type { Plan } from '../../../restores/index.js';
import type { RehearsedPlan } from '../../../runbooks/index.js';
import type { Rehearsal } from '../../../stages/index.js';
import type { SecretRef } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import { temporaryFolder } from '../../session/temporary.js';
import { rehearsedWords } from '../../views/restores/rehearsal.js';

/** How a plan is rehearsed. */
export interface RehearseOptions {
  /** Id of the snapshot that is loaded; by default that of the damage. */
  readonly snapshot?: string;
  /** Where it is loaded, for a platform that there is no sandbox of; by default where its restores are tested. */
  readonly into?: SecretRef;
  /** The account is asked nothing. */
  readonly offline: boolean;
  readonly latencyMs?: number;
  readonly movedTo?: string;
}

/** What a person gave with flags. Throws `usage`. */
export function latencyOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

/** A reference to a secret that a person typed. Throws `usage` for what may be the secret itself. */
export function secretRefOf(text: string | undefined): SecretRef | undefined {
  if (text === undefined || /^(env|file|command|keychain):./u.test(text)) return text as SecretRef | undefined;
  throw new RunbackError('usage', '--into takes where the URL is, not the URL', {
    why: 'The URL of a database holds a password, which a command line shows to others on this machine.',
    state: 'Nothing was started.',
    next: '--into env:RESTORE_TEST_URL',
  });
}

/**
 * Rehearses a plan in a folder of its own, which is gone afterwards; that of one that was killed goes with the next
 * rehearsal, drill or restore test. Writes nothing to the platform and nothing to the journals of the workspace.
 */
export async function rehearseHere(
  session: Session,
  plan: Plan,
  options: RehearseOptions,
  environment: Readonly<Record<string, string | undefined>>,
  doing: (what: string) => void,
  call: CallOptions,
): Promise<Rehearsal> {
  const { hasSandbox, rehearsePlan, ownFolder, STAGE_FOLDER } = await import('../../../stages/index.js');
  const { workspace, clock, secret, redactor, by } = session;
  const { platform } = plan.header;
  const isHere = hasSandbox(session.platformConfig(platform).connector);
  if (isHere && options.into !== undefined)
    throw new RunbackError('usage', `--into names a place, and ${platform} is rehearsed in a sandbox on this machine`, {
      state: 'Nothing was started.',
      next: 'Leave out --into.',
    });
  const { snapshot, offline, latencyMs, movedTo } = options;
  const open = async (): ReturnType<Session['openPlatform']> => await session.openPlatform(platform, call);
  const account = { ...(offline ? {} : { open }), ...defined({ latencyMs, movedTo }) };
  const into = isHere ? undefined : (options.into ?? testedInto(session, platform));
  const folder = await temporaryFolder(`${STAGE_FOLDER}rehearsal-`);
  try {
    await ownFolder(folder);
    return await rehearsePlan(
      { plan, by, folder, account, ...defined({ snapshot, into }) },
      {
        workspace: workspace.config,
        catalog: await session.catalog(),
        clock,
        secret,
        environment,
        redact: (text) => redactor.text(text),
        doing,
      },
      call,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same as a step of a run has it. */
export async function rehearsedPlan(
  session: Session,
  id: string,
  environment: Readonly<Record<string, string | undefined>>,
  call: CallOptions,
): Promise<RehearsedPlan> {
  const { readPlan } = await import('../../../restores/index.js');
  const plan = await readPlan(session.store, id);
  const { reporter } = call;
  const doing = (what: string): void => reporter?.progress({ task: what, done: 0, unit: 'records' });
  const one = await rehearseHere(session, plan, { offline: false }, environment, doing, call);
  const [calls, ms] = [one.apply.calls + one.verify.calls, one.apply.ms + one.verify.ms];
  const wrong = [one.records, one.links].reduce((sum, { checked, right }) => sum + checked - right, 0) + one.beside.count;
  return { passed: one.passed, wrong, calls, ms, ...defined({ left: one.quota?.left_after }), words: rehearsedWords(one) };
}

/** Where the restores of a platform are tested, by the first job that says so. */
function testedInto({ workspace }: Session, platform: string): SecretRef | undefined {
  return Object.values(workspace.config.backups.jobs).find(
    ({ platforms, test_restore: test }) => platforms.includes(platform) && test?.into !== undefined,
  )?.test_restore?.into;
}
