import type { TaskOutcome } from '../../backups/index.js';
import { formatDuration } from '../../lib/index.js';
import { time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What an earlier run of a task has left, and what its clock did, in lines. `what`: `verification`. */
export function taskLines(what: string, { interrupted, clockBackMs }: TaskOutcome<unknown>, style: Style): readonly string[] {
  return [
    ...(interrupted === undefined ? [] : [`${style.glyph.warning} An earlier ${what} was interrupted, started ${time(interrupted, style)}.`]),
    ...(clockBackMs === undefined
      ? []
      : [`${style.glyph.warning} The clock of this machine went back by ${formatDuration(clockBackMs)}. The schedule counts from now on.`]),
  ];
}

/** Why a task did not run now, in a line. `What`: `Verification`; `anyway`: the command that does it all the same. */
export function taskStoodText(
  What: string,
  outcome: Exclude<TaskOutcome<unknown>, { readonly state: 'ended' }>,
  anyway: string,
  style: Style,
): string {
  switch (outcome.state) {
    case 'not-due':
      return `${style.glyph.pending} ${What} not due${outcome.next === undefined ? '' : `, next ${time(outcome.next, style)}`}`;
    case 'running':
      return `${style.glyph.running} ${What} is already running, started by ${visible(outcome.holder.by)} ${time(outcome.holder.since, style)}`;
    case 'waits':
      return `${style.glyph.pause} ${What} is due, and waits until ${outcome.incident} is closed. Run it anyway: ${anyway}`;
    case 'later':
      return `${style.glyph.pause} ${What} is due, and tried again later: ${visible(outcome.why)}`;
    default:
      return outcome satisfies never;
  }
}

/** When a task runs next. */
export function taskNext(
  {
    running,
    waits,
    due,
    next,
  }: { readonly running?: unknown; readonly waits?: { readonly incident: string }; readonly due: boolean; readonly next?: string },
  style: Style,
): string {
  if (waits !== undefined) return `due, and waits until ${waits.incident} is closed`;
  if (due && running === undefined) return 'due now';
  return next === undefined ? '' : time(next, style);
}
