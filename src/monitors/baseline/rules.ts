/** Every number that the baseline goes by, with its reason. They were set on the tuning years of test/monitors/simulation. */
export const RULES = {
  /** Sums over so many hours, the quick ones first: a stop shows in the first, a third of a small series in the last. */
  windows: [3, 6, 24, 72],
  /** So many earlier weeks are compared with. */
  weeks: 8,
  /** Fewer weeks of history are no baseline. */
  learningWeeks: 4,
  /** After holidays and incidents are left out, so many earlier weeks have to be left. */
  leastWeeks: 3,
  /** This share of the hours of a window has to be ordinary. */
  leastShare: 2 / 3,
  /** By window: how far apart the earlier windows are that the spread is learned from, and how far back they reach, in hours. The steps share no factor with a day. */
  spread: { 3: { step: 5, reach: 672 }, 6: { step: 7, reach: 672 }, 24: { step: 11, reach: 1344 }, 72: { step: 25, reach: 1344 } },
  /** The spread is such that this share of what was learned from lies within the same share of the normal distribution. */
  spreadShare: 0.8,
  /** The square of the same quantile of the normal distribution: 1.2816². */
  spreadQuantile: 1.6424,
  /** With fewer windows to learn the spread from, this much is taken. */
  leastSpreads: 20,
  usualSpread: 0.06,
  /** No series of people and programs varies by chance alone. */
  smallestSpread: 0.004,
  /** How the last four weeks stand to their baselines: growth. It is believed between these. */
  levelDays: 28,
  leastLevelDays: 7,
  levels: [0.5, 2],
  /** So many spreads away is a finding, if one of two hours in a row says so, */
  dropAt: 4.5,
  surgeAt: 5,
  /**
   * and the other one is this share as far away. A sum that ends an hour earlier has one hour less of what is wrong: two of three, or five of six, which is
   * 0.6 or 0.8 of the distance of a half. To ask more of it waits an hour longer for the same evidence.
   */
  confirms: 0.7,
  /** So many hours without anything, and more, are judged for themselves, up to so many. */
  silentHours: 2,
  longestSilence: 12,
  /** A half counts as seen if it would be so many spreads beyond: then 95 in 100 are. */
  power: 1.7,
  silenceAt: 5.8,
  /** However certain: less than this share away is none. */
  dropShare: 0.65,
  surgeShare: 1.5,
  /** However certain: fewer records away are none. */
  atLeast: 5,
  /** What is open stays so until it is this share as far away. */
  lingers: 0.6,
} as const;

export type WindowHours = (typeof RULES.windows)[number];
