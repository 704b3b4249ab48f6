import { formatDuration } from '../lib/index.js';
import { error, warning, type LintFinding } from './lint-findings.js';
import { peopleBehind, tellingsOf } from './tellings.js';
import type { ContactStep, Escalation, Person } from './types.js';

/** People and levels that cannot be reached, or only in a way that proves nothing. */
export function* reachProblems(file: Escalation, unconfirming: ReadonlySet<string>): Generator<LintFinding> {
  const types = new Set(Object.values(file.channels).map(({ type }) => type));
  for (const [id, person] of Object.entries(file.people)) {
    const path = ['people', id];
    if (person.contact.length === 0) yield error('no-contact', `there is no way to reach ${person.name}`, path);
    for (const [index, { kind }] of person.contact.entries()) {
      const lacks = lacking(person, kind, types);
      if (lacks !== undefined) yield error('contact-broken', `${person.name} cannot be reached by ${kind}: ${lacks}`, [...path, 'contact', index]);
    }
    yield* orderProblems(file, id, person);
  }
  for (const { notify, path, words } of tellingsOf(file))
    if (notify.every((ref) => ref.startsWith('channel:') && unconfirming.has(file.channels[ref.slice('channel:'.length)]?.type ?? '')))
      yield error('unconfirmed', `${words} tells only channels that cannot confirm that anybody gets it (${[...unconfirming].join(', ')})`, path);
}

function lacking({ email, phone }: Person, kind: ContactStep['kind'], types: ReadonlySet<string>): string | undefined {
  if (kind === 'email') return email === undefined ? 'no address' : types.has('email') ? undefined : 'no channel of type email';
  return phone === undefined ? 'no phone number' : types.has('twilio') ? undefined : 'no channel of type twilio';
}

/** Contacts whose time never comes, and people who are never told. */
function* orderProblems(file: Escalation, id: string, { name, contact }: Person): Generator<LintFinding> {
  const told = tellingsOf(file).filter(({ notify }) => notify.some((ref) => peopleBehind(file, ref).includes(id)));
  if (told.length === 0) {
    yield warning('never-told', `nobody ever tells ${name}: no level names them or a schedule they are in`, ['people', id]);
    return;
  }
  const longest = Math.max(...told.map(({ withinMs }) => withinMs));
  for (const [index, { kind, afterMs }] of contact.entries()) {
    const path = ['people', id, 'contact', index];
    const before = contact.slice(0, index);
    const slower = before.find((step) => step.afterMs > afterMs);
    if (afterMs >= longest)
      yield error(
        'contact-never',
        `${kind} to ${name} waits ${formatDuration(afterMs)}, and by then the next level is told (after ${formatDuration(longest)} at most)`,
        path,
      );
    else if (slower !== undefined)
      yield error('contact-order', `${kind} to ${name} stands behind ${slower.kind}, which waits longer: put them in the order of their times`, path);
    else if (before.some((step) => step.kind === kind && step.afterMs === afterMs))
      yield error('contact-twice', `${kind} to ${name} stands here twice with the same delay`, path);
  }
}
