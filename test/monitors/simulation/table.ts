import type { FaultKind } from './faults.js';
import { blindShare, type Begins, foundIn, heardByZScore, heardIn, type Heard, heldOutSeeds, quantile, WEEKS } from './measure.js';
import { mixedYear, type Rate, RATES, volumesYear, type WorkspaceYear } from './workspaces.js';

/** The commit that froze the rules, by the hash that it was made with: what came after it was not tuned. */
export const FROZEN = '4a7a78da53f2b17f2ae4cb664147868fadaefe84';

const WORKSPACES = 8;
const YEARS = 10;
const FAULTS = 8;

const perWeek = (count: number, years: number): string => (count / (years * WEEKS)).toFixed(3);

/** `20 volumes: pages a week, all messages a week, the worst year`. */
export function heardRows(makers: readonly (readonly [string, (seed: number, rough: number) => WorkspaceYear])[], rough: number): readonly string[] {
  return makers.flatMap(([name, make]) => {
    const years = heldOutSeeds(FROZEN, WORKSPACES).map((seed) => make(seed % 1_000_000, rough));
    const rows: readonly (readonly [string, readonly Heard[]])[] = [
      [name, years.map((year) => heardIn(year))],
      ...(name.includes('volumes') ? ([[`${name}, z-score of 14 days`, years.map(heardByZScore)]] as const) : []),
    ];
    return rows.map(([what, heard]) => {
      const pages = heard.map((year) => year.pages);
      const messages = heard.map((year) => year.pages + year.notes + year.updates);
      const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
      return `| ${what} | ${perWeek(sum(pages), years.length)} | ${perWeek(Math.max(...pages), 1)} | ${perWeek(sum(messages), years.length)} | ${perWeek(Math.max(...messages), 1)} |`;
    });
  });
}

export const MAKERS = [
  ['20 volumes', volumesYear],
  ['20 of all kinds', mixedYear],
] as const;

const CASES: readonly (readonly [FaultKind, Begins])[] = [
  ['stop', 'working'],
  ['stop', 'ordinary'],
  ['stop', 'any'],
  ['half', 'working'],
  ['half', 'ordinary'],
  ['half', 'any'],
  ['surge', 'ordinary'],
  ['drift', 'ordinary'],
];

const hoursText = (hours: number): string => (Number.isFinite(hours) ? `${hours} h` : 'not found');

/** A row for each rate, fault and beginning: how long it took, and how many of them the z-score finds. */
export function* foundRows(rough: number): Generator<string> {
  for (const rate of RATES)
    for (const [kind, begins] of CASES) {
      const all = heldOutSeeds(FROZEN, YEARS).map((seed) => foundIn(seed % 1_000_000, rate, kind, begins, FAULTS, rough));
      const ours = all.flatMap((one) => one.ours);
      const theirs = all.flatMap(({ zScore }) => zScore);
      const found = theirs.filter(Number.isFinite).length / theirs.length;
      yield `| ${rate} an hour | ${kind} | ${begins} | ${hoursText(quantile(ours, 0.5))} | ${hoursText(quantile(ours, 0.95))} | ${hoursText(quantile(ours, 1))} | ${Math.round(100 * found)} % |`;
    }
}

/** How much of the time a series says that a half could be lost unseen. */
export function blindRows(rough: number): readonly string[] {
  return RATES.map((rate: Rate) => {
    const shares = heldOutSeeds(FROZEN, YEARS).map((seed) => blindShare(seed % 1_000_000, rate, rough));
    return `| ${rate} an hour | ${Math.round((100 * shares.reduce((all, one) => all + one, 0)) / shares.length)} % |`;
  });
}
