import { showDelay, showLocal, type Escalation, type LintFinding, type SimulatedMessage, type SimulatedStep } from '../../escalation/index.js';
import { formatDuration, showMoment } from '../../lib/index.js';
import type { PlacedProblem } from '../../workspace/index.js';
import { counted, facts, relative, table } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { pad, wrap } from './text/width.js';

/** What `escalation show` tells. */
export interface Shown {
  readonly onCall: readonly { readonly schedule: string; readonly person?: string; readonly until?: string }[];
  readonly quietUntil?: string;
  readonly escalation: Escalation;
}

/** Who is on call, then each severity with its ladder. */
export function showText({ onCall, quietUntil, escalation }: Shown, style: Style): string {
  const { people, severities, policies, schedules, timezone } = escalation;
  const time = (iso: string, zone: string): string => `${showLocal(Date.parse(iso), zone)} (${relative(new Date(iso), style.now)})`;
  const blocks = [
    onCall.length === 0
      ? 'There are no schedules.'
      : table(
          [{ title: 'On call', shrink: true }, { title: 'Schedule', shrink: true }, { title: 'Until' }],
          onCall.map(({ schedule, person, until }) => [
            person === undefined ? 'nobody' : `${visible(people[person]?.name ?? person)} (${person})`,
            schedule,
            until === undefined ? 'further notice' : time(until, schedules[schedule]?.timezone ?? timezone),
          ]),
          style,
        ),
  ];
  if (quietUntil !== undefined) blocks.push(wrapped(`${style.glyph.pause} Quiet hours until ${time(quietUntil, timezone)}`, 2, style));
  for (const [name, { means, policy, quietHours, updateEveryMs }] of Object.entries(severities)) {
    const habits = [
      `policy ${policy}`,
      quietHours === 'hold' ? 'waits for the end of quiet hours' : 'ignores quiet hours',
      ...(updateEveryMs === undefined ? [] : [`an update every ${formatDuration(updateEveryMs)}`]),
    ];
    blocks.push(`${style.chalk.bold(name)}  ${wrapped(visible(means), 6, style, 6)}\n${wrapped(`      ${habits.join(', ')}`, 6, style)}`);
  }
  for (const [name, { levels, repeat, exhausted }] of Object.entries(policies)) {
    const rungs = levels.map(({ notify, ackWithinMs, grants, vendors }, index): [string, string] => [
      `Level ${index + 1}`,
      [
        notify.join(', '),
        `next after ${formatDuration(ackWithinMs)}`,
        ...(grants === undefined ? [] : [`grants ${grants}`]),
        ...engaged(vendors),
      ].join('; '),
    ]);
    const rounds = repeat === 0 ? 'once' : `${repeat + 1} times`;
    blocks.push(
      `${style.chalk.bold(`Policy ${name}`)}, followed ${rounds}\n${facts(
        [...rungs, ['Then', `${exhausted.notify.join(', ')}; every ${formatDuration(exhausted.everyMs)} until someone answers`]],
        style,
      )}`,
    );
  }
  return blocks.join('\n\n');
}

/** Findings, refused ones first, each with its place. */
export function lintText(
  findings: readonly (Pick<LintFinding, 'severity' | 'message'> & PlacedProblem & { readonly code: string })[],
  style: Style,
): string {
  if (findings.length === 0) return `${style.glyph.done} escalation.yml: no problems found`;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return [
    ...findings.map(({ severity, code, message, file, line, column }) =>
      wrapped(
        `${severity === 'error' ? style.glyph.failed : style.glyph.warning} ${severity} ${file}:${line}:${column}: ${visible(message)} (${code})`,
        2,
        style,
      ),
    ),
    `${counted(errors, 'errors')}, ${counted(findings.length - errors, 'warnings')}`,
  ].join('\n');
}

/** What `escalation simulate` tells. */
export interface Simulation {
  readonly severity: string;
  readonly at: string;
  readonly zone: string;
  readonly note?: string;
  readonly steps: readonly SimulatedStep[];
}

/** Step after step, with the time since the beginning and the local time. */
export function simulationText(escalation: Escalation, { severity, at, zone, note, steps }: Simulation, style: Style): string {
  const policy = escalation.severities[severity]?.policy ?? '';
  const head = [
    `${style.chalk.bold(severity)}: ${visible(escalation.severities[severity]?.means ?? '')}`,
    `Policy ${policy}, from ${showMoment(new Date(at), zone)} (${relative(new Date(at), style.now)}), if nobody answers`,
    ...(note === undefined ? [] : [`${style.glyph.warning} ${note}`]),
  ].map((line) => wrapped(line, 2, style));
  const blocks = steps.map((step) => {
    const lines = stepLines(escalation, step, zone);
    const title = `${pad(showDelay(step.afterMs), 8)}  ${showLocal(Date.parse(step.at), zone)}`;
    return [title, ...lines.map((line) => wrapped(`    ${line}`, 6, style))].join('\n');
  });
  return [head.join('\n'), ...blocks].join('\n');
}

function stepLines(escalation: Escalation, step: SimulatedStep, zone: string): readonly string[] {
  if (step.kind === 'held') return [`waits for the end of quiet hours, ${showLocal(Date.parse(step.until), zone)}`];
  const messages = step.messages.map((message) => words(escalation, message));
  if (step.kind === 'contact') return [`no answer: ${messages.join(', ')}`];
  const policy = step.level === undefined ? 'exhausted' : `level ${step.level}, round ${step.round}`;
  return [
    `${policy}${step.because === undefined ? '' : `, since ${step.because}`}: ${messages.length === 0 ? 'nobody right away' : messages.join(', ')}`,
    ...step.nobody.map((ref) => `nobody is on call in ${ref}`),
    ...(step.grants === undefined ? [] : [`from now ${step.grants.people.join(', ')} may act as ${step.grants.role}`]),
    ...engaged(step.vendors),
  ];
}

function words({ people, channels }: Escalation, { person, channel, by }: SimulatedMessage): string {
  if (person !== undefined) return `${visible(people[person]?.name ?? person)} (${person}) by ${by}`;
  return `channel ${channel ?? ''} (${channels[channel ?? '']?.type ?? by})`;
}

const engaged = (vendors: readonly string[]): readonly string[] => (vendors.length === 0 ? [] : [`engages ${vendors.join(', ')}`]);

/** How a simulation differs from what was expected. */
export function differencesText(differences: readonly { readonly kind: string; readonly message: string }[], expected: number, style: Style): string {
  if (differences.length === 0) return `${style.glyph.done} As expected: ${counted(expected, 'messages')}`;
  return [
    `${style.glyph.failed} Not as expected`,
    ...differences.map(({ kind, message }) => `  ${kind === 'missing' ? 'missing   ' : 'unexpected'}  ${visible(message)}`),
  ].join('\n');
}

/** Unstyled text broken at the width of the screen, later lines set in; `used` cells of the first line are taken. */
function wrapped(text: string, indent: number, style: Style, used = 0): string {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines = wrap(text.trimStart(), Math.max(20, style.width - Math.max(indent, used, lead.length)));
  return lead + lines.join(`\n${' '.repeat(indent)}`);
}
