import { formatDuration } from '../../lib/index.js';
import type { ChannelConfig, ContactStep, Escalation, Person } from '../types.js';
import { error, warning, type LintFinding } from './findings.js';
import { peopleBehind, tellingsOf } from './tellings.js';

/** People and levels that cannot be reached, or only in a way that proves nothing. */
export function* reachProblems(file: Escalation, unconfirming: ReadonlySet<string>): Generator<LintFinding> {
  const types = new Set(Object.values(file.channels).map(({ type }) => type));
  const phones = Object.values(file.channels).find(({ type }) => type === 'twilio');
  for (const [id, person] of Object.entries(file.people)) {
    const path = ['people', id];
    if (person.contact.length === 0) yield error('no-contact', `there is no way to reach ${person.name}`, path);
    for (const [index, { kind }] of person.contact.entries()) {
      const lacks = lacking(person, kind, types) ?? (phones && kind !== 'email' ? senderProblem(phones, kind, person.phone) : undefined);
      if (lacks !== undefined) yield error('contact-broken', `${person.name} cannot be reached by ${kind}: ${lacks}`, [...path, 'contact', index]);
    }
    yield* orderProblems(file, id, person);
  }
  for (const { notify, path, words } of tellingsOf(file))
    if (notify.every((ref) => ref.startsWith('channel:') && unconfirming.has(file.channels[ref.slice('channel:'.length)]?.type ?? '')))
      yield error('unconfirmed', `${words} pages only channels that cannot confirm that anyone receives it (${[...unconfirming].join(', ')})`, path);
}

function lacking({ email, phone }: Person, kind: ContactStep['kind'], types: ReadonlySet<string>): string | undefined {
  if (kind === 'email') return email === undefined ? 'no address' : types.has('email') ? undefined : 'no channel of type email';
  return phone === undefined ? 'no phone number' : types.has('twilio') ? undefined : 'no channel of type twilio';
}

/**
 * Why a sender cannot do what is asked of it. A number in international form can call and send texts where Twilio lets
 * it; a name of up to 11 letters, a short code and a messaging service send texts alone, and the networks of the USA
 * and Canada take none from a name. References are not looked up here. Source: Twilio, "Alphanumeric Sender ID" and
 * "Voice: From".
 */
function senderProblem({ name, options }: ChannelConfig, kind: 'sms' | 'voice', phone: string | undefined): string | undefined {
  const { from } = options;
  if (typeof from !== 'string' || /^(env|file|command|keychain):/.test(from) || /^\+[1-9][\d ().-]{5,24}$/.test(from)) return undefined;
  if (kind === 'voice') return `${name} sends from "${from}", which is not a phone number and cannot make voice calls`;
  return phone?.startsWith('+1') === true && /[A-Za-z]/.test(from) && !/^MG[0-9a-f]{32}$/.test(from)
    ? `${name} sends from the name "${from}", and numbers in the USA and Canada take no text messages from a name`
    : undefined;
}

/** Contacts whose time never comes, and people who are never told. */
function* orderProblems(file: Escalation, id: string, { name, contact }: Person): Generator<LintFinding> {
  const told = tellingsOf(file).filter(({ notify }) => notify.some((ref) => peopleBehind(file, ref).includes(id)));
  if (told.length === 0) {
    yield warning('never-told', `nobody ever pages ${name}: no level names them or a schedule they are in`, ['people', id]);
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
        `${kind} to ${name} waits ${formatDuration(afterMs)}, and by then the next level is paged (after ${formatDuration(longest)} at most)`,
        path,
      );
    else if (slower !== undefined)
      yield error('contact-order', `${kind} to ${name} comes after ${slower.kind}, which waits longer: put them in order of their times`, path);
    else if (before.some((step) => step.kind === kind && step.afterMs === afterMs))
      yield error('contact-twice', `${kind} to ${name} is listed twice with the same delay`, path);
  }
}
