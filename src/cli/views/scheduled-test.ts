import type { TaskOutcome, TestedSnapshot, TestView } from '../../backups/index.js';
import { formatDuration } from '../../lib/index.js';
import { type StandingTestAlarm, testAlarmWords } from '../flows/backups/scheduled-tests.js';
import { span, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What looking after the restore test of a job has come to. */
export function testOutcomeText(job: string, outcome: TaskOutcome<TestedSnapshot>, style: Style): string {
  const { interrupted, clockBackMs } = outcome;
  const name = visible(job);
  return [
    ...(interrupted === undefined
      ? []
      : [`${style.glyph.warning} ${name}: an earlier restore test was interrupted, started ${time(interrupted, style)}.`]),
    ...(clockBackMs === undefined
      ? []
      : [`${style.glyph.warning} ${name}: the clock of this machine went back by ${formatDuration(clockBackMs)}. The schedule counts from now on.`]),
    outcomeText(name, outcome, style),
  ].join('\n');
}

function outcomeText(name: string, outcome: TaskOutcome<TestedSnapshot>, style: Style): string {
  switch (outcome.state) {
    case 'not-due':
      return `${style.glyph.pending} ${name}: restore test not due${outcome.next === undefined ? '' : `, next ${time(outcome.next, style)}`}`;
    case 'running':
      return `${style.glyph.running} ${name}: a restore test is already running, started by ${visible(outcome.holder.by)} ${time(outcome.holder.since, style)}`;
    case 'waits':
      return `${style.glyph.pause} ${name}: restore test due, and waits until ${outcome.incident} is closed. Run it anyway: runback backup test-restore ${name}`;
    case 'later':
      return `${style.glyph.pause} ${name}: restore test due, and tried again later: ${visible(outcome.why)}`;
    case 'ended': {
      const { end, result, error } = outcome.end;
      if (end === 'done' && result !== undefined)
        return `${style.glyph.done} ${name}: restore of ${result.snapshot} proven in ${span(result.restoreMs)}`;
      return `${style.glyph.failed} ${name}: ${visible([error?.message, error?.why].filter((part) => part !== undefined).join(': '))}`;
    }
    default:
      return outcome satisfies never;
  }
}

/** Restores that are not proven, and the incident in which people were told. */
export function testAlarmLines(alarms: readonly StandingTestAlarm[], style: Style): readonly string[] {
  return alarms.map(({ job, view, alarm }) => {
    const told = alarm.incident === undefined ? '' : ` Incident: ${alarm.incident}`;
    return `${style.glyph.warning} ${visible(testAlarmWords(job, view, alarm.problem))}${told}`;
  });
}

/** How the restore tests of a job stand, in one line. */
export function testWords({ running, interrupted, waits, due, next, last, good, prove_within, late, incident }: TestView, style: Style): string {
  const ran = (): string => {
    if (running !== undefined) return `running now, started by ${visible(running.by)} ${time(running.since, style)}`;
    if (interrupted !== undefined) return `interrupted, started ${time(interrupted.since, style)}`;
    if (last === undefined) return 'never by schedule';
    if (last.end !== 'failed') return `${last.end === 'done' ? 'passed' : 'interrupted'} ${time(last.endedAt, style)}`;
    return `failed ${time(last.endedAt, style)}: ${visible(last.error?.message ?? '')}`;
  };
  const proven = good?.result === undefined ? 'never passed' : `last passed ${good.endedAt.slice(0, 10)} in ${span(good.result.restoreMs)}`;
  const target = prove_within === undefined ? '' : `; target ${prove_within}: ${late ? 'missed' : 'met'}`;
  const then =
    waits === undefined
      ? due && running === undefined
        ? 'due now'
        : next === undefined
          ? ''
          : time(next, style)
      : `due, and waits until ${waits.incident} is closed`;
  const told = incident === undefined ? '' : `; incident ${incident}`;
  return `${ran()}${last?.end === 'done' ? '' : `; ${proven}`}${target}; next: ${then}${told}`;
}
