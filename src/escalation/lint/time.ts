import { coveredBy, hoursOf, without, type Stretch } from '../calendar/coverage.js';
import { neverOnCall } from '../calendar/turns.js';
import { DAY_MS, instantOf, parseLocal, showLocal, timesShown } from '../calendar/zones.js';
import type { Escalation, Schedule } from '../types.js';
import { error, warning, type LintFinding } from './findings.js';
import { tellingsOf } from './tellings.js';

const AHEAD_MS = 90 * DAY_MS;
const SHOWN = 3;

/** Hours of the next 90 days in which nobody is on call, and quiet hours that are missing. */
export function* timeProblems(file: Escalation, now: Date): Generator<LintFinding> {
  const window: Stretch = [now.getTime(), now.getTime() + AHEAD_MS];
  for (const [name, schedule] of Object.entries(file.schedules)) {
    const covered = coveredBy(schedule, window);
    const gaps = hoursOf(schedule, window).flatMap(([from, to]) => without([Math.max(from, window[0]), Math.min(to, window[1])], covered));
    if (gaps.length > 0)
      yield error('uncovered', `nobody in "${name}" is on call ${showGaps(gaps, schedule.timezone)}`, ['schedules', name, 'rotation', 'start']);
  }
  for (const { notify, path, words } of tellingsOf(file)) {
    const schedules = notify.flatMap((ref): Schedule[] => {
      const schedule = ref.startsWith('schedule:') ? file.schedules[ref.slice('schedule:'.length)] : undefined;
      return schedule === undefined ? [] : [schedule];
    });
    if (schedules.length < notify.length || schedules.every(({ hours }) => hours === undefined)) continue;
    const gaps = without(
      window,
      schedules.flatMap((schedule) => coveredBy(schedule, window)),
    );
    if (gaps.length > 0) yield error('uncovered', `${words} pages nobody ${showGaps(gaps, schedules[0]?.timezone ?? file.timezone)}`, path);
  }
  yield* turnProblems(file, now);
  yield* quietProblems(file);
}

/** People of a rotation who never have a turn within its hours, and overrides at a time that the clocks skip. */
function* turnProblems({ schedules, people }: Escalation, now: Date): Generator<LintFinding> {
  for (const [name, schedule] of Object.entries(schedules)) {
    for (const [index, override] of schedule.overrides.entries())
      for (const edge of ['from', 'to'] as const) {
        const local = parseLocal(override[edge]);
        if (local !== undefined && timesShown(local, schedule.timezone) === 0)
          yield warning(
            'override-skipped',
            `the clocks of ${schedule.timezone} skip ${override[edge]}: it counts as ${showLocal(instantOf(local, schedule.timezone), schedule.timezone)}`,
            ['schedules', name, 'overrides', index, edge],
          );
      }
    const idle = neverOnCall(schedule, now.getTime());
    if (idle.length === 0) continue;
    const named = idle.map((id) => `${people[id]?.name ?? id} (${id})`).join(', ');
    yield warning(
      'never-on-call',
      `${named} ${idle.length === 1 ? 'is' : 'are'} in the rotation of "${name}" and never on call: none of their turns overlaps its hours`,
      ['schedules', name, 'rotation', 'people', schedule.rotation.people.indexOf(idle[0] ?? '')],
    );
  }
}

function showGaps(gaps: readonly Stretch[], zone: string): string {
  const shown = gaps.slice(0, SHOWN).map(([from, to]) => `from ${showLocal(from, zone)} to ${showLocal(to, zone)}`);
  const more = gaps.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and in ${more} more gaps of the next 90 days` : ''}`;
}

function* quietProblems({ quietHours, severities }: Escalation): Generator<LintFinding> {
  if (quietHours !== undefined) return;
  for (const [name, { quietHours: habit }] of Object.entries(severities))
    if (habit === 'hold')
      yield warning('quiet-missing', `${name} waits for the end of quiet hours, but there are none`, ['severities', name, 'quiet_hours']);
}
