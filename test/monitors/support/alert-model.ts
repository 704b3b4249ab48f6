import type { AlertContext, Judgement, OpenAlert } from '../../../src/monitors/index.js';

const HOUR_MS = 3_600_000;

/** One look as it was: what was judged when. */
export interface Look {
  readonly judgements: readonly Judgement[];
  readonly context: AlertContext;
}

/** What a group should have open after all looks. */
export interface Expected {
  readonly open: boolean;
  readonly level: 'page' | 'note';
  /** How many alerts there were. */
  readonly number: number;
}

/**
 * The alerting as one would explain it, for groups by platform without causes and silences: goes through all looks from the first one each time it is asked,
 * and keeps nothing. An alert opens with the first finding of its group. It ends once each of its series has been well for its hold: looks that were at
 * most an hour apart, added up. A hold doubles with each return, three times at most and to 48 hours at most, also across alerts that are less than 48 hours apart.
 */
export function expectedOf(looks: readonly Look[], platform: string): Expected {
  let open: Map<string, { well: number; returns: number; ended: boolean; wrong: boolean }> | undefined;
  let rest: { quiet: number; returns: Map<string, number> } | undefined;
  let [number, level, before]: [number, 'page' | 'note', number | undefined] = [0, 'note', undefined];
  for (const { judgements, context } of looks) {
    const now = context.now.getTime();
    const watched = before === undefined ? 0 : Math.min(HOUR_MS, Math.max(0, now - before));
    before = now;
    if (rest !== undefined) rest.quiet += watched;
    if (rest !== undefined && rest.quiet >= 48 * HOUR_MS) rest = undefined;
    const mine = judgements.filter(({ series }) =>
      context.settings.monitors.some((monitor) => monitor.name === series.monitor && monitor.platforms.includes(platform)),
    );
    const hold = context.settings.alerts.holdMs;
    for (const judgement of mine) {
      const name = judgement.series.monitor;
      const isWrong = judgement.state === 'wrong' || judgement.state === 'unmeasured';
      if (isWrong && open === undefined) {
        open = new Map();
        number += 1;
        level = 'note';
      }
      const entry = open?.get(name);
      if (isWrong && entry === undefined)
        open?.set(name, { well: 0, returns: rest?.returns.has(name) === true ? (rest.returns.get(name) ?? 0) + 1 : 0, ended: false, wrong: true });
      else if (isWrong && entry !== undefined) {
        if (!entry.wrong && (entry.ended || entry.well >= hold / 6)) entry.returns += 1;
        Object.assign(entry, { well: 0, ended: false, wrong: true });
      } else if (entry !== undefined && !entry.ended) {
        entry.wrong = false;
        if (judgement.lingers !== true) {
          entry.well += watched;
          entry.ended = entry.well >= Math.min(hold * 2 ** Math.min(entry.returns, 3), Math.max(hold, 48 * HOUR_MS));
        }
      }
      if (isWrong && judgement.level === 'page') level = 'page';
    }
    if (open !== undefined && [...open.values()].every(({ ended }) => ended)) {
      rest = { quiet: 0, returns: new Map([...open].map(([key, { returns }]) => [key, returns])) };
      open = undefined;
    }
  }
  return { open: open !== undefined, level, number };
}

/** The same of what the alerting keeps. */
export function foundOf(open: readonly OpenAlert[], numbers: Readonly<Record<string, number>>, platform: string): Expected {
  const alert = open.find(({ group }) => group === platform);
  return { open: alert !== undefined, level: alert?.level ?? 'note', number: numbers[platform] ?? 0 };
}
