import { type KeptCopy, type Round, type RoundOfAll, runTask, type TaskOutcome, verifyRound, verifyTask } from '../../../backups/index.js';
import { isRunbackError, parseDuration, RunbackError } from '../../../lib/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { incidentOn } from './backup-jobs.js';

/** Reads stored snapshots again, in turn, within a time. */
export async function runRound({ call, live, event, clock }: CommandContext, session: Session, budgetMs: number): Promise<Round> {
  const { store, workspace } = session;
  const hasKey = workspace.config.backups.identity !== undefined;
  live.start('Reading every byte of stored snapshots');
  const catalog = await session.catalog();
  const round = await verifyRound(budgetMs, { store, clock, catalog, hasKey }, call, (id, state) => event({ type: 'snapshot-verified', id, state }));
  live.stop();
  return round;
}

/** The same of the snapshots in a copy. */
export async function runCopyRound({ call, live, event, clock }: CommandContext, session: Session, copy: KeptCopy, budgetMs: number): Promise<Round> {
  const hasKey = session.workspace.config.backups.identity !== undefined;
  const { name, store, catalog } = copy;
  live.start(`Reading every byte of snapshots in ${name}`);
  const deps = { store, clock, catalog, hasKey, areCopies: true } as const;
  const round = await verifyRound(budgetMs, deps, call, (id, state) => event({ type: 'snapshot-verified', copy: name, id, state }));
  live.stop();
  return round;
}

/** One here, then one in each copy of which runback.yml says so. A copy that cannot be read holds up no other: that it fails is told where it is copied to. */
async function runRounds(context: CommandContext, session: Session, budgetMs: number): Promise<RoundOfAll> {
  const own = await runRound(context, session, budgetMs);
  const copies: [string, NonNullable<RoundOfAll['copies']>[string]][] = [];
  for (const copy of await session.copies()) {
    if (copy.verify === undefined) continue;
    try {
      copies.push([copy.name, await runCopyRound(context, session, copy, parseDuration(copy.verify))]);
    } catch (error) {
      if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
      copies.push([copy.name, { failed: { code: error.code, message: error.message } }]);
    }
  }
  return { ...own, ...(copies.length === 0 ? {} : { copies: Object.fromEntries(copies) }) };
}

/** The same where the schedule says so: see {@link runTask}. Throws `usage` where there is no schedule. */
export async function runScheduledRound(context: CommandContext, session: Session): Promise<TaskOutcome<RoundOfAll>> {
  const { store, clock, by, workspace } = session;
  const task = verifyTask(workspace.config);
  const budget = workspace.config.backups.verify?.budget;
  if (task === undefined || budget === undefined)
    throw new RunbackError('usage', 'runback.yml does not say when stored snapshots are verified', {
      state: 'Nothing was started.',
      next: 'Add to runback.yml: backups: { verify: { schedule: "0 3 * * *", budget: 10m } }',
    });
  return await runTask<RoundOfAll>(
    task,
    { store, clock, by, signal: context.interrupts.signal },
    {
      incidentOn: async (platforms) => await incidentOn(session, platforms),
      work: async () => ({ result: await runRounds(context, session, parseDuration(budget)) }),
    },
  );
}
