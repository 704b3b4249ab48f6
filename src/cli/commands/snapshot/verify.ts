import type { RoundOfAll } from '../../../backups/index.js';
import { EXIT, isRunbackError, parseDuration, RunbackError } from '../../../lib/index.js';
import { type CheckedReport, unrecorded } from '../../../snapshots/index.js';
import { copyOf } from '../../flows/backups/copies.js';
import { damageIn, nameOf, tellOfDamage, untoldDamage } from '../../flows/backups/damage.js';
import { runCopyRound, runRound, runScheduledRound } from '../../flows/backups/verification.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { bytesText, verifyText } from '../../views/snapshot.js';
import { counted } from '../../views/text/format.js';
import { damageLines, roundOutcomeText, roundText } from '../../views/verification.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot verify` */
export const verifyVerb: CommandSpec = {
  verb: 'verify',
  summary: 'Read and check every byte: of one snapshot, or of all in turn within a time',
  details:
    'Of an encrypted snapshot, where runback.yml names no key, the bytes are compared with what was recorded when they were written; it does not count as verified by that. With --budget, the snapshots that were never verified come first, then those whose verification is the longest ago. With --due, only when backups.verify says so, and never while an incident is open: for cron and timers. Damage that is found then opens one incident where escalation.yml says who is told; otherwise --due ends with 1 as long as it lasts.',
  args: [{ ...SNAPSHOT, optional: true }],
  options: [
    { flags: '--budget <duration>', description: 'all snapshots in turn; none is started after so long' },
    { flags: '--due', description: 'all snapshots in turn, if that is due, within the budget in runback.yml; those of copies too that have verify' },
    { flags: '--copy <name>', description: 'with --budget: the snapshots in this copy' },
  ],
  examples: ['runback snapshot verify latest', 'runback snapshot verify --budget 10m', 'runback snapshot verify --due'],
  run: verify,
};

async function verify(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const session = await context.session();
  const [budget, due] = [input.text('budget'), input.flag('due')];
  if (input.text('copy') !== undefined && budget === undefined)
    throw new RunbackError('usage', '--copy goes with --budget', {
      state: 'Nothing was started.',
      next: 'runback snapshot verify --copy NAME --budget 10m',
    });
  if (budget === undefined && !due) return await verifyOne(context, session, input.required('snapshot'));
  if (input.argument('snapshot') !== undefined || (budget !== undefined && due))
    throw new RunbackError('usage', 'Name a snapshot, or give --budget, or --due', { state: 'Nothing was started.' });
  return due ? await verifyDue(context, session) : await verifyInTurn(context, session, parseDuration(budget ?? ''));
}

async function verifyOne({ live, call }: CommandContext, session: Session, wanted: string): Promise<Outcome> {
  const catalog = await session.catalog();
  live.start('Reading every byte');
  let report: CheckedReport;
  try {
    report = await catalog.verify(wanted, call);
  } catch (error) {
    // Who named a key means to read it.
    if (!isRunbackError(error, 'snapshot-encrypted') || session.workspace.config.backups.identity !== undefined) throw error;
    const found = await catalog.verifyBytes(wanted, call);
    if (found === undefined) throw error;
    const outcome = { data: { ...found, read: 'bytes' }, text: (style) => bytesText(found, style) } satisfies Outcome;
    if (found.broken === undefined) return outcome;
    return { ...outcome, error: damaged(found.id, `${found.broken}. Without a key, nobody can tell which records that is about.`, {}) };
  }
  const exposures = await catalog.exposures();
  const outcome = {
    data: { ...report, read: 'content', exposures },
    text: (style) => verifyText(report, exposures, style),
  } satisfies Outcome;
  if (report.damage.length === 0) return report.recorded ? outcome : { ...outcome, error: unrecorded(report.id) };
  const why = `${counted(report.damage.length, 'parts')} of it ${report.damage.length === 1 ? 'is' : 'are'} not what was written.`;
  return { ...outcome, error: damaged(report.id, why, { damage: report.damage }) };
}

function damaged(id: string, why: string, data: Readonly<Record<string, unknown>>): RunbackError {
  return new RunbackError('snapshot-damaged', `Snapshot ${id} is damaged`, {
    why: `${why.charAt(0).toUpperCase()}${why.slice(1)}`,
    state: 'Nothing was changed. What can be read is still usable as a base; keys in the unreadable parts become conflicts.',
    next: 'Use another base if you can: runback snapshot list',
    data,
  });
}

/** What a person asks for: nobody else is told of what it finds. */
async function verifyInTurn(context: CommandContext, session: Session, budgetMs: number): Promise<Outcome> {
  const name = context.input.text('copy');
  const copy = name === undefined ? undefined : await copyOf(session, name);
  const round = copy === undefined ? await runRound(context, session, budgetMs) : await runCopyRound(context, session, copy, budgetMs);
  const error = damageIn(copy === undefined ? round : { ...round, damaged: [], copies: { [copy.name]: round } });
  return {
    data: { ...round, ...(copy === undefined ? {} : { copy: copy.name }) },
    text: (style) => roundText(round, style),
    ...(error === undefined ? {} : { error }),
    ...(round.unclear.length === 0 ? {} : { exit: EXIT.partial }),
  };
}

async function verifyDue(context: CommandContext, session: Session): Promise<Outcome> {
  const outcome = await runScheduledRound(context, session);
  const alarms = await tellOfDamage(context, session);
  const round = outcome.state === 'ended' ? outcome.end.result : undefined;
  const error = (round && damageIn(round)) ?? untoldDamage(alarms);
  return {
    data: { ...outcome, alarms: Object.fromEntries(alarms.map((one) => [nameOf(one), one.alarm])) },
    text: (style) => [roundOutcomeText(outcome, style), ...damageLines(alarms, style)].join('\n'),
    ...(error === undefined ? {} : { error }),
    ...(round === undefined || !isUnclear(round) ? {} : { exit: EXIT.partial }),
  };
}

/** Something of it, here or in a copy, could not be told. */
const isUnclear = ({ unclear, copies = {} }: RoundOfAll): boolean =>
  unclear.length > 0 || Object.values(copies).some((one) => 'failed' in one || one.unclear.length > 0);
