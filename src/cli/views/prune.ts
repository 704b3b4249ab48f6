import type { CopyLacks, GoReason, Pruned, PruneReport, PruneRound, PruningView, StayReason, TaskOutcome } from '../../backups/index.js';
import { taskLines, taskNext, taskStoodText } from './task.js';
import { bytes, counted, span, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrap } from './text/width.js';

/** Every snapshot with the reasons for which it stays or goes, then how many and how much. */
export function pruneText({ snapshots, unreadable, completed }: PruneReport, isDry: boolean, style: Style): string {
  const left = unreadable.map(({ path, why }) => `${style.glyph.warning} Left alone: ${visible(path)}\n  ${visible(why)}`);
  const before = completed.map((id) => `${style.glyph.done} ${id} was deleted by an earlier call that was interrupted.`);
  if (snapshots.length === 0) return [...before, ...left, 'There is no snapshot to judge.'].join('\n');
  const going = snapshots.filter(({ verdict }) => !verdict.stays);
  const gone = isDry ? going : going.filter(({ deleted }) => deleted === true);
  const freed = bytes(gone.reduce((sum, { snapshot }) => sum + snapshot.bytes, 0));
  const end = isDry
    ? `Nothing was deleted. Without --dry-run ${counted(going.length, 'snapshots')} would go: ${freed}.`
    : `Deleted ${counted(gone.length, 'snapshots')}: ${freed}. ${counted(snapshots.length - gone.length, 'snapshots')} remain.`;
  return [...before, ...snapshots.map((one) => prunedText(one, isDry, style)), ...left, '', end].join('\n');
}

function prunedText({ snapshot, verdict, deleted, kept }: Pruned, isDry: boolean, style: Style): string {
  const word = verdict.stays ? 'stays' : isDry ? 'would go' : deleted === true ? 'deleted' : 'not deleted';
  const mark = verdict.stays ? style.glyph.done : deleted === true || isDry ? style.glyph.skipped : style.glyph.warning;
  const reasons = [
    ...(kept === undefined ? [] : [kept.because === 'changed' ? 'it is needed now' : visible(kept.error.message)]),
    ...(verdict.stays ? verdict.because.map(stayWords) : verdict.because.map(goWords)),
  ];
  return [
    `${mark} ${style.chalk.bold(word)}  ${snapshot.id}${snapshot.job === undefined ? '' : `, job ${visible(snapshot.job)}`}`,
    `  ${time(snapshot.startedAt, style)}`,
    ...reasons.flatMap((reason) => wrap(reason, style.width - 6).map((line, n) => `  ${n === 0 ? '- ' : '  '}${line}`)),
  ].join('\n');
}

/** Why a snapshot stays, in words. */
export function stayWords(reason: StayReason): string {
  switch (reason.kind) {
    case 'rule':
      return reason.period === undefined ? `kept by ${reason.rule}` : `kept by ${reason.rule}: the newest of ${reason.period}`;
    case 'pinned':
      return `pinned${reason.reason === undefined ? '' : `: ${visible(reason.reason)}`}`;
    case 'last-verified':
      return `the last verified one of ${reason.of.map(visible).join(', ')}`;
    case 'referred':
      return `${reason.by.kind} ${reason.by.id} refers to it`;
    case 'base':
      return `${reason.of.join(', ')} ${reason.of.length === 1 ? 'builds' : 'build'} on it`;
    case 'no-job':
      return 'no backup job made it: no rule speaks of it';
    case 'job-gone':
      return `its job ${visible(reason.job)} is no longer in runback.yml`;
    case 'no-rules':
      return `its job ${visible(reason.job)} has no keep rules`;
    case 'clock':
      return reason.later === undefined
        ? 'its time lies in the future: the clock of this machine has changed'
        : `its time cannot be right: ${reason.later} was taken later and has an earlier time`;
    case 'unreadable':
      return `${reason.file} cannot be read, and may build on it`;
    case 'unknown-reference':
      return `${reason.by.kind} ${reason.by.id} is open and cannot be read: it may refer to it`;
    case 'copy':
      return lackWords(reason);
    default:
      return reason satisfies never;
  }
}

function lackWords(lack: CopyLacks): string {
  const copy = visible(lack.copy);
  switch (lack.lacks) {
    case 'missing':
      return `the copy ${copy} does not have it yet: runback backup copy ${copy}`;
    case 'damaged':
      return `the copy ${copy} holds it damaged: move that file away, then: runback backup copy ${copy}`;
    case 'unknown':
      return `nobody can tell whether the copy ${copy} has it: ${visible(lack.why)}`;
    default:
      return lack satisfies never;
  }
}

function goWords(reason: GoReason): string {
  switch (reason.because) {
    case 'stands':
      return `${reason.rule}: ${reason.by} is the newest of ${reason.period}`;
    case 'full':
      return `${reason.rule}: newer ones have all of its places (${reason.places})`;
    case 'old':
      return `${reason.rule}: it is ${span(reason.ageMs)} older than the newest`;
    default:
      return reason satisfies never;
  }
}

/** What looking after the pruning of snapshots has come to, without the snapshots. */
export function pruningOutcomeText(outcome: TaskOutcome<PruneRound>, style: Style): string {
  const now =
    outcome.state === 'ended'
      ? outcome.end.end === 'done'
        ? `${style.glyph.done} Pruned`
        : `${style.glyph.failed} Pruning ${visible(outcome.end.error?.message ?? 'did not come to its end')}`
      : taskStoodText('Pruning', outcome, 'runback backup prune', style);
  return [...taskLines('pruning', outcome, style), now].join('\n');
}

/** How the pruning of snapshots stands, in one line. */
export function pruningWords(view: PruningView, style: Style): string {
  const { running, last } = view;
  const ran = (): string => {
    if (running !== undefined) return `running now, started by ${visible(running.by)} ${time(running.since, style)}`;
    if (last === undefined) return 'never by schedule';
    const { end, result, error, endedAt } = last;
    if (result === undefined) return `${end} ${time(endedAt, style)}${error === undefined ? '' : `: ${visible(error.message)}`}`;
    const failed = end === 'done' ? '' : `; ${visible(error?.message ?? 'it did not come to its end')}`;
    return `${time(endedAt, style)}, ${counted(result.deleted, 'snapshots')} deleted${failed}`;
  };
  return `${ran()}; next: ${taskNext(view, style)}`;
}
