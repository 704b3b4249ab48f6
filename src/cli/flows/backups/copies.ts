import { type CopyReport, copySnapshots, isRetryDue, type KeptCopy, lackingIn, planCopy, type CopyPlan } from '../../../backups/index.js';
import { didYouMean, RunbackError } from '../../../lib/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { ruledJobsOf } from './backup-jobs.js';

/** Names of the copies in runback.yml, in its order. */
export function copyNames({ workspace }: Pick<Session, 'workspace'>): readonly string[] {
  return (workspace.copies ?? []).map(({ name }) => name);
}

/** The copy of that name. Throws `not-found` with the nearest one. */
export async function copyOf(session: Session, name: string): Promise<KeptCopy> {
  const found = (await session.copies()).find((copy) => copy.name === name);
  if (found !== undefined) return found;
  const names = copyNames(session);
  throw new RunbackError('not-found', `runback.yml has no copy "${name}"${didYouMean(name, names)}`, {
    why: names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`,
    state: 'Nothing was started.',
    next: names.length === 0 ? 'Add one under backups.copies in runback.yml: docs/backups.md shows how' : `Name one of: ${names.join(', ')}`,
  });
}

/** Copies what these copies lack, one after the other. One that fails holds up no other. */
export async function copyAll({ call, live }: CommandContext, session: Session, copies: readonly KeptCopy[]): Promise<readonly CopyReport[]> {
  const deps = await depsOf(session);
  const reports: CopyReport[] = [];
  for (const copy of copies) {
    live.start(`Copying snapshots to ${copy.name}`);
    reports.push(await copySnapshots(deps, copy, call));
  }
  return reports;
}

/** Those of these copies that failed before, or were killed, and are to be tried again now. */
export async function dueForRetry({ store, clock }: Session, copies: readonly KeptCopy[]): Promise<readonly KeptCopy[]> {
  const now = clock.now();
  const due: KeptCopy[] = [];
  for (const copy of copies) if (await isRetryDue(store, copy.name, now)) due.push(copy);
  return due;
}

/** What copies lack that pruning waits for: see {@link lackingIn}. */
export async function lackingNow({ call }: CommandContext, session: Session): ReturnType<typeof lackingIn> {
  return await lackingIn(await depsOf(session), await session.copies(), call);
}

/** What would be copied: nothing is changed. */
export async function planAll(
  { call }: CommandContext,
  session: Session,
  copies: readonly KeptCopy[],
): Promise<readonly (CopyPlan & { copy: string })[]> {
  const deps = await depsOf(session);
  const plans: (CopyPlan & { copy: string })[] = [];
  for (const copy of copies) plans.push({ copy: copy.name, ...(await planCopy(deps, copy, call)) });
  return plans;
}

/** Whether something that was to be copied is not there. */
export function isLacking({ error, leftOut }: Pick<CopyReport, 'error' | 'leftOut'>): boolean {
  return error !== undefined || leftOut.length > 0;
}

async function depsOf(session: Session): Promise<Parameters<typeof copySnapshots>[0]> {
  const { store, clock, by, workspace } = session;
  return {
    store,
    clock,
    by,
    catalog: await session.catalog(),
    from: await session.snapshotsHere(),
    jobs: ruledJobsOf(session),
    planMaxAge: workspace.config.restores.plan_max_age,
  };
}
