import { counted } from '../../lib/index.js';
import type { AreaCounts, JudgedItem, LeakResult, ParityResult } from './result.js';

/** What a check came to, as a sentence without the full stop. */
export function verdictWords({ verdict, test, production }: ParityResult): string {
  switch (verdict) {
    case 'like':
      return `${test} is like ${production}, but for what is accepted`;
    case 'different':
      return `${test} is not like ${production}`;
    case 'unproven':
      return `No difference found between ${test} and ${production}, but not everything could be read`;
    case 'refused':
      return `${test} cannot be told apart from production, so nothing was compared`;
  }
}

/** What tells the two apart: `credentials different, account different, host shared`. */
export const apartWords = ({ apart }: ParityResult): string => apart.map(({ what, is }) => `${what} ${is}`).join(', ');

/** What is wrong with an item, or was accepted of it. */
export function itemWords({ status, test, production, why, reason, until, expired }: JudgedItem): string {
  const said = why === undefined ? `test ${test ?? ''}, production ${production ?? ''}` : `could not be read: ${why}`;
  if (status === 'accepted') return `${said}; accepted until ${until ?? ''}: ${reason ?? ''}`;
  return expired === true ? `${said}; was accepted until ${until ?? ''}: ${reason ?? ''}` : said;
}

/** What the leak test came to. */
export function leakWords(leak: LeakResult, { test }: Pick<ParityResult, 'test'>): string {
  switch (leak.status) {
    case 'off':
      return 'off in parity.yml: whether anything flows on to production is not known';
    case 'skipped':
      return 'not done: whether anything flows on to production is not known';
    case 'clear':
      return `no marker of ${test} reached production`;
    case 'leaked':
      return `what is written to ${test} shows up in production`;
    case 'unproven':
      return 'no marker was seen, but that proves nothing: not everything was read';
  }
}

/** What was marked and read, a line each; where markers were seen comes first. */
export function leakLines(leak: LeakResult): readonly (readonly [name: string, value: string])[] {
  if (!('window' in leak)) return [];
  const { from, to } = leak.window;
  return [
    ...leak.sightings.map(({ platform, object, key, field, from: of }) => ['Seen', `${of} in ${platform}: ${field} of ${object} ${key}`] as const),
    ['Marked', leak.marked.map(({ object, field, key }) => `${object}.${field} of ${key}`).join(', ') || 'nothing'],
    ['Window', `written by ${from}, last read from ${to} (settle ${leak.settle})`],
    ...leak.read.flatMap(({ platform, objects, why }) => [
      ...(why === undefined ? [] : [['Not read', `${platform}: ${why}`] as const]),
      ...objects.map((one) =>
        one.why === undefined
          ? (['Read', `${platform} ${one.object}: all ${counted(one.records, 'records')}`] as const)
          : (['Not read', `${platform} ${one.object}: ${one.why} (${counted(one.records, 'records')} read)`] as const),
      ),
    ]),
  ];
}

/** What to do next, as a sentence or a command; undefined where nothing is left to do. */
export function nextWords({ verdict, leak, test }: ParityResult): string | undefined {
  if (leak.status === 'leaked') return `Pause the sync that carries it to production: runback sync list`;
  switch (verdict) {
    case 'like':
      return undefined;
    case 'different':
      return `Change ${test}, or accept the difference in parity.yml with a reason and a last day`;
    case 'unproven':
      return 'Give the credentials what they lack, or accept it in parity.yml with unreadable: true';
    case 'refused':
      return `Give ${test} an account and credentials of its own in runback.yml`;
  }
}

/** All that was compared. */
export function totalOf(counts: readonly AreaCounts[]): Omit<AreaCounts, 'area'> {
  const sum = (of: (one: AreaCounts) => number): number => counts.reduce((all, one) => all + of(one), 0);
  return {
    same: sum(({ same }) => same),
    accepted: sum(({ accepted }) => accepted),
    different: sum(({ different }) => different),
    unreadable: sum(({ unreadable }) => unreadable),
  };
}
