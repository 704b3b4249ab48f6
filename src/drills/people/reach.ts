import { type Escalation, onCallAt, type Target } from '../../escalation/index.js';
import { addressOf, causeOf, type Incident } from '../../incidents/index.js';
import { KEEPER, nameIn, policyFor, targetsOf } from './ladder.js';
import type { Finding } from './result.js';

type Purpose = Pick<Incident, 'drill'>;

/** Whether a drill could page a target at all. */
export function isReachable(file: Escalation, target: Target, purpose: Purpose): boolean {
  return stepsOf(file, target).some((step) => typeof addressOf(file, target, step, purpose) !== 'string');
}

/** Indexes of the contacts of a target; a channel has one. */
function stepsOf(file: Escalation, { person, channel }: Target): readonly number[] {
  if (channel !== undefined) return [0];
  return person === undefined ? [] : (file.people[person]?.contact ?? []).map((_, step) => step);
}

/** What keeps pages from people: contacts that lead nowhere, and those that failed. Each once. */
export function reachFindings(file: Escalation, incident: Incident, at: Date): readonly Finding[] {
  const policy = policyFor(file, incident.severity);
  if (policy === undefined) return [];
  if (!Object.values(file.channels).some(({ drills }) => drills === true))
    return [
      {
        kind: 'channel',
        what: 'No channel is for drills, so nobody was paged',
        owner: KEEPER,
        next: 'Write drills: true to the channels of escalation.yml that pages of drills may go over',
      },
    ];
  return [
    ...targetsOf(file, policy, at).flatMap((target) => [...lackingIn(file, target, incident)]),
    ...policy.levels.flatMap(({ notify }) => notify.flatMap((ref) => uncovered(file, ref, at))).filter(unlessTwice),
    ...failedIn(incident),
  ];
}

/** Contacts of one target that lead nowhere in a real incident either; that of a drill only where none is left. */
function* lackingIn(file: Escalation, target: Target, incident: Incident): Generator<Finding> {
  const { person, channel } = target;
  const steps = stepsOf(file, target);
  for (const step of steps) {
    const why = addressOf(file, target, step, {});
    if (typeof why !== 'string') continue;
    const kind = person === undefined ? undefined : file.people[person]?.contact[step]?.kind;
    const hasNoAddress = person !== undefined && file.people[person]?.[kind === 'email' ? 'email' : 'phone'] === undefined;
    yield {
      kind: 'unreachable',
      what: `${person === undefined ? (channel ?? target.ref) : nameIn(file, person)} cannot be reached${kind === undefined ? '' : ` by ${kind}`}: ${why}`,
      owner: hasNoAddress ? nameIn(file, person) : KEEPER,
      next: hasNoAddress
        ? `Add people.${person}.${kind === 'email' ? 'email' : 'phone'} to escalation.yml`
        : 'Correct escalation.yml: runback escalation lint',
    };
  }
  if (steps.length === 0 && person !== undefined)
    yield {
      kind: 'unreachable',
      what: `${nameIn(file, person)} has no contact`,
      owner: nameIn(file, person),
      next: `Add people.${person}.contact to escalation.yml`,
    };
  const real = steps.some((step) => typeof addressOf(file, target, step, {}) !== 'string');
  if (person === undefined || !real || isReachable(file, target, incident)) return;
  yield {
    kind: 'channel',
    what: `A drill cannot page ${nameIn(file, person)}: no channel of their contacts is for drills`,
    owner: KEEPER,
    next: 'Write drills: true to the channel in escalation.yml, or accept that a drill does not reach this person',
  };
}

function uncovered(file: Escalation, ref: string, at: Date): readonly Finding[] {
  const name = ref.slice('schedule:'.length);
  if (!ref.startsWith('schedule:') || onCallAt(file, name, at) !== undefined) return [];
  return [
    {
      kind: 'unreachable',
      what: `Nobody is on call in ${name} now`,
      owner: KEEPER,
      next: `Close the gap in schedules.${name} of escalation.yml, or accept it`,
    },
  ];
}

/** Pages that failed for good, one for each address and cause. */
function failedIn({ pages }: Incident): readonly Finding[] {
  return pages
    .flatMap((page): readonly Finding[] => {
      if (page.kind !== 'alert' || page.state !== 'failed') return [];
      const { to, needs = [] } = page;
      const who = to.person === undefined ? to.channel : `${to.name ?? to.person} (${to.medium})`;
      return [
        {
          kind: 'unreachable',
          what: `The page to ${who} over ${to.channel} failed: ${causeOf(page)}`,
          owner: KEEPER,
          next: needs.length > 0 ? `Set ${needs.join(', ')} where runback runs` : 'runback escalation test shows what the channel says',
        },
      ];
    })
    .filter(unlessTwice);
}

const unlessTwice = (one: Finding, index: number, all: readonly Finding[]): boolean => all.findIndex(({ what }) => what === one.what) === index;
