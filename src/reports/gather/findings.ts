import { causeOf, failureLines, withFailuresTogether } from '../../incidents/index.js';
import { formatDuration } from '../../lib/index.js';
import type { PageFacts, ReportData } from '../types.js';
import type { OwnLines } from './own.js';

/** Facts that somebody should look at: where action items begin. Nothing here is a judgement. */
export function findingsOf(data: Omit<ReportData, 'findings' | 'valuesInText'>, own: OwnLines): readonly string[] {
  return [...times(data), ...telling(data, own), ...repair(data), ...after(data)];
}

function* times({ times: { began, detected }, spans }: Pick<ReportData, 'times' | 'spans'>): Iterable<string> {
  if (began === undefined) yield 'It is not on record when the damage began.';
  if (detected === undefined) yield 'It is not on record when the damage was noticed.';
  for (const { name, ms, withinMs } of spans)
    if (ms !== undefined && withinMs !== undefined && ms > withinMs)
      yield `${name}: took ${formatDuration(ms)} (within ${formatDuration(withinMs)} asked).`;
}

function* telling({ pages, times: { firstAcknowledged } }: Pick<ReportData, 'pages' | 'times'>, own: OwnLines): Iterable<string> {
  for (const group of withFailuresTogether(pages, ({ channel }) => channel)) {
    if (group.length > 1) yield `${failureLines(group, true).join('. ')}.`;
    else for (const page of group) yield* ofPage(page);
  }
  for (const why of new Set(own.unreachable)) yield `Nobody could be paged there: ${why}.`;
  if (own.lapsed > 0) yield `An acknowledgement expired ${own.lapsed === 1 ? 'once' : `${own.lapsed} times`}.`;
  if (firstAcknowledged === undefined && pages.length > 0) yield 'Nobody acknowledged the incident.';
}

function* ofPage({ medium, to, state, why, needs }: PageFacts): Iterable<string> {
  const whose = medium === 'channel' ? `channel ${to}` : `${to}'s ${MEDIA[medium] ?? medium}`;
  const cause = needs === undefined ? why : causeOf({ why, needs });
  if (state === 'failed') yield `Page failed: ${whose}${cause === undefined ? '' : ` (${cause})`}.`;
  if (state === 'open') yield `Page not known to have arrived: ${whose}.`;
}

const MEDIA: Readonly<Record<string, string>> = { email: 'e-mail', sms: 'SMS', voice: 'call' };

function* repair({ runs, approvals, restores, plans }: Pick<ReportData, 'runs' | 'approvals' | 'restores' | 'plans'>): Iterable<string> {
  for (const { authenticated, by, run, step } of approvals) if (!authenticated) yield `Unauthenticated approval by ${by}: "${step}" of ${run}.`;
  for (const { id, state, because, steps, problem } of runs) {
    if (problem !== undefined) yield `The journal of ${id} cannot be read to its end: ${problem}.`;
    if (state !== 'succeeded') yield `Run ${id} is ${state}${because === undefined ? '' : `: ${because}`}.`;
    for (const step of steps)
      if (step.state === 'failed' || step.state === 'undo failed')
        yield `Step "${step.title}" of ${id} ${step.state}${step.error === undefined ? '' : `: ${step.error}`}.`;
  }
  for (const plan of plans) if (plan.problem !== undefined) yield `Plan ${plan.id} cannot be read to its end: ${plan.problem}.`;
  for (const restore of restores) {
    const left = [
      [restore.moved, 'left alone, because someone had changed them'],
      [restore.rejected, 'refused by the platform'],
      [restore.failed, 'failed'],
      [restore.inDoubt, 'in doubt'],
    ] as const;
    for (const [n, what] of left) if (n > 0) yield `${n} ${n === 1 ? 'change' : 'changes'} of ${restore.id}: ${what}.`;
    for (const { object, field, count } of restore.fieldsLeft)
      yield `${count} × ${field} of ${object}: refused by the platform during ${restore.id}.`;
    for (const { object, field, count } of restore.altered)
      yield `${count} × ${field} of ${object}: written during ${restore.id}, and the platform stored another value.`;
    for (const { object, field, count } of restore.beside)
      yield field === ''
        ? `${count} × ${object}: made by the platform itself during ${restore.id}.`
        : `${count} × ${field} of ${object}: changed by the platform itself during ${restore.id}.`;
    if (
      restore.state === 'partial' &&
      left.every(([n]) => n === 0) &&
      restore.fieldsLeft.length + restore.altered.length + restore.beside.length === 0
    )
      yield `Some fields of records that ${restore.id} wrote were left as they are.`;
    if (restore.problem !== undefined) yield `The journal of ${restore.id} cannot be read to its end: ${restore.problem}.`;
    const proof = runs.flatMap(({ verified }) => verified).filter(({ plan }) => plan === restore.plan);
    const last = proof.at(-1);
    if ((restore.state === 'done' || restore.state === 'partial') && last === undefined)
      yield `No run on record has verified ${restore.id}: runback restore verify ${restore.plan}.`;
    if (last !== undefined && last.remaining > 0)
      yield `${last.remaining} of ${last.checked} changes of ${restore.plan} were not on the platform when it was verified.`;
  }
}

function* after({ syncs, vendors, status }: Pick<ReportData, 'syncs' | 'vendors' | 'status'>): Iterable<string> {
  for (const { sync, state, pause, why } of syncs) {
    if (state === 'paused' || state === 'pausing') yield `Sync ${sync} is still paused (${pause}).`;
    if (state === 'failed' || state === 'held') yield `Sync ${sync}: ${state}${why === undefined ? '' : ` (${why})`}.`;
  }
  for (const { vendor, number, followUpAt } of vendors) {
    if (number === undefined) yield `The case at the support of ${vendor} has no number on record.`;
    if (followUpAt !== undefined && status !== 'resolved') yield `The case at the support of ${vendor} is due for follow-up at ${followUpAt}.`;
  }
}
