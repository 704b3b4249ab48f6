import type { FlowLine, FlowLines } from '../../../src/daemon/types.js';

const HOUR_MS = 3_600_000;

/** Flows in every state that the page knows, with names that would break a page or a scrape that takes them as they are. */
export function watchedFlows(now: Date): FlowLines {
  const ago = (hours: number): string => new Date(now.getTime() - hours * HOUR_MS).toISOString();
  const flow = (monitor: string, of: string, more: Partial<FlowLine>): FlowLine => ({
    monitor,
    of,
    state: 'well',
    says: 'As it was accepted.',
    chart: [],
    charted: 'hours',
    ...more,
  });
  const day = Array.from({ length: 24 }, (_, n) => (n < 2 ? null : n > 19 ? 0 : 30 + (n % 15)));
  return {
    flows: [
      flow('quota', 'crm', {
        says: '12 % of the calls of the day are used.',
        goodAt: ago(0),
        measuredAt: ago(0),
        chart: [20, 40, 60],
        charted: 'looks',
        full: 500,
      }),
      flow('people', 'crm/contacts created', {
        state: 'wrong',
        level: 'page',
        says: 'Nothing for 4 hours, where about 126 records are usual in 4.',
        since: ago(4),
        goodAt: ago(5),
        measuredAt: ago(0),
        chart: day,
      }),
      flow('slow', 'feed', { state: 'wrong', level: 'note', says: 'A run takes 12m, where about 4m are usual.', since: ago(9), measuredAt: ago(0) }),
      flow('alive', 'feed', {
        state: 'unmeasured',
        says: 'Nothing has looked at it since 2026-03-02 10:05 UTC. Then: feed last ran at 2026-03-02 10:04 UTC.',
        goodAt: ago(72),
        measuredAt: ago(72),
        chart: [1, 0, 1],
        charted: 'looks',
      }),
      flow('young', 'crm/deals created', {
        state: 'learning',
        says: 'Only 6 of the 28 days that a baseline needs: declared thresholds alone count.',
        measuredAt: ago(0),
      }),
      flow('small', 'crm/tickets created', {
        state: 'blind',
        says: 'At 2 an hour, a loss of half cannot be told from chance within a day.',
        goodAt: ago(0),
        measuredAt: ago(0),
        chart: day,
      }),
      flow('fresh', 'crm/<b>bold "quoted"\nback\\slash', { state: 'not-measured', says: 'Not measured yet.' }),
      flow('odd', 'crm/<b>bold "quoted"\nback\\slash', { says: 'As it was accepted.', goodAt: ago(0), measuredAt: ago(0) }),
    ],
    silences: [{ id: 'sil-20260302-100500-aaaa', until: ago(-2), reason: 'The CRM is being moved', by: 'maya', match: { platform: 'crm' } }],
    budgets: [{ platform: 'crm', used: 38, limit: 500 }],
  };
}
