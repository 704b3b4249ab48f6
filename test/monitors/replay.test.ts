import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { Calendar, judgeSeries, type Judgement, nextAlerts, NO_ALERTS, replay } from '../../src/monitors/index.js';
import type { CalendarEntry } from '../../src/workspace/index.js';
import { planted } from './simulation/faults.js';
import { ALERTS, volume, volumeHistory } from './simulation/workspaces.js';
import { BEGINS, seriesYear, sharedDays, WARM_HOURS } from './simulation/year.js';

/** A user would lose: trust in what a change of settings is said to do. */

const HOUR_MS = 3_600_000;
const at = (hours: number): Date => new Date((BEGINS + hours) * HOUR_MS);
const FROM = WARM_HOURS + 1200;
const settings = { monitors: [volume('a', 'crm'), volume('b', 'mail')], alerts: ALERTS };
const year = (seed: number, perHour: number): ReturnType<typeof seriesYear> => seriesYear(seed, perHour, sharedDays(seed));
const histories = [volumeHistory('a', planted(year(1, 400).values, 'stop', FROM + 50, 1)), volumeHistory('b', year(2, 5).values)];
const span = { from: at(FROM), to: at(FROM + 400), calendar: year(1, 400).calendar, silences: [] };

describe('a replay', () => {
  it('says what would have been said, with the chart of each series', () => {
    const [asItIs] = replay(histories, settings, span).variants;
    expect(asItIs).toMatchObject({ name: 'as it is', pages: 1 });
    expect(asItIs?.actions[0]).toMatchObject({ at: at(FROM + 52).toISOString(), action: { kind: 'open', group: 'crm' } });
    const [a] = asItIs?.series ?? [];
    expect(a?.points).toHaveLength(401);
    expect(a?.points.find(({ hour }) => hour === BEGINS + FROM + 60)?.found).toBe(0);
    expect(a?.points.filter(({ expected }) => (expected ?? 0) > 50).length).toBeGreaterThan(300);
    expect(a?.changes.map(({ judgement }) => judgement.finding).slice(0, 2)).toEqual([undefined, 'stopped']);
  });
  it('is the same each time, and the same as what was said at the time', () => {
    const first = replay(histories, settings, span);
    expect(replay(histories, settings, span)).toEqual(first);
    let state = NO_ALERTS;
    const said: string[] = [];
    const context = { calendar: new Calendar(span.calendar), departures: [] };
    for (let hours = FROM; hours <= FROM + 100; hours += 1) {
      // Only what was measured by then, and of that what is kept.
      const first = hours - 18 * 168;
      const then = histories.map((history) => ({
        ...history,
        hours: { first: BEGINS + first, values: history.hours?.values.slice(first, hours) ?? [] },
      }));
      const judgements: Judgement[] = then.map((history, n) => judgeSeries(settings.monitors[n] ?? volume('a'), history, at(hours), context));
      const next = nextAlerts(state, judgements, { now: at(hours), silences: [], settings });
      state = next.state;
      said.push(...next.actions.map(({ key }) => key));
    }
    const until = at(FROM + 100).toISOString();
    expect(first.variants[0]?.actions.filter((one) => one.at <= until).map(({ action }) => action.key)).toEqual(said);
  });
  it('sets tried changes next to what is', () => {
    const quiet: CalendarEntry = {
      is: 'quiet',
      timezone: 'UTC',
      when: {
        kind: 'dates',
        from: at(FROM).toISOString().slice(0, 10),
        to: at(FROM + 400)
          .toISOString()
          .slice(0, 10),
      },
    };
    const noted = { ...settings, monitors: [{ ...volume('a', 'crm'), page: [], note: ['drop' as const] }, volume('b', 'mail')] };
    const { variants } = replay(histories, settings, {
      ...span,
      tried: [
        { name: 'noted', settings: noted },
        { name: 'quiet', settings, calendar: [quiet] },
      ],
    });
    expect(variants.map(({ name, pages }) => [name, pages])).toEqual([
      ['as it is', 1],
      ['noted', 0],
      ['quiet', 0],
    ]);
    expect(variants[1]?.notes).toBeGreaterThanOrEqual(1);
  });
  it('honours silences', () => {
    const silence = { id: 's', from: at(FROM).toISOString(), until: at(FROM + 400).toISOString(), reason: 'Moved', match: { monitor: 'a' } };
    expect(replay(histories, settings, { ...span, silences: [silence] }).variants[0]?.pages).toBe(0);
  });
  test.prop([fc.nat(1e6)], { numRuns: 3 })('does not depend on what comes after its end', (seed) => {
    const values = year(seed, 40).values;
    const short = [volumeHistory('a', values.slice(0, FROM + 100))];
    const until = { ...span, to: at(FROM + 100) };
    expect(replay([volumeHistory('a', values)], settings, until)).toEqual(replay(short, settings, until));
  });
});
