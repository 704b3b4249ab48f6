import type { Rehearsal } from '../../../stages/index.js';
import { count, counted, facts, span } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

/** What a rehearsal of a plan came to: what is right, what it will take, and what nobody can know from it. */
export function rehearsalText(one: Rehearsal, style: Style): string {
  const { done, failed } = style.glyph;
  const head = one.passed
    ? `${done} Rehearsed: everything is put back as planned, and the undo works`
    : `${failed} Rehearsed: not everything is as planned`;
  const next: [string, string] = one.passed ? ['Apply it', `runback restore apply ${one.plan}`] : ['Look again', `runback restore show ${one.plan}`];
  return [
    head,
    facts(
      [
        ['Plan', one.plan],
        ['Loaded', `${one.snapshot} into ${visible(one.where)}`],
        ...rightPairs(one),
        ...ahead(one),
        ...one.cannot_know.map((what, i): [string, string] => [i === 0 ? 'Cannot know' : '', visible(what)]),
        ...one.differs.map((what, i): [string, string] => [i === 0 ? 'Differs' : '', visible(what)]),
        next,
      ],
      style,
    ),
  ].join('\n');
}

/** What the rehearsals of a set of plans came to, one after the other, and what they take together. */
export function rehearsedSetText(
  {
    set,
    passed,
    differences,
    rehearsals,
  }: { readonly set: string; readonly passed: boolean; readonly differences: number; readonly rehearsals: readonly Rehearsal[] },
  style: Style,
): string {
  const { done, failed } = style.glyph;
  const total = (pick: (one: Rehearsal) => number): number => rehearsals.reduce((sum, one) => sum + pick(one), 0);
  return [
    ...rehearsals.flatMap((one) => [rehearsalText(one, style), '']),
    `${passed ? done : failed} ${set}: ${passed ? 'all of its plans are put back as planned' : 'not everything is as planned'}`,
    facts(
      [
        [
          'Together',
          `${counted(
            total((one) => one.apply.calls + one.verify.calls),
            'calls',
          )}, ${span(total((one) => one.apply.ms + one.verify.ms))} one after the other`,
        ],
        ...(differences === 0
          ? []
          : [['Differences', `${counted(differences, 'differences')} between the platforms stay: runback restore show ${set}`] as [string, string]]),
        passed ? ['Apply it', `runback restore apply ${set}`] : ['Look again', `runback restore show ${set}`],
      ],
      style,
    ),
  ].join('\n');
}

/** What came of it there. */
function rightPairs(one: Rehearsal): [string, string][] {
  const pairs: [string, string][] = [['Right', `${part(one.records, 'records')}, ${part(one.cells, 'cells')}, ${part(one.links, 'links')}`]];
  for (const { object, key, field, why } of one.examples.slice(0, SHOWN))
    pairs.push(['', visible(`${object} ${key}${field === '' ? '' : ` ${field}`}: ${why}`)]);
  if (one.examples.length > SHOWN) pairs.push(['', `... more with --json`]);
  for (const [i, { count: n, status, reason, message }] of one.left.entries())
    pairs.push([i === 0 ? 'Left' : '', visible(`${count(n)} ${[status, reason, message].filter((word) => word !== undefined).join(': ')}`)]);
  if (one.stopped !== undefined) pairs.push(['Stopped', visible(one.stopped)]);
  if (one.beside.count > 0)
    pairs.push([
      'Changed too',
      visible(`${counted(one.beside.count, 'values, links or records')} in addition to the plan: ${one.beside.examples.join(', ')}`),
    ]);
  pairs.push([
    'Side effects',
    one.side_effects.count === 0
      ? 'none that the sandbox knows of'
      : visible(`${count(one.side_effects.count)}: ${one.side_effects.examples.slice(0, SHOWN).join('; ')}`),
  ]);
  pairs.push([
    'Undo',
    one.undo.put_back
      ? 'put everything back'
      : visible([`${counted(one.undo.differences, 'differences')} left`, ...[one.undo.stopped ?? one.undo.examples].flat()].join(': ')),
  ]);
  return pairs;
}

const SHOWN = 5;

const part = ({ checked, right }: Rehearsal['records'], noun: string): string => `${count(right)} of ${counted(checked, noun)}`;

/** What the same takes on the platform. */
function ahead({ platform, apply, verify, undoing, pace, quota }: Rehearsal): [string, string][] {
  const phase = ({ calls, ms }: Rehearsal['apply']): string => `${counted(calls, 'calls')}, about ${span(ms)}`;
  const limits = pace.limits.map(({ calls, in_ms: ms }) => `${counted(calls, 'calls')} in ${span(ms)}`).join(', ');
  const from = { account: `as ${visible(platform)} says`, settings: 'by runback.yml, or the least that is usual', none: '' }[pace.from];
  const latency = { measured: 'measured', given: 'as given', assumed: 'assumed' }[pace.latency_from];
  return [
    ['Will take', `apply: ${phase(apply)}`],
    ['', `verify: ${phase(verify)}`],
    ['', `undo: ${phase(undoing)}`],
    ['Based on', [...(limits === '' ? [] : [`${limits} (${from})`]), `${count(pace.latency_ms)} ms a call (${latency})`].join(', ')],
    ...(pace.not_asked === undefined ? [] : [['', `${visible(platform)} was not asked: ${visible(pace.not_asked)}`] as [string, string]]),
    ...(quota === undefined ? [] : [['Calls today', quotaWords(quota)] as [string, string]]),
  ];
}

function quotaWords({ limit, left, left_after: after, share_left: share }: NonNullable<Rehearsal['quota']>): string {
  const words = `${count(left)} of ${count(limit)} left`;
  if (after < 0) return `${words}: that is ${count(-after)} too few. The restore would stop midway, and continue tomorrow`;
  return `${words}; ${count(after)} (${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %) once it is applied and verified`;
}

/** The same in a sentence or two, for the log of a run. */
export function rehearsedWords(one: Rehearsal): string {
  const { apply, verify, quota, records, links, beside, undo, stopped } = one;
  const wrong = [
    ...(records.right < records.checked ? [`${part(records, 'records')} right`] : []),
    ...(links.right < links.checked ? [`${part(links, 'links')} right`] : []),
    ...(beside.count > 0 ? [`${counted(beside.count, 'changes')} in addition to the plan`] : []),
    ...(undo.put_back ? [] : ['the undo did not put everything back']),
    ...(stopped === undefined ? [] : [stopped]),
  ];
  const came = one.passed ? `everything is put back as planned, and the undo works` : `not everything is as planned: ${wrong.join(', ')}`;
  const left = quota === undefined ? '' : ` ${count(Math.max(0, quota.left_after))} calls are left today after that.`;
  const short = quota !== undefined && quota.left_after < 0 ? ' There are too few calls left today.' : left;
  return `Rehearsed ${one.plan} on a copy: ${came}. Applying and verifying it takes ${counted(apply.calls + verify.calls, 'calls')}, about ${span(apply.ms + verify.ms)}.${short} What the account does by itself is not known from this.`;
}
