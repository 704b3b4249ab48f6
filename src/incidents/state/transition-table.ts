import type { IncidentStatus } from '../types.js';

/** What people (and programs for them) do to an incident. */
export const TRANSITION_NAMES = [
  'acknowledge',
  'acknowledge-again',
  'release',
  'escalate',
  'note',
  'triage-worse',
  'triage-milder',
  'triage-same',
  'snooze',
  'mitigate',
  'resolve',
  'reopen',
  'merge',
  'absorb',
  'link',
  'engage-vendor',
] as const;
export type IncidentTransition = (typeof TRANSITION_NAMES)[number];

/** What time does to an incident by itself. */
export const TIME_TRANSITION_NAMES = [
  'level-is-over',
  'contact-fails',
  'update-is-due',
  'nothing-happens',
  'snooze-ends',
  'follow-up-is-due',
] as const;
export type TimeTransition = (typeof TIME_TRANSITION_NAMES)[number];

/**
 * Who is told at once. `first-level`, `next-level`: that level of the policy is paged. `next-contact`: the next way to
 * reach a person. `quiet`: channels that were told hear that nobody is paged any more, and why. `over`: they hear that
 * it is over. `holder`: whoever has it is reminded.
 */
export type Telling = 'nobody' | 'first-level' | 'next-level' | 'next-contact' | 'quiet' | 'over' | 'holder';

/** What an act comes to in one state. */
export interface TransitionOutcome {
  readonly after: IncidentStatus;
  readonly tells: Telling;
}

const to = (after: IncidentStatus, tells: Telling = 'nobody'): TransitionOutcome => ({ after, tells });

type Row<Missing = 'refused'> = Readonly<Record<IncidentStatus, TransitionOutcome | Missing>>;

const OVER = { resolved: 'refused', merged: 'refused' } as const;
/** Allowed in every state, changes none and tells nobody. */
const ANYWHERE: Row = {
  open: to('open'),
  acknowledged: to('acknowledged'),
  snoozed: to('snoozed'),
  mitigated: to('mitigated'),
  resolved: to('resolved'),
  merged: to('merged'),
};
/** The same, while it is open. */
const WHILE_OPEN: Row = { ...ANYWHERE, ...OVER };

/** From every open state the same. */
const always = (outcome: TransitionOutcome): Row => ({ open: outcome, acknowledged: outcome, snoozed: outcome, mitigated: outcome, ...OVER });

/**
 * Every act in every state: what the incident is then, and who is told. The acts refuse by it, docs/incidents.md shows
 * it, and a test walks it. `triage-worse`: the severity gets worse and other rules go with it; `triage-milder`: better,
 * with another policy; `triage-same`: anything else that is known better.
 */
export const TRANSITIONS: Readonly<Record<IncidentTransition, Row>> = {
  acknowledge: {
    open: to('acknowledged', 'quiet'),
    acknowledged: to('acknowledged', 'quiet'),
    snoozed: to('acknowledged', 'quiet'),
    mitigated: to('mitigated', 'quiet'),
    ...OVER,
  },
  'acknowledge-again': { ...WHILE_OPEN, open: to('acknowledged', 'quiet'), snoozed: to('acknowledged', 'quiet') },
  release: always(to('open', 'first-level')),
  escalate: always(to('open', 'next-level')),
  note: ANYWHERE,
  'triage-worse': always(to('open', 'first-level')),
  'triage-milder': { ...WHILE_OPEN, open: to('open', 'first-level') },
  'triage-same': WHILE_OPEN,
  snooze: { ...always(to('snoozed')), open: to('snoozed', 'quiet') },
  mitigate: { ...always(to('mitigated')), open: to('mitigated', 'quiet') },
  resolve: always(to('resolved', 'over')),
  reopen: {
    open: 'refused',
    acknowledged: 'refused',
    snoozed: 'refused',
    mitigated: 'refused',
    resolved: to('open', 'first-level'),
    merged: to('open', 'first-level'),
  },
  merge: always(to('merged', 'over')),
  absorb: WHILE_OPEN,
  link: ANYWHERE,
  'engage-vendor': WHILE_OPEN,
};

/** What happens by itself. Whatever is over stays as it is, and nobody hears of it, ever. */
export const TIME_TRANSITIONS: Readonly<Record<TimeTransition, Row<never>>> = {
  'level-is-over': { ...stays(), open: to('open', 'next-level') },
  'contact-fails': { ...stays(), open: to('open', 'next-contact') },
  'update-is-due': { ...stays(), acknowledged: to('acknowledged', 'holder'), mitigated: to('mitigated', 'holder') },
  'nothing-happens': { ...stays(), acknowledged: to('open', 'first-level') },
  'snooze-ends': { ...stays(), snoozed: to('open', 'first-level') },
  'follow-up-is-due': {
    open: to('open', 'holder'),
    acknowledged: to('acknowledged', 'holder'),
    snoozed: to('snoozed', 'holder'),
    mitigated: to('mitigated', 'holder'),
    resolved: to('resolved'),
    merged: to('merged'),
  },
};

function stays(): Row<never> {
  return {
    open: to('open'),
    acknowledged: to('acknowledged'),
    snoozed: to('snoozed'),
    mitigated: to('mitigated'),
    resolved: to('resolved'),
    merged: to('merged'),
  };
}

const STATES: readonly IncidentStatus[] = ['open', 'acknowledged', 'snoozed', 'mitigated', 'resolved', 'merged'];

const TELLS: Readonly<Record<Telling, string>> = {
  nobody: '',
  'first-level': 'first level',
  'next-level': 'next level',
  'next-contact': 'next contact',
  quiet: 'channels: quiet',
  over: 'channels: over',
  holder: 'the person who acknowledged it',
};

/** The two tables as Markdown, for docs/incidents.md. A cell: the state after the act, and in bold who is told. */
export function transitionTableMarkdown(): string {
  const cell = (state: IncidentStatus, outcome: TransitionOutcome | 'refused'): string => {
    if (outcome === 'refused') return 'refused';
    const words = TELLS[outcome.tells];
    const state_ = outcome.after === state ? '=' : outcome.after;
    return words === '' ? state_ : `${state_}, **${words}**`;
  };
  const table = (title: string, rows: Readonly<Record<string, Row<'refused'> | Row<never>>>): readonly string[] => [
    `| ${title} | ${STATES.join(' | ')} |`,
    `| --- | ${STATES.map(() => '---').join(' | ')} |`,
    ...Object.entries(rows).map(([act, row]) => `| ${act.replaceAll('-', ' ')} | ${STATES.map((state) => cell(state, row[state])).join(' | ')} |`),
  ];
  return [...table('action', TRANSITIONS), '', ...table('what time does', TIME_TRANSITIONS)].join('\n');
}
