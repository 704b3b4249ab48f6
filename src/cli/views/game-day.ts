import type { Finding, PeopleResult } from '../../drills/index.js';
import type { Escalation, SimulatedMessage } from '../../escalation/index.js';
import { counted, span } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** Whom a game day would page, when, and over which channels: for whoever has to agree to it. */
export async function pagingPlan(file: Escalation, severity: string, now: Date, waitMs: number, style: Style): Promise<string> {
  const [{ simulateEscalation }, { addressOf }] = await Promise.all([import('../../escalation/index.js'), import('../../incidents/index.js')]);
  const levels = file.policies[file.severities[severity]?.policy ?? '']?.levels.length ?? 0;
  const steps = simulateEscalation(file, { severity, at: now, until: new Date(now.getTime() + waitMs), maxRungs: levels });
  const wayOf = ({ ref, person, channel, by }: SimulatedMessage): string => {
    const step = person === undefined ? 0 : Math.max(0, file.people[person]?.contact.findIndex(({ kind }) => kind === by) ?? 0);
    const to = addressOf(file, { ref, ...(person === undefined ? {} : { person }), ...(channel === undefined ? {} : { channel }) }, step, {
      drill: '',
    });
    const who = person === undefined ? (channel ?? ref) : `${file.people[person]?.name ?? person} by ${by}`;
    if (typeof to === 'string') return `not ${visible(who)}: ${visible(to)}`;
    return person === undefined ? visible(who) : `${visible(who)} over ${visible(to.channel)}`;
  };
  const lines = steps.flatMap((step): readonly string[] => {
    const when = step.afterMs === 0 ? 'at once' : `after ${span(step.afterMs)}`;
    if (step.kind === 'held') return [`  ${style.glyph.warning} held back by quiet hours until ${step.until}`];
    const level = step.kind === 'rung' && step.level !== undefined ? `level ${step.level}, ` : '';
    const nobody = step.kind === 'rung' ? step.nobody.map((ref) => `nobody is on call in ${visible(ref.slice('schedule:'.length))}`) : [];
    return [`  ${level}${when}: ${[...step.messages.map(wayOf), ...nobody].join('; ') || 'nobody'}`];
  });
  return [
    style.chalk.bold(`A game day for ${severity} pages real people until someone answers, for ${span(waitMs)} at most`),
    ...lines,
    '  Every message says that it is a drill. No real incident is opened.',
  ].join('\n');
}

/** What is missing, with whose it is. */
export function findingLines(findings: readonly Finding[], style: Style): readonly string[] {
  if (findings.length === 0) return [`${style.glyph.done} Nothing was missing: no finding.`];
  return [
    style.chalk.bold(counted(findings.length, 'findings')),
    ...findings.flatMap(({ kind, what, owner, next }) => [
      `  ${style.glyph.warning} ${kind}: ${visible(what)}`,
      `    ${visible(owner)}: ${visible(next)}`,
    ]),
  ];
}

/** What a game day measured, below the scorecard. */
export function peopleLines({ incident, pages, approvals, findings }: PeopleResult, style: Style): readonly string[] {
  const states = { open: 'on its way', accepted: 'sent', failed: 'failed', withdrawn: 'no longer needed' } as const;
  return [
    style.chalk.bold(`People (${incident})`),
    ...pages.map(
      ({ who, channel, medium, level, state, why }) =>
        `  ${level === undefined ? 'last level' : `level ${level}`}: ${visible(who)} by ${medium === 'channel' ? 'channel' : medium} over ${visible(channel)}, ${states[state]}${why === undefined ? '' : `: ${visible(why)}`}`,
    ),
    ...(pages.length === 0 ? ['  Nobody was paged.'] : []),
    ...approvals.map(
      ({ step, given, afterMs }) =>
        `  approval "${visible(step)}": ${given.length === 0 ? 'given by the answers of the drill, by no person' : `given by ${visible(given.join(', '))} after ${span(afterMs)}`}`,
    ),
    ...findingLines(findings, style),
  ];
}
