import { describe, expect, it } from 'vitest';

import { blindShare, foundIn, heardByZScore, heardIn, WEEKS } from './simulation/measure.js';
import { blindRows, foundRows, heardRows, MAKERS } from './simulation/table.js';
import { mixedYear, RATES, volumesYear } from './simulation/workspaces.js';

/** A user would lose: sleep over nothing, or the hours in which a stop could have been seen. Years that the rules were set on. */

const QUARTER_HOURS = 13 * 168;
const isTable = process.env['MONITOR_TABLE'] !== undefined;

describe('a quarter in which nothing is wrong', () => {
  it('of twenty series of all kinds: hardly a page, and few messages', () => {
    const heard = heardIn(mixedYear(101), QUARTER_HOURS);
    expect(heard.pages).toBeLessThanOrEqual(2);
    expect(heard.pages + heard.notes + heard.updates).toBeLessThanOrEqual(0.5 * 13);
  });
  it('a z-score of fourteen days tells every night and every morning', () => {
    expect(heardByZScore(volumesYear(101)).notes / WEEKS).toBeGreaterThan(10);
  });
});

describe('planted faults', () => {
  it('a stop in working hours is found within six hours at 5 an hour, within three at 400', () => {
    expect(Math.max(...foundIn(3005, 5, 'stop', 'working', 8).ours)).toBeLessThanOrEqual(6);
    expect(Math.max(...foundIn(3006, 40, 'stop', 'working', 8).ours)).toBeLessThanOrEqual(3);
    expect(Math.max(...foundIn(3007, 400, 'stop', 'ordinary', 8).ours)).toBeLessThanOrEqual(3);
  });
  it('a half is found within a day at 40 an hour, within six hours at 400', () => {
    expect(Math.max(...foundIn(3006, 40, 'half', 'working', 8).ours)).toBeLessThanOrEqual(24);
    expect(Math.max(...foundIn(3007, 400, 'half', 'working', 8).ours)).toBeLessThanOrEqual(6);
  });
  it('the z-score misses the stops', () => {
    for (const rate of RATES) expect(foundIn(3008, rate, 'stop', 'working', 8).zScore.filter(Number.isFinite).length).toBeLessThanOrEqual(4);
  });
  it('at 5 an hour it says that a half cannot be told from chance; at 40 and 400 it can', () => {
    expect(blindShare(3005, 5)).toBeGreaterThan(0.7);
    expect(blindShare(3006, 40)).toBeLessThan(0.1);
    expect(blindShare(3007, 400)).toBeLessThan(0.01);
  });
});

/** Run once, and published in docs/monitors.md as they came out: they promise nothing. `rough`: with twice the noise. */
describe.skipIf(!isTable)('years whose seeds follow from the commit that froze the rules (MONITOR_TABLE=1 prints them)', () => {
  it.each([1, 2])('with %s times the noise', { timeout: 3_600_000 }, (rough) => {
    const rows = [...heardRows(MAKERS, rough), ...blindRows(rough), ...foundRows(rough)];
    console.log(rows.join('\n'));
    expect(rows.length).toBeGreaterThan(20);
  });
});
