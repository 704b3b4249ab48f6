import { isRunbackError, RunbackError } from '../../../lib/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { pauseText } from '../../views/sync.js';
import { time } from '../../views/text/format.js';
import { visible } from '../../views/text/visible.js';

/** `runback sync resume` */
export const resumeVerb: CommandSpec = {
  verb: 'resume',
  summary: 'Return the syncs of a pause to their earlier state',
  args: [{ name: 'pause', description: 'id of the pause, or its beginning; the only one if not given', optional: true }],
  options: [{ flags: '--override', description: 'resume although a run keeps them paused until it is proved that the damage is gone' }],
  run: resume,
};

async function resume(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const open = await session();
  const syncs = await open.syncs();
  const chosen = await chosenPause(context, await syncs.pauses());
  const override = await mayResume(context, open, chosen);
  live.start('Resuming');
  const record = await syncs.resume(chosen.id, { by: open.by, ...(override ? { override } : {}) }, call);
  return {
    data: { ...record, override: input.flag('override') },
    text: (style) => `${style.glyph.done} Back to the earlier state\n${pauseText(record, style)}`,
  };
}

/** The pause that is meant: by id, or the only one, or chosen by a person. */
async function chosenPause(context: CommandContext, pauses: readonly PauseRecord[]): Promise<PauseRecord> {
  const wanted = context.input.argument('pause');
  if (wanted !== undefined) return byPrefix(wanted, pauses, (pause) => pause.id, { what: 'open pause', list: 'runback sync list' });
  const [first] = pauses;
  if (first === undefined)
    throw new RunbackError('not-found', 'Nothing is paused by runback', { state: 'Nothing was changed.', next: 'runback sync status' });
  if (pauses.length === 1) return first;
  const asker = await context.asker('<pause>');
  return asker.choose({
    message: 'Which pause should end?',
    choices: pauses.map((pause) => ({
      value: pause,
      name: `${pause.entries.map((entry) => entry.sync).join(', ')}, by ${visible(pause.by)}`,
      description: `${time(pause.at, context.style)}: ${visible(pause.reason)}`,
    })),
  });
}

/**
 * A pause that a run holds ends with that run, after verification; a person may override that by name (guarantee G12),
 * which is told.
 */
async function mayResume(context: CommandContext, session: Session, pause: PauseRecord): Promise<boolean> {
  const run = pause.holder.split('/')[0] ?? pause.holder;
  // What a run has verified already needs no override: one sync of its pause did not start, say.
  const held = run.startsWith('run-') && !(await isVerified(session, run));
  await session.authorise(held ? 'override-verification' : 'resume-syncs');
  if (!held || context.input.flag('override')) return held;
  // A run that is over will not resume them any more: only an override by name does (G12).
  const next = (await isOver(session, run)) ? `runback sync resume ${pause.id} --override` : `runback runbook resume ${run}`;
  const asker = await context.asker('--override');
  const go = await asker.confirm({
    message: `${run} paused them and resumes them once it is proved that the damage is gone. Resume now anyway?`,
    default: false,
  });
  if (!go)
    throw new RunbackError('not-verified', 'Not resumed', {
      why: `${run} still holds the pause.`,
      state: 'Nothing was changed.',
      next,
    });
  return true;
}

async function isVerified({ store }: Session, run: string): Promise<boolean> {
  const { readVerification } = await import('../../../runbooks/index.js');
  try {
    return (await readVerification(store, run)).missing === undefined;
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'journal-damaged')) return false;
    throw error;
  }
}

async function isOver({ store }: Session, run: string): Promise<boolean> {
  const { nextOf } = await import('../../views/run.js');
  const { readRun } = await import('../../../runbooks/index.js');
  try {
    return nextOf(await readRun(store, run)) === undefined;
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'journal-damaged')) return true;
    throw error;
  }
}
