import type { Round, RoundOfAll, TaskOutcome, VerificationView } from '../../backups/index.js';
import { damageWords, type StandingDamage } from '../flows/backups/damage.js';
import { taskLines, taskNext, taskStoodText } from './task.js';
import { bytes, counted, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What a round of verification came to. */
export function roundText({ verified, byBytes, damaged, unclear, bytes: read, left }: Round, style: Style): string {
  const all = verified.length + byBytes.length + damaged.length + unclear.length;
  const mark = damaged.length > 0 ? style.glyph.failed : unclear.length > 0 ? style.glyph.warning : style.glyph.done;
  const rest = left === 0 ? 'none is left' : `${counted(left, 'snapshots')} left for the next rounds`;
  return [
    `${mark} ${counted(all, 'snapshots')} read, ${bytes(read)}; ${rest}`,
    ...verified.map((id) => `  ${style.glyph.done} ${id}: every byte is what was written`),
    ...byBytes.map((id) => `  ${style.glyph.done} ${id}: bytes as written, and no key here to read them: not verified`),
    ...damaged.map(({ snapshot, why }) => `  ${style.glyph.failed} ${snapshot}: ${visible(why)}`),
    ...unclear.map(({ snapshot, why }) => `  ${style.glyph.warning} ${snapshot}: ${visible(why)}`),
  ].join('\n');
}

/** The same with what came of it in each copy. */
function allText({ copies = {}, ...own }: RoundOfAll, style: Style): string {
  const there = Object.entries(copies).map(
    ([name, round]) =>
      `${style.chalk.bold(`Copy ${visible(name)}`)}\n${'failed' in round ? `${style.glyph.warning} Not read: ${visible(round.failed.message)}` : roundText(round, style)}`,
  );
  return [roundText(own, style), ...there].join('\n');
}

/** What looking after the verification of stored snapshots has come to. */
export function roundOutcomeText(outcome: TaskOutcome<RoundOfAll>, style: Style): string {
  return [...taskLines('verification', outcome, style), outcomeText(outcome, style)].join('\n');
}

function outcomeText(outcome: TaskOutcome<RoundOfAll>, style: Style): string {
  if (outcome.state !== 'ended') return taskStoodText('Verification', outcome, 'runback snapshot verify --budget 10m', style);
  return outcome.end.result === undefined ? `${style.glyph.failed} Verification did not come to its end` : allText(outcome.end.result, style);
}

/** Snapshots that are damaged, and the incident in which people were told. */
export function damageLines(standing: readonly StandingDamage[], style: Style): readonly string[] {
  return standing.map((one) => {
    const { incident } = one.alarm;
    return `${style.glyph.warning} ${visible(damageWords(one))}${incident === undefined ? '' : ` Incident: ${incident}`}`;
  });
}

/** How the verification of stored snapshots stands, in one line. */
export function verificationWords(view: VerificationView, style: Style): string {
  const { running, last, budget } = view;
  const ran = (): string => {
    if (running !== undefined) return `running now, started by ${visible(running.by)} ${time(running.since, style)}`;
    if (last === undefined) return 'never by schedule';
    const at = time(last.endedAt, style);
    const { result } = last;
    if (last.end !== 'done' || result === undefined) return `${last.end} ${at}`;
    const read = result.verified.length + result.byBytes.length;
    return `${at}, ${counted(read, 'snapshots')} as written, ${result.damaged.length} damaged, ${result.left} left`;
  };
  return `${ran()}; ${budget} each; next: ${taskNext(view, style)}`;
}
