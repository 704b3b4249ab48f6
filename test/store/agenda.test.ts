import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { temporaryStore } from '../support/store.js';

const at = (text: string): Date => new Date(`2026-11-25T${text}Z`);

describe('an agenda', () => {
  it('gives what is due, earliest first, and nothing that is not', async () => {
    const agenda = (await temporaryStore()).store.agenda('pages');
    expect(await agenda.next()).toBeUndefined();
    await agenda.add(at('10:05:00.001'), 'c');
    await agenda.add(at('10:04:59.999'), 'b');
    await agenda.add(at('09:00:00.000'), 'a');
    await agenda.add(at('09:00:00.000'), 'a');
    expect(await agenda.next()).toEqual(at('09:00:00.000'));
    expect((await agenda.due(at('10:05:00.000'))).map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await agenda.due(at('10:05:00.001'), { except: new Set(['a']) })).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await agenda.due(at('11:00:00.000'), { limit: 1 })).toEqual([{ at: at('09:00:00.000'), id: 'a' }]);
    await agenda.remove({ at: at('09:00:00.000'), id: 'a' });
    await agenda.remove({ at: at('09:00:00.000'), id: 'a' });
    expect((await agenda.due(at('11:00:00.000'))).map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('refuses an id that would leave its folder', async () => {
    const agenda = (await temporaryStore()).store.agenda('pages');
    await expect(agenda.add(at('10:00:00.000'), '../x')).rejects.toMatchObject({ code: 'usage' });
  });

  it('loses no entry while others are added to and taken off the same minute', async () => {
    const { store } = await temporaryStore();
    const agenda = store.agenda('pages');
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const entry = { at: at('10:00:00.000'), id: `p${n}` };
        await agenda.add(entry.at, entry.id);
        if (n % 2 === 0) await agenda.remove(entry);
      }),
    );
    expect(new Set((await agenda.due(at('10:00:00.000'))).map(({ id }) => id))).toEqual(
      new Set(Array.from({ length: 100 }, (_, n) => `p${2 * n + 1}`)),
    );
  });

  it('keeps the time of every entry to the millisecond', async () => {
    const times = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    const entries = fc.array(fc.tuple(times, fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)));
    await fc.assert(
      fc.asyncProperty(entries, async (added) => {
        const agenda = (await temporaryStore()).store.agenda('pages');
        for (const [time, id] of added) await agenda.add(time, id);
        const wanted = [...new Set(added.map(([time, id]) => `${time.toISOString()} ${id}`))].sort();
        const found = (await agenda.due(new Date('2100-01-01'))).map(({ at: time, id }) => `${time.toISOString()} ${id}`);
        expect([...found].sort()).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });
});
