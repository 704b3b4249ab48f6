import type { JobOutcome, JobProof, JobView, PruningView, QuotaView, UnreadJob, VerificationView } from '../../backups/index.js';
import { formatDuration, type RunbackError } from '../../lib/index.js';
import { alarmWords, type StandingAlarm, waitWords } from '../flows/backups/backup-alarms.js';
import { copyWords } from './copies.js';
import { pruningWords } from './prune.js';
import { proofWords } from './restore-test.js';
import { testWords } from './scheduled-test.js';
import { takenText } from './snapshot.js';
import { bytes, counted, facts, span, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { verificationWords } from './verification.js';

/** What running a job has come to, with what an earlier run of it had left. */
export function jobOutcomeText(job: string, outcome: JobOutcome, style: Style): string {
  return [...interruptedLines(job, outcome, style), ...clockLines(job, outcome, style), outcomeText(job, outcome, style)].join('\n');
}

/** A job whose run failed, among others. */
export function jobFailedText(job: string, { message }: RunbackError, style: Style): string {
  return `${style.glyph.failed} ${visible(job)}: ${visible(message)}`;
}

/** What is wrong with jobs, and the incident in which people were told. */
export function alarmLines(alarms: readonly StandingAlarm[], style: Style): readonly string[] {
  return alarms.map(({ view, alarm }) => {
    const told = alarm.incident === undefined ? '' : ` Incident: ${alarm.incident}`;
    return `${style.glyph.warning} ${visible(alarmWords(view, alarm.problem))}${told}`;
  });
}

function outcomeText(job: string, outcome: JobOutcome, style: Style): string {
  const name = visible(job);
  switch (outcome.state) {
    case 'not-due':
      return `${style.glyph.pending} ${name}: not due${outcome.next === undefined ? '' : `, next ${time(outcome.next, style)}`}`;
    case 'running':
      return `${style.glyph.running} ${name}: already running, started by ${visible(outcome.holder.by)} ${time(outcome.holder.since, style)}`;
    case 'waits':
      return `${style.glyph.pause} ${name}: due, and waits ${visible(waitWords(outcome))}. Run it anyway: runback backup run ${name}`;
    case 'taken': {
      return [
        ...anywayLines(outcome, style),
        ...unmeteredLines(outcome.quotas, style),
        style.chalk.bold(name),
        takenText(outcome.snapshot, style),
      ].join('\n');
    }
    default:
      return outcome satisfies never;
  }
}

/** What a run by schedule would have waited for. */
function anywayLines({ incident, outside, quota }: Extract<JobOutcome, { state: 'taken' }>, style: Style): readonly string[] {
  const said = [
    ...(incident === undefined ? [] : [`${incident} is open on its platforms. By its schedule the job would have waited until it is closed.`]),
    ...(outside === undefined ? [] : [`Its window is closed. By its schedule the job would have waited ${waitWords({ window: outside })}.`]),
    ...(quota === undefined ? [] : [`By its schedule the job would have waited ${waitWords({ quota })}`]),
  ];
  return said.map((line) => `${style.glyph.warning} ${visible(line)}`);
}

/** Platforms that do not say what they allow in a day. */
function unmeteredLines(quotas: readonly QuotaView[], style: Style): readonly string[] {
  return quotas
    .filter(({ limit }) => limit === undefined)
    .map(
      ({ platform }) =>
        `${style.glyph.pending} ${visible(platform)} does not say how many requests it allows in a day: nothing is kept free for others.`,
    );
}

function interruptedLines(job: string, { interrupted }: JobOutcome, style: Style): readonly string[] {
  if (interrupted === undefined) return [];
  const { startedAt, resumed, snapshot } = interrupted;
  const became =
    snapshot === undefined
      ? 'It left no complete snapshot; taking the next one removes what it had started.'
      : `Its snapshot ${snapshot} was complete and is kept.`;
  const syncs = resumed.length === 0 ? '' : ` Resumed: ${resumed.map(visible).join(', ')}.`;
  return [`${style.glyph.warning} ${visible(job)}: an earlier run was interrupted, started ${time(startedAt, style)}. ${became}${syncs}`];
}

function clockLines(job: string, { clockBackMs }: JobOutcome, style: Style): readonly string[] {
  if (clockBackMs === undefined) return [];
  return [
    `${style.glyph.warning} ${visible(job)}: the clock of this machine went back by ${formatDuration(clockBackMs)}. The schedule counts from now on.`,
  ];
}

/** A job, with what the last restore test of one of its snapshots came to. */
type ShownJob = JobView & { readonly proof?: JobProof };

/** What runs by a schedule of its own, whatever the jobs are. */
interface ByItself {
  readonly verification?: VerificationView;
  readonly pruning?: PruningView;
}

/** Jobs with their facts, and how the size of their snapshots changes. */
export function jobsText(views: readonly ShownJob[], unread: readonly UnreadJob[], { verification, pruning }: ByItself, style: Style): string {
  if (views.length + unread.length === 0 && verification === undefined && pruning === undefined)
    return 'runback.yml has no backup job. Add one under backups.jobs: docs/backups.md shows how.';
  const failed = unread.map(({ job, error }) => jobFailedText(job, error, style));
  const timed: [string, string][] = [
    ...(verification === undefined ? [] : [['Verification', verificationWords(verification, style)] as [string, string]]),
    ...(pruning === undefined ? [] : [['Pruning', pruningWords(pruning, style)] as [string, string]]),
  ];
  return [...views.map((view) => jobText(view, style)), ...failed, ...(timed.length === 0 ? [] : [facts(timed, style)])].join('\n\n');
}

function jobText(view: ShownJob, style: Style): string {
  const isDoubtful = view.last !== undefined && (view.last.end !== 'done' || view.last.base !== undefined || view.suspect !== undefined);
  const isUnproven = view.test !== undefined && (view.test.late || view.test.last?.end === 'failed');
  const isUncopied = view.copies.some(({ late, failing }) => late || failing !== undefined);
  const mark = view.late || isUncopied || view.unlisted !== undefined || isDoubtful || isUnproven ? style.glyph.warning : style.glyph.done;
  const pairs: [string, string][] = [
    ['Platforms', view.platforms.map(visible).join(', ')],
    ['Schedule', view.schedule === undefined ? 'none: runs when someone starts it' : `${view.schedule} (${view.timezone})`],
    ...(view.window === undefined ? [] : [['Window', windowWords(view.window, style)] as [string, string]]),
    ['Last', lastWords(view, style)],
    ...(view.suspect === undefined ? [] : [['Suspect', view.suspect.map(visible).join('; ')] as [string, string]]),
    ['Next', nextWords(view, style)],
    ...(view.unlisted === undefined ? [['Age', ageWords(view)] as [string, string]] : []),
    [
      'Restore',
      view.unlisted !== undefined
        ? 'not known'
        : view.proof === undefined
          ? 'never proven'
          : `${proofWords(view.proof).replace(/^restore /u, '')}, of ${view.proof.snapshot}`,
    ],
    ...(view.test === undefined ? [] : [['Restore test', testWords(view.test, style)] as [string, string]]),
    [
      'Size',
      view.unlisted !== undefined
        ? `not known: ${visible(view.unlisted)}`
        : view.snapshots === 0
          ? 'no snapshot yet'
          : `${counted(view.snapshots, 'snapshots')}, ${bytes(view.bytes)}`,
    ],
    ...view.copies.map((copy): [string, string] => [`Copy ${visible(copy.copy)}`, copyWords(copy, view.target, style)]),
    ...(view.trend.length > 1 ? [['Trend', trendWords(view, style)] as [string, string]] : []),
    ...(view.incident === undefined ? [] : [['Incident', view.incident] as [string, string]]),
  ];
  return `${mark} ${style.chalk.bold(visible(view.job))}\n${facts(pairs, style)}`;
}

function lastWords({ running, interrupted, last }: JobView, style: Style): string {
  if (running !== undefined) return `running now, started by ${visible(running.by)} ${time(running.since, style)}`;
  if (interrupted !== undefined) return `interrupted, started ${time(interrupted.since, style)}: the next run cleans up`;
  if (last === undefined) return 'never';
  const at = time(last.endedAt, style);
  switch (last.end) {
    case 'done':
      return `${at}, ${last.snapshot ?? ''}${last.base === undefined ? '' : `; what it was to build on is damaged: ${last.base.snapshot}`}`;
    case 'gaps':
      return `${at}, not everything could be read: runback snapshot show ${last.snapshot ?? ''}`;
    case 'interrupted':
      return `interrupted ${at}`;
    case 'failed':
      return `failed ${at}: ${visible(last.error?.message ?? '')}`;
    default:
      return last.end satisfies never;
  }
}

function nextWords({ due, next, waits, running }: JobView, style: Style): string {
  if (waits !== undefined) return `due, and waits ${visible(waitWords(waits))}`;
  if (due && running === undefined) return 'due now';
  return next === undefined ? 'when someone starts it' : time(next, style);
}

function windowWords({ from, to, isOpen, closes, opens }: NonNullable<JobView['window']>, style: Style): string {
  const until = closes === undefined ? '' : ` until ${time(closes, style)}`;
  const next = opens === undefined ? '' : `, opens ${time(opens, style)}`;
  return `${from} to ${to}: ${isOpen ? `open${until}` : `closed${next}`}`;
}

function ageWords({ newest, target, late }: JobView): string {
  const age = newest === undefined ? 'no complete snapshot' : span(newest.ageMs);
  if (target === undefined) return age;
  return `${age}; target ${target}: ${late ? 'missed' : 'met'}`;
}

/** Sizes as a small chart, the oldest on the left; as words where nothing is to be drawn. */
function trendWords({ trend }: JobView, style: Style): string {
  const sizes = trend.map((one) => one.bytes);
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  const words = `${bytes(first)} ${style.accessible ? 'to' : style.glyph.arrow} ${bytes(last)}`;
  if (style.accessible) return words;
  const most = Math.max(...sizes, 1);
  const chart = sizes
    .map((size) => style.levels[Math.min(style.levels.length - 1, Math.floor((size / most) * (style.levels.length - 1) + 0.5))])
    .join('');
  return `${chart}  ${words}`;
}
