import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { cleanUp, uncleaned } from '../../../src/checks/index.js';
import { type JourneyBench, openJourneyBench, wrongIn } from './bench.js';

let bench: JourneyBench;
beforeEach(async () => {
  bench = await openJourneyBench();
});
afterEach(async () => {
  await bench.close();
});

describe('people through CRM, e-mail tool and webinar tool', () => {
  it('a clean integration is told as right at every step, and a clean-up leaves nothing but what the webinar tool keeps', async () => {
    const { world, store } = bench;
    const before = world.census();
    const result = await bench.run('none');
    expect(wrongIn(result)).toEqual([]);
    expect(result.passed).toBe(true);
    const [note] = await uncleaned(store);
    if (note === undefined) throw new Error('nothing was written down');
    const { clock, openPlatform } = world;
    const cleaned = await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    expect(world.census()).toEqual(before);
    // Who was there can be taken away by nobody: it is named.
    const left = cleaned.places.filter(({ kept }) => kept.length > 0);
    expect(left.map(({ place, kept }) => [place, kept.map(({ because }) => because)])).toEqual([
      ['webinar/attendance', ['refused', 'refused', 'refused']],
    ]);
  });

  it('a field lost at step 4 is named at step 4, with the step since which it was right', async () => {
    const result = await bench.run('source-lost-at-attendance');
    expect(wrongIn(result)).toEqual(['step 4: lead.LeadSource: 3 lost (right since step 1)']);
    expect(result.journey?.steps.map(({ totals, still }) => [totals.lost, still])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [3, 0],
      ...Array.from({ length: 6 }, () => [0, 3]),
    ]);
  });

  it.each(['none', 'opt-out-undone'] as const)('who opts out on a page of one platform is opted out in all of them: %s', async (fault) => {
    const { world, text } = bench;
    const told = (step: string): void => {
      if (!step.includes('unsubscribes')) return;
      const writer = world.map.writeAs({ kind: 'person', id: '7' });
      for (const { key } of world.map.truth().records('contacts')) writer.update('contacts', key, { hs_email_optout: 'true' });
    };
    const own = text.replace(
      / {4}- name: opts out, each in another place\n {6}opts_out: each/u,
      '    - wait: each unsubscribes by the link in a mail',
    );
    expect(own).toContain('unsubscribes');
    const wrong = wrongIn(await bench.run(fault, { text: own, told }));
    expect(wrong).toEqual(fault === 'none' ? [] : ['step 8: lead.HasOptedOutOfEmail (opt-out): 3 opt-out-undone']);
    const shown = [...world.mail.truth().records(world.mail.audiences.map((id) => `members-${id}`)[0] ?? '')].map(({ values }) => values['status']);
    expect(shown).toEqual(['unsubscribed', 'unsubscribed', 'unsubscribed']);
  });

  it.each([
    ['drop-answer', 'a write that happened'],
    ['drop-request', 'a write that did not'],
  ] as const)('%s: %s, and whose answer was lost, is told as what it is, makes nothing twice, and accuses no sync', async (kind, _what) => {
    const { world } = bench;
    const before = world.census();
    let struck = false;
    const told = (step: string): void => {
      if (struck) return;
      struck = true;
      expect(step).not.toBe('');
      world.map.faults.add({ kind, method: 'POST', path: '*/contacts/batch/create', times: 1 });
    };
    const result = await bench.run('none', { told });
    expect(struck).toBe(true);
    const wrong = wrongIn(result);
    if (kind === 'drop-answer') expect(wrong).toEqual([]);
    // What could not be done is told of each step, and nothing is missing that was never there.
    else expect(wrong.map((line) => line.replace(/^step \d+: /u, '')).every((line) => line.startsWith('refused: 3: '))).toBe(true);
    expect(wrong.length > 0).toBe(kind === 'drop-request');
    const there = before['hubspot/contacts'] ?? 0;
    expect([...world.map.truth().records('contacts')].length).toBe(kind === 'drop-answer' ? there + 3 : there);
  });
});
