import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import type { StartState } from './harness.js';

const at = (text: string): Date => new Date(`2026-11-25T${text}Z`);

/** Agendas: what is due when; no entry is lost. */
export function agendaContract(start: StartState): void {
  it('gives what is due, earliest first, and nothing that is not', async () => {
    const state = await start();
    const agenda = (await state.open()).agenda('pages');
    expect(await agenda.next()).toBeUndefined();
    await agenda.add(at('10:05:00.001'), 'c');
    await agenda.add(at('10:04:59.999'), 'b');
    await agenda.add(at('09:00:00.000'), 'a');
    await agenda.add(at('09:00:00.000'), 'a');
    expect(await agenda.next()).toEqual(at('09:00:00.000'));
    expect((await agenda.due(at('10:05:00.000'))).map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await agenda.due(at('10:05:00.001'), { except: new Set(['a']) })).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await agenda.due(at('11:00:00.000'), { limit: 1 })).toEqual([{ at: at('09:00:00.000'), id: 'a' }]);
    expect((await agenda.due(at('11:00:00.000'), { limit: 1, except: new Set(['a']) })).map(({ id }) => id)).toEqual(['b']);
    await agenda.remove({ at: at('09:00:00.000'), id: 'a' });
    await agenda.remove({ at: at('09:00:00.000'), id: 'a' });
    const again = await state.open();
    expect((await again.agenda('pages').due(at('11:00:00.000'))).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await again.agenda('incidents').next(), 'another kind').toBeUndefined();
  });

  it('keeps the entries of one thing apart by their time', async () => {
    const agenda = (await (await start()).open()).agenda('pages');
    await agenda.add(at('10:00:00.000'), 'a');
    await agenda.add(at('10:30:00.000'), 'a');
    await agenda.remove({ at: at('10:00:00.000'), id: 'a' });
    expect(await agenda.next()).toEqual(at('10:30:00.000'));
  });

  it('keeps an entry of its own from being removed with one that was there', async () => {
    const agenda = (await (await start()).open()).agenda('incidents');
    const now = at('10:00:00.000');
    await agenda.add(now, 'a', { anew: true });
    const taken = await agenda.due(now);
    // While whoever took it looks, something new becomes so, in the same millisecond.
    await agenda.add(now, 'a', { anew: true });
    for (const entry of taken) await agenda.remove(entry);
    expect((await agenda.due(now)).map(({ id }) => id)).toEqual(['a']);
  });

  it('loses no entry while others are added to and taken off the same minute', async () => {
    const state = await start();
    const agendas = [(await state.open()).agenda('pages'), (await state.open()).agenda('pages')] as const;
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const agenda = agendas[n % 3 === 0 ? 0 : 1];
        const entry = { at: at('10:00:00.000'), id: `p${n}` };
        await agenda.add(entry.at, entry.id);
        if (n % 2 === 0) await agenda.remove(entry);
      }),
    );
    expect(new Set((await agendas[0].due(at('10:00:00.000'))).map(({ id }) => id))).toEqual(
      new Set(Array.from({ length: 100 }, (_, n) => `p${2 * n + 1}`)),
    );
  });

  it('takes an entry in while the last other one of its minute is taken off, over and over', async () => {
    const state = await start();
    const agendas = [(await state.open()).agenda('pages'), (await state.open()).agenda('pages')] as const;
    const inTurn = async (agenda: (typeof agendas)[number], id: string): Promise<void> => {
      for (let n = 0; n < 200; n += 1) {
        const entry = { at: at('10:00:00.000'), id: `${id}${n}` };
        await agenda.add(entry.at, entry.id);
        await agenda.remove(entry);
      }
    };
    await Promise.all([inTurn(agendas[0], 'a'), inTurn(agendas[1], 'b'), inTurn(agendas[0], 'c'), inTurn(agendas[1], 'd')]);
    expect(await agendas[0].next()).toBeUndefined();
  });

  it('keeps the time of every entry to the millisecond', async () => {
    const times = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    const entries = fc.array(fc.tuple(times, fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)));
    await fc.assert(
      fc.asyncProperty(entries, async (added) => {
        const agenda = (await (await start()).open()).agenda('pages');
        for (const [time, id] of added) await agenda.add(time, id);
        const wanted = [...new Set(added.map(([time, id]) => `${time.toISOString()} ${id}`))].sort();
        const found = (await agenda.due(new Date('2100-01-01'))).map(({ at: time, id }) => `${time.toISOString()} ${id}`);
        expect([...found].sort()).toEqual(wanted);
        expect(found.map((text) => text.slice(0, 24))).toEqual(found.map((text) => text.slice(0, 24)).sort());
      }),
      { numRuns: 30 },
    );
  });
}
