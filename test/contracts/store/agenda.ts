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

  it('that is claimed is given to no one else for that long, then again; what is done is taken off', async () => {
    const state = await start();
    const [agenda, other] = [(await state.open()).agenda('jobs'), (await state.open()).agenda('jobs')];
    for (const id of ['a', 'b', 'c']) await agenda.add(at('10:00:00.000'), id);
    await agenda.add(at('12:00:00.000'), 'later');
    const now = at('10:00:00.500');
    const mine = await agenda.claim(now, 2, 60_000);
    expect(mine.map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await other.claim(now, 10, 60_000)).map(({ id }) => id)).toEqual(['c']);
    expect(await other.claim(now, 10, 60_000)).toEqual([]);
    expect(await other.due(now), 'nor to those who only look').toEqual([]);
    // Something new of it is not taken for what was claimed, nor removed with it.
    await other.add(at('10:00:00.000'), 'a');
    for (const entry of mine.filter(({ id }) => id === 'a')) await agenda.remove(entry);
    expect((await other.claim(now, 10, 60_000)).map(({ id }) => id)).toEqual(['a']);
    const after = at('10:01:01.000');
    expect((await other.claim(after, 10, 60_000)).map(({ id }) => id).sort(), 'whoever had them is gone').toEqual(['a', 'b', 'c']);
    for (const entry of await other.claim(at('11:00:00.000'), 10, 60_000)) await other.remove(entry);
    expect(await agenda.next()).toEqual(at('12:00:00.000'));
  });

  it('of which many claim at once gives each entry to exactly one', async () => {
    const state = await start();
    const stores = await Promise.all(Array.from({ length: 6 }, () => state.open()));
    const agendas = stores.map((store) => store.agenda('jobs'));
    const ids = Array.from({ length: 60 }, (_, n) => `j${n}`);
    for (const id of ids) await agendas[0]?.add(at('10:00:00.000'), id);
    const claimed = await Promise.all(
      agendas.map(async (agenda) => [
        ...(await agenda.claim(at('10:00:01.000'), 10, 60_000)),
        ...(await agenda.claim(at('10:00:01.000'), 10, 60_000)),
      ]),
    );
    const given = claimed.flat().map(({ id }) => id);
    expect(new Set(given).size, 'none twice').toBe(given.length);
    const rest = await agendas[0]?.claim(at('10:00:01.000'), 100, 60_000);
    expect([...given, ...(rest ?? []).map(({ id }) => id)].sort()).toEqual([...ids].sort());
    expect((await agendas[1]?.due(at('10:01:02.000')))?.length, 'none is lost').toBe(60);
  });

  it('wakes who waits for it, at the latest after a while', async () => {
    const state = await start();
    const waiting = await state.open();
    const began = performance.now();
    await waiting.wake(new AbortController().signal, 50);
    expect(performance.now() - began).toBeGreaterThanOrEqual(45);
    const stop = new AbortController();
    const woken = waiting.wake(stop.signal, 3_600_000);
    stop.abort();
    await woken;
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
