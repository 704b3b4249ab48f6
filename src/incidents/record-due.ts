import type { Escalation, EscalationAct } from '../escalation/index.js';
import { type Clock, defined, RunbackError } from '../lib/index.js';
import { CLOCK_TOLERANCE_MS, type Store } from '../store/index.js';
import type { Append, Appender } from './journals.js';
import { messagePages, pagesOf } from './pages/planned.js';
import { whatIsDue } from './state/due.js';
import { type Incident, ROBOT } from './types.js';

/** Rounds of one look: more can only be a mistake in a policy. */
const MOST_ROUNDS = 200;

type Due = ReturnType<typeof whatIsDue>;

/** Writes down whatever is due for an incident by its policy, until nothing is. Gives when something is due next. */
export async function recordDue(
  incident: Incident,
  file: Escalation | undefined,
  append: Appender,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Promise<Date | undefined> {
  let now = incident;
  if (Date.parse(now.latestAt) > clock.now().getTime() + CLOCK_TOLERANCE_MS) now = await append('clock.set-back', { from: now.latestAt }, ROBOT);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const time = clock.now();
    const due = whatIsDue(now, file, time, await lastRunActivity(store, now));
    const after = await recordRound(now, file, due, time, append);
    if (after === now) return due.next;
    now = after;
  }
  throw new RunbackError('bug', `${incident.id} has more due at the same time than is possible`, { state: 'What was decided is on record.' });
}

/**
 * Writes down what is due now; gives the same incident where nothing was. A release changes what is due, so that it
 * comes alone.
 */
async function recordRound(incident: Incident, file: Escalation | undefined, due: Due, time: Date, append: Append): Promise<Incident> {
  let now = incident;
  if (due.release !== undefined) return await append('incident.released', { because: due.release, source: 'daemon' }, ROBOT);
  if (!file) return now;
  for (const act of due.acts) now = await recordAct(append, now, file, act);
  for (const { kind, seq } of due.owed) now = await append('messages.sent', { kind, for: seq, pages: messagePages(now, file, kind, seq) }, ROBOT);
  if (due.update) now = await append('messages.sent', { kind: 'update-due', pages: messagePages(now, file, 'update-due', time.getTime()) }, ROBOT);
  for (const { vendor } of due.followUps)
    now = await append('messages.sent', { kind: 'follow-up', vendor, pages: messagePages(now, file, 'follow-up', time.getTime()) }, ROBOT);
  return now;
}

/** Writes down a step of the escalation with the pages it causes. */
async function recordAct(append: Append, incident: Incident, file: Escalation, act: EscalationAct): Promise<Incident> {
  const { pages, unreachable } = pagesOf(incident, file, act);
  if (act.kind === 'contact') {
    const { rung, target, step, because } = act;
    const [page] = pages;
    const why = unreachable[0]?.why;
    const data = { rung, target, step, because, ...(page ? { page } : {}), ...defined({ unreachable: why }) };
    return await append('contact.fired', data, ROBOT);
  }
  const { index, level, round, exhausted, targets, grants, vendors, because } = act;
  const optional = {
    ...defined({ level, grants, because }),
  };
  // Nobody outside is asked for help with what has not happened.
  const engaged = incident.drill === undefined ? vendors : [];
  return await append('rung.fired', { index, round, exhausted, targets, vendors: engaged, pages, unreachable, ...optional }, ROBOT);
}

/** The last sign of work in linked runs (ISO 8601); asked only where an acknowledgement might lapse. */
async function lastRunActivity(store: Store, incident: Incident): Promise<string | undefined> {
  if (incident.status !== 'acknowledged') return undefined;
  let last: string | undefined;
  for (const { id } of incident.links.filter(({ kind }) => kind === 'run').slice(-3)) {
    const journal = store.journal('runs', id);
    if (!(await journal.exists())) continue;
    for await (const { at } of journal.read()) if (last === undefined || at > last) last = at;
  }
  return last;
}
