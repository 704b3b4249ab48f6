import { expect, it } from 'vitest';

import { Redactor } from '../../../src/lib/index.js';
import { fullSweeps } from '../../support/sweeps.js';
import type { StartState } from './harness.js';

/** Documents: one whole version at a time, whoever writes, and no update lost. */
export function documentContract(start: StartState): void {
  it('comes and goes, and a change that throws leaves the version before', async () => {
    const state = await start();
    const store = await state.open();
    const document = store.document<{ n: number }>('notes', 'a');
    expect(await document.read()).toBeUndefined();
    await document.delete();
    expect(await document.update(() => ({ n: 1 }))).toEqual({ n: 1 });
    await expect(
      document.update(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await document.read()).toEqual({ n: 1 });
    expect(await (await state.open()).document('notes', 'a').read()).toEqual({ n: 1 });
    expect(await document.update((current) => ({ n: (current?.n ?? 0) + 1 }))).toEqual({ n: 2 });
    await document.delete();
    expect(await document.read()).toBeUndefined();
    expect(await store.list('notes')).toEqual([]);
    expect(await document.update((current) => current ?? { n: 7 }), 'nothing of the deleted one').toEqual({ n: 7 });
  });

  it('of everything that is kept, the kinds are told', async () => {
    const state = await start();
    const store = await state.open();
    for (const what of ['documents', 'journals', 'ledgers'] as const) expect(await store.kinds(what)).toEqual([]);
    for (const kind of ['notes', 'alarms']) await store.document(kind, 'a').update(() => ({}));
    await store.ledger('plans', 'plan-1').write(['{}']);
    const writer = await store.journal('runs', 'run-1').open({ by: 'maya', holder: 'run-1', purpose: 'a test' });
    await writer.append({ by: 'maya', type: 'note' });
    await writer.close();
    const again = await state.open();
    expect(await again.kinds('documents')).toEqual(['alarms', 'notes']);
    expect([await again.kinds('journals'), await again.kinds('ledgers')]).toEqual([['runs'], ['plans']]);
  });

  it('is listed under its kind, sorted', async () => {
    const state = await start();
    const store = await state.open();
    for (const [kind, id] of [
      ['notes', 'b'],
      ['sync-pauses', 'x'],
      ['notes', 'a-1'],
      ['notes', 'a'],
      ['notes', 'B'],
    ] as const)
      await store.document(kind, id).update(() => ({ id }));
    const again = await state.open();
    expect(await again.list('notes')).toEqual(['B', 'a', 'a-1', 'b']);
    expect(await again.list('sync-pauses')).toEqual(['x']);
    expect(await again.document('notes', 'B').read()).toEqual({ id: 'B' });
  });

  it('gives back what was written, to the last character', async () => {
    const state = await start();
    const written = {
      text: 'größe 漢字 👩‍👩‍👧‍👦 \u0000\u001b[2J "\\\n\u2028 \ud83d',
      none: null,
      list: [1, 1e-7, -0.5, 2 ** 53 - 1, true],
      __proto__x: {},
    };
    expect(await (await state.open()).document('notes', 'a').update(() => written)).toEqual(written);
    expect(await (await state.open()).document('notes', 'a').read()).toEqual(written);
  });

  it('of a secret keeps nothing, save in members that are data of the customer', async () => {
    const state = await start();
    const redactor = new Redactor();
    redactor.add('hunter2-hunter2');
    const document = (await state.open({ redactor })).document('notes', 'a', { exact: ['before'] });
    const given = { said: 'it is hunter2-hunter2!', before: 'hunter2-hunter2' };
    const kept = { said: 'it is [redacted]!', before: 'hunter2-hunter2' };
    expect(await document.update(() => given)).toEqual(kept);
    expect(await (await state.open()).document('notes', 'a').read()).toEqual(kept);
  });

  it('loses no update of two processes that update it a thousand times', async () => {
    const state = await start();
    const each = fullSweeps ? 1500 : 500;
    await Promise.all([state.count('a', each), state.count('b', each)]);
    const store = await state.open();
    expect(await store.document('counters', 'shared').read()).toEqual({ total: 2 * each, by: { a: each, b: each } });
    expect(await store.list('counters')).toEqual(['shared']);
  });

  it('loses no update of many within one process', async () => {
    const store = await (await start()).open();
    await Promise.all(
      Array.from({ length: 50 }, () => store.document<{ n: number }>('counters', 'one').update((current) => ({ n: (current?.n ?? 0) + 1 }))),
    );
    expect(await store.document('counters', 'one').read()).toEqual({ n: 50 });
  });

  it('that was changed by something else is refused, and not taken for state', async () => {
    const state = await start();
    const store = await state.open();
    const document = store.document<{ state: string }>('sync-pauses', 'p1');
    await document.update(() => ({ state: 'running' }));
    await state.changeDocument('sync-pauses', 'p1');
    for (const attempt of [() => document.read(), () => document.update((current) => current ?? { state: 'new' }), () => document.read()])
      await expect(attempt()).rejects.toMatchObject({ code: 'document-damaged' });
  });

  it.each(['here', 'elsewhere'] as const)('whose update kill -9 interrupted %s has its version before, and holds nobody up', async (where) => {
    const state = await start();
    const document = (await state.open()).document<{ n: number }>('notes', 'a');
    await document.update(() => ({ n: 1 }));
    const holder = await state.holder(where);
    expect(await holder.ask('update')).toBe('updating');
    expect(await document.read()).toEqual({ n: 1 });
    await holder.kill();
    expect(await document.update((current) => ({ n: (current?.n ?? 0) + 1 }))).toEqual({ n: 2 });
  });
}
