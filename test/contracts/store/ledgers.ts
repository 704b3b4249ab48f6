import { expect, it } from 'vitest';

import { all, type StartState } from './harness.js';

/** Ledgers: there whole or not at all, and never written twice. */
export function ledgerContract(start: StartState): void {
  it('gives back its lines, in order and as they are', async () => {
    const state = await start();
    const store = await state.open();
    const lines = ['{"n":1}', '', ' {"text":"größe 漢字 👩‍👩‍👧‍👦 \\n"} ', `{"long":"${'x'.repeat(700_000)}"}`, '{"n":2}'];
    await store.ledger('plans', 'plan-2').write(lines);
    await store.ledger('plans', 'plan-1').write(
      (async function* () {
        for (const line of lines) yield await Promise.resolve(line);
      })(),
    );
    await store.ledger('plans', 'plan-0').write([]);
    const again = await state.open();
    expect(await again.ledgers('plans')).toEqual(['plan-0', 'plan-1', 'plan-2']);
    expect(await again.ledgers('drafts')).toEqual([]);
    for (const id of ['plan-1', 'plan-2']) {
      expect(await all(again.ledger('plans', id).read())).toEqual(lines);
      expect((await all(again.ledger('plans', id).readMany())).flat()).toEqual(lines);
      expect((await all(again.ledger('plans', id).readBytes())).join('\n')).toBe(lines.join('\n'));
    }
    expect(await all(again.ledger('plans', 'plan-0').read())).toEqual([]);
    expect((await all(again.ledger('plans', 'plan-0').readMany())).flat()).toEqual([]);
    expect(await again.ledger('plans', 'plan-0').exists()).toBe(true);
    expect(again.ledger('plans', 'plan-1').location).toContain('plan-1');
  });

  it('is written once: a second time is a fault of ours, and changes nothing', async () => {
    const ledger = (await (await start()).open()).ledger('plans', 'plan-1');
    await ledger.write(['{"n":1}']);
    await expect(ledger.write(['{"n":2}'])).rejects.toMatchObject({ code: 'bug' });
    expect(await all(ledger.read())).toEqual(['{"n":1}']);
  });

  it('that several write at once is that of one of them, and the others are told', async () => {
    const state = await start();
    const stores = await Promise.all(Array.from({ length: 4 }, () => state.open()));
    const attempts = await Promise.allSettled(stores.map((store, n) => store.ledger('plans', 'plan-1').write([`{"n":${n}}`, '{}'])));
    const written = attempts.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
    expect(written).toHaveLength(1);
    for (const attempt of attempts) if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'bug' });
    expect(await all((await state.open()).ledger('plans', 'plan-1').read())).toEqual([`{"n":${String(written[0])}}`, '{}']);
  });

  it('appears at once: nothing of it is seen while it is written, nor where writing fails', async () => {
    const state = await start();
    const store = await state.open();
    const seen: unknown[] = [];
    const lines = (fail: boolean): AsyncIterable<string> =>
      (async function* () {
        for (let n = 0; n < 4; n += 1) {
          yield 'x'.repeat(200_000);
          seen.push([await store.ledger('plans', 'plan-1').exists(), await (await state.open()).ledgers('plans')]);
        }
        if (fail) throw new Error('the source failed');
      })();
    await expect(store.ledger('plans', 'plan-1').write(lines(true))).rejects.toThrow('the source failed');
    expect(await store.ledgers('plans')).toEqual([]);
    await store.ledger('plans', 'plan-1').write(lines(false));
    expect(seen).toEqual(Array.from({ length: 8 }, () => [false, []]));
    expect(await store.ledgers('plans')).toEqual(['plan-1']);
    expect(await all(store.ledger('plans', 'plan-1').read())).toHaveLength(4);
  });

  // A user would lose: the plan, where erasing a person from it was ended in the middle.
  it('is replaced whole or not at all, where something has to be erased', async () => {
    const state = await start();
    const ledger = (await state.open()).ledger('plans', 'plan-1');
    await ledger.write(['{"n":1}', '{"n":2}']);
    await ledger.replace(['{"n":1}']);
    const again = (await state.open()).ledger('plans', 'plan-1');
    expect(await all(again.read())).toEqual(['{"n":1}']);
    const failing = (async function* () {
      yield await Promise.resolve('{"n":3}');
      throw new Error('the source failed');
    })();
    await expect(again.replace(failing)).rejects.toThrow('the source failed');
    expect(await all(again.read())).toEqual(['{"n":1}']);
    await again.delete();
    await again.delete();
    expect(await (await state.open()).ledgers('plans')).toEqual([]);
  });

  it('that is not there cannot be read', async () => {
    const ledger = (await (await start()).open()).ledger('plans', 'plan-1');
    expect(await ledger.exists()).toBe(false);
    await expect(all(ledger.read())).rejects.toMatchObject({ code: 'not-found' });
  });
}
