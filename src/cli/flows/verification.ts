import {
  damageAlarms,
  type DamageAlarm,
  damagedNow,
  raiseDamageAlarms,
  type Round,
  runTask,
  type TaskOutcome,
  verifyRound,
  verifyTask,
} from '../../backups/index.js';
import { defined, parseDuration, RunbackError } from '../../lib/index.js';
import type { Session } from '../session/session.js';
import type { CommandContext } from '../shell/command.js';
import { noteOn, openOnce } from './backup-incidents.js';
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

/** The same where the schedule says so: see {@link runTask}. Throws `usage` where there is no schedule. */
export async function runScheduledRound(context: CommandContext, session: Session): Promise<TaskOutcome<Round>> {
  const { store, clock, by, workspace } = session;
  const task = verifyTask(workspace.config);
  const budget = workspace.config.backups.verify?.budget;
  if (task === undefined || budget === undefined)
    throw new RunbackError('usage', 'runback.yml does not say when stored snapshots are verified', {
      state: 'Nothing was started.',
      next: 'Add to runback.yml: backups: { verify: { schedule: "0 3 * * *", budget: 10m } }',
    });
  return await runTask<Round>(
    task,
    { store, clock, by, signal: context.interrupts.signal },
    {
      incidentOn: async (platforms) => await incidentOn(session, platforms),
      work: async () => ({ result: await runRound(context, session, parseDuration(budget)) }),
    },
  );
}

/**
 * Tells of damaged snapshots: each once, by the one incident about them that is open, where escalation.yml says who is to be
 * told. Gives the alarms that stand, by snapshot.
 */
export async function tellOfDamage(context: CommandContext, session: Session): Promise<ReadonlyMap<string, DamageAlarm>> {
  const { store, clock, by } = session;
  const catalog = await session.catalog();
  const damaged = await damagedNow({ catalog, store });
  if (damaged.length === 0 && (await damageAlarms(store)).size === 0) return new Map();
  const stored = await catalog.list();
  return await raiseDamageAlarms(
    { store, clock, by },
    damaged,
    async (id) => {
      const summary = damageWords(id);
      const about = stored.find((one) => one.id === id);
      return await openOnce(context, {
        title: 'Stored snapshots are damaged',
        // Of one that cannot be opened, nobody can tell.
        platforms: about?.platforms.map(({ name }) => name) ?? Object.keys(session.workspace.config.platforms),
        impact: 'What the damaged parts hold cannot be put back from them, nor from snapshots that build on them.',
        summary,
        again: { text: summary, key: `damage ${id} ${about?.checkedAt ?? ''}` },
      });
    },
    async (id, incident) => {
      const there = stored.find((one) => one.id === id);
      const text =
        there === undefined ? `The damaged snapshot ${id} is no longer stored.` : `Every byte of the snapshot ${id} is again what was written.`;
      await noteOn(context, incident, text, `damage over ${id} ${there?.checkedAt ?? ''}`);
    },
  );
}

/** That a snapshot is damaged, and what to do. */
export const damageWords = (id: string): string =>
  `The snapshot ${id} is not what was written, and no longer counts as verified. See what is damaged: runback snapshot verify ${id}`;

/** The error for damage that nobody was told of; undefined where there is none. */
export function untoldDamage(alarms: ReadonlyMap<string, DamageAlarm>): RunbackError | undefined {
  const ids = [...alarms].filter(([, { incident }]) => incident === undefined).map(([id]) => id);
  if (ids.length === 0) return undefined;
  return new RunbackError('backup-failing', `Stored snapshots are damaged: ${ids.join(', ')}`, {
    why: ids.map(damageWords).join('. '),
    state: 'No one was told: this workspace has no escalation.yml.',
    next: 'runback snapshot list',
    data: { snapshots: ids },
  });
}

/** The error of a round that found damage; undefined where it found none. */
export function damageIn({ damaged }: Round): RunbackError | undefined {
  const [first] = damaged;
  if (first === undefined) return undefined;
  return new RunbackError('snapshot-damaged', `Damaged: ${damaged.map(({ snapshot }) => snapshot).join(', ')}`, {
    why: damaged.map(({ snapshot, why }) => `${snapshot}: ${why}`).join('. '),
    state: 'They no longer count as verified, nor does what builds on them. Nothing was deleted.',
    next: `See what is damaged: runback snapshot verify ${first.snapshot}`,
    data: { ...defined({ damaged }) },
  });
}
