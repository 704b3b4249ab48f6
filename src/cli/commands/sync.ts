import { EXIT, isRunbackError, parseDuration, RunbackError } from '../../lib/index.js';
import type { PauseRecord } from '../../syncs/index.js';
import { incidentsNow } from '../session/incidents.js';
import { byPrefix } from '../session/prefix.js';
import type { Session } from '../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { time } from '../views/format.js';
import { damagedPauseLines, pauseText, syncsText } from '../views/sync.js';
import { visible } from '../views/visible.js';

async function list({ session }: CommandContext): Promise<Outcome> {
  const open = await session();
  const { open: pauses, damaged } = await (await open.syncs()).survey();
  const views = Object.values(open.workspace.config.syncs).map((sync) => ({
    name: sync.name,
    title: sync.title ?? sync.name,
    controller: sync.controller,
    writesTo: sync.writes_to,
    pauses: pauses.filter((pause) => pause.entries.some((entry) => entry.sync === sync.name)),
  }));
  return {
    data: { syncs: views, pauses, damaged },
    text: (style) => [syncsText(views, pauses, style), ...damagedPauseLines(damaged, style)].join('\n'),
    ...(damaged.length > 0 ? { exit: EXIT.partial } : {}),
  };
}

async function status({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const syncs = await (await session()).syncs();
  live.start('Asking the syncs');
  const names = input.words('names');
  const [views, pauses] = await Promise.all([syncs.views(names.length === 0 ? undefined : names, call), syncs.pauses()]);
  const unread = views.some((view) => view.status === undefined);
  return { data: { syncs: views, pauses }, text: (style) => syncsText(views, pauses, style), ...(unread ? { exit: EXIT.partial } : {}) };
}

async function pause({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const open = await session();
  const names = input.words('names');
  const writesTo = input.text('writes-to');
  if (names.length === 0 && writesTo === undefined && !input.flag('all'))
    throw new RunbackError('usage', 'Say which syncs: names, --writes-to <platform>, or --all', {
      state: 'Nothing was paused.',
      next: 'runback sync list',
    });
  if (writesTo !== undefined) open.platformConfig(writesTo);
  const drain = input.text('drain');
  await open.authorise('pause-syncs');
  const incidents = await incidentsNow(open, writtenBy(open, names, writesTo));
  live.start('Pausing');
  const record = await (
    await open.syncs()
  ).pause(
    {
      by: open.by,
      holder: `person:${open.by}`,
      reason: input.text('reason') ?? 'paused by hand',
      ...(incidents === undefined ? {} : { incidents }),
      ...(names.length === 0 ? {} : { names }),
      ...(writesTo === undefined ? {} : { writesTo }),
      ...(drain === undefined ? {} : { drainMs: parseDuration(drain) }),
    },
    call,
  );
  return {
    data: record,
    text: (style) => `${style.glyph.done} Paused\n${pauseText(record, style)}\n\nBack to the earlier state: runback sync resume ${record.id}`,
  };
}

/** The platforms that the syncs write to which are paused: of those named, of those that write to one, or of all. */
function writtenBy({ workspace }: Session, names: readonly string[], writesTo: string | undefined): readonly string[] {
  const all = Object.values(workspace.config.syncs);
  const meant = all.filter(
    ({ name, writes_to }) =>
      names.includes(name) || (writesTo !== undefined && writes_to.includes(writesTo)) || (names.length === 0 && writesTo === undefined),
  );
  return meant.flatMap(({ writes_to }) => writes_to);
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

/** A pause that a run holds ends with that run, after verification; a person may override that by name (guarantee G12), which is told. */
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
    message: `${run} paused them and resumes them once the damage is proved gone. Resume now all the same?`,
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
  const { readVerification } = await import('../../runbooks/index.js');
  try {
    return (await readVerification(store, run)).missing === undefined;
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'journal-damaged')) return false;
    throw error;
  }
}

async function isOver({ store }: Session, run: string): Promise<boolean> {
  const { nextOf } = await import('../views/run.js');
  const { readRun } = await import('../../runbooks/index.js');
  try {
    return nextOf(await readRun(store, run)) === undefined;
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'journal-damaged')) return true;
    throw error;
  }
}

const NAMES = { name: 'names', description: 'names of syncs as in runback.yml', kind: 'sync' as const, optional: true, variadic: true };

export const commands: readonly CommandSpec[] = [
  { verb: 'list', summary: 'Syncs of the workspace and open pauses; asks nobody', run: list },
  { verb: 'status', summary: 'Ask each sync whether it runs, and what is in flight', args: [NAMES], run: status },
  {
    verb: 'pause',
    summary: 'Pause syncs, wait for work in flight, remember which were running',
    args: [NAMES],
    options: [
      { flags: '--writes-to <platform>', description: 'every sync that writes there', kind: 'platform' },
      { flags: '--all', description: 'every sync' },
      { flags: '--drain <duration>', description: 'longest wait for work in flight: 30s, 5m' },
      { flags: '--reason <text>', description: 'why, for whoever finds them paused' },
    ],
    examples: ['runback sync pause --writes-to hubspot --reason "wrong e-mails"'],
    run: pause,
  },
  {
    verb: 'resume',
    summary: 'Put the syncs of a pause back to the state they were in',
    args: [{ name: 'pause', description: 'id of the pause, or its beginning; the only one if not given', optional: true }],
    options: [{ flags: '--override', description: 'although a run holds the pause until the damage is proved gone' }],
    run: resume,
  },
];
