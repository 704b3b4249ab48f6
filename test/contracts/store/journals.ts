import { expect, it } from 'vitest';

import { type Clock, isRunbackError, Redactor, systemClock } from '../../../src/lib/index.js';
import type { Journal } from '../../../src/store/index.js';
import { all, lee, maya, type StartState, typesOf } from './harness.js';

async function write(journal: Journal, lines: number): Promise<void> {
  const writer = await journal.open(maya);
  for (let n = 1; n <= lines; n += 1) await writer.append({ by: 'maya', type: 'step.outcome', data: { n, text: 'übel\n€' } });
  await writer.close();
}

/** Journals: one writer at a time, and every line that was acknowledged, in order, for good. */
export function journalContract(start: StartState): void {
  it('gives back what was appended, in order, as a chain', async () => {
    const state = await start();
    const journal = (await state.open()).journal('runs', 'run-1');
    expect([journal.kind, journal.id]).toEqual(['runs', 'run-1']);
    const writer = await journal.open(maya);
    const given = Array.from({ length: 20 }, (_, n) => ({ by: 'maya', type: 'step.intent', step: `s${n}`, attempt: n + 1, data: { n } }));
    const told = await Promise.all(given.map((entry, n) => writer.append(entry, n % 3 === 0 ? { durable: false } : {})));
    const { lastHash } = writer;
    await writer.close();
    await writer.close();
    const again = await state.open();
    const entries = await all(again.journal('runs', 'run-1').read());
    expect(entries).toEqual(told);
    expect(entries).toMatchObject(given);
    expect(entries.map(({ v, seq }) => [v, seq])).toEqual(given.map((_, n) => [1, n + 1]));
    expect(entries.map(({ at }) => new Date(at).toISOString())).toEqual(entries.map(({ at }) => at));
    expect(entries.slice(1).map(({ prev }) => prev)).toEqual(entries.slice(0, -1).map(({ hash }) => hash));
    expect(new Set(entries.map(({ hash }) => hash)).size).toBe(20);
    expect(entries.at(-1)?.hash).toBe(lastHash);
    const next = await again.journal('runs', 'run-1').open(lee);
    expect([next.lastHash, next.broke]).toEqual([lastHash, undefined]);
    expect(await next.append({ by: 'lee', type: 'note' })).toMatchObject({ seq: 21, prev: lastHash, data: {} });
    await next.close();
    expect(await all(again.journal('runs', 'run-1').read({ whole: true }))).toHaveLength(21);
  });

  it('says who has it open', async () => {
    const state = await start();
    const journal = (await state.open()).journal('runs', 'run-1');
    expect(await journal.writer()).toBeUndefined();
    const writer = await journal.open(maya);
    expect(await (await state.open()).journal('runs', 'run-1').writer()).toMatchObject({ ...maya, pid: process.pid, life: 'alive' });
    await writer.close();
    expect(await journal.writer()).toBeUndefined();
  });

  // A user would lose: a promise to a person, or the proof of what everybody else did.
  it('is written anew where something has to be erased: a chain as before, that goes on', async () => {
    const state = await start();
    const journal = (await state.open()).journal('runs', 'run-1');
    await write(journal, 5);
    const before = await all(journal.read());
    expect(await journal.rewrite(lee, ({ data }) => data)).toBeUndefined();
    const change = ({ seq, data }: { readonly seq: number; readonly data: Readonly<Record<string, unknown>> }) => (seq === 3 ? { n: 3 } : data);
    expect(await journal.rewrite(lee, change)).toEqual({
      entries: 1,
      was: before.at(-1)?.hash,
      is: expect.not.stringMatching(before.at(-1)?.hash ?? ''),
    });
    const again = (await state.open()).journal('runs', 'run-1');
    const after = await all(again.read({ whole: true }));
    const plain = ({ hash: _hash, prev: _prev, ...entry }: (typeof after)[number]) => entry;
    expect(after.map(plain)).toEqual(before.map((entry) => ({ ...plain(entry), data: change(entry) })));
    expect(after.slice(1).map(({ prev }) => prev)).toEqual(after.slice(0, -1).map(({ hash }) => hash));
    const writer = await again.open(maya, { whole: true });
    await expect(again.rewrite(lee, change)).rejects.toMatchObject({ code: 'locked' });
    await expect(again.delete(lee)).rejects.toMatchObject({ code: 'locked' });
    await writer.append({ by: 'maya', type: 'note' });
    await writer.close();
    expect(await all(again.read({ whole: true }))).toHaveLength(6);
    // What is lost at its end is noticed as before.
    await state.keep(again, 4);
    await expect(all(again.read({ whole: true }))).rejects.toMatchObject({ code: 'journal-damaged' });
    expect(await (await state.open()).journal('runs', 'run-2').rewrite(lee, ({ data }) => data)).toBeUndefined();
    for (const id of ['run-1', 'run-2']) await (await state.open()).journal('runs', id).delete(lee);
    expect(await (await state.open()).journals('runs')).toEqual([]);
  });

  it('is listed under its kind, sorted; one that was only looked at is not', async () => {
    const state = await start();
    const store = await state.open();
    for (const id of ['run-3', 'run-1', 'run-2']) await write(store.journal('runs', id), 1);
    await write(store.journal('restores', 'restore-1'), 1);
    expect(await store.journal('runs', 'run-9').exists()).toBe(false);
    await expect(all(store.journal('runs', 'run-9').read())).rejects.toMatchObject({ code: 'not-found' });
    expect(await store.journal('runs', 'run-1').exists()).toBe(true);
    expect(await (await state.open()).journals('runs')).toEqual(['run-1', 'run-2', 'run-3']);
    expect(await store.journals('restores')).toEqual(['restore-1']);
  });

  it('of a secret keeps nothing, save in members that are data of the customer', async () => {
    const state = await start();
    const redactor = new Redactor();
    redactor.add('hunter2-hunter2');
    const journal = (await state.open({ redactor })).journal('runs', 'run-1');
    const writer = await journal.open(maya, { exact: ['before'] });
    await writer.append({ by: 'maya', type: 'note', data: { said: 'hunter2-hunter2', before: 'hunter2-hunter2' } });
    await writer.close();
    expect(await all((await state.open()).journal('runs', 'run-1').read())).toMatchObject([
      { data: { said: '[redacted]', before: 'hunter2-hunter2' } },
    ]);
  });

  it('has one writer at a time; the second is told who that is', async () => {
    const state = await start();
    const writer = await (await state.open()).journal('runs', 'run-1').open(maya);
    await writer.append({ by: 'maya', type: 'run.created' });
    const journal = (await state.open()).journal('runs', 'run-1');
    await expect(journal.open(lee)).rejects.toMatchObject({ code: 'locked', exitCode: 11, data: { ...maya, pid: process.pid, alive: true } });
    expect(await typesOf(journal), 'readers need not wait').toEqual(['run.created']);
    await writer.close();
    await (await journal.open(lee)).close();
  });

  it('whose writer was killed can be opened at once, one whose writer lives cannot; what was acknowledged is there', async () => {
    const state = await start();
    const journal = (await state.open()).journal('runs', 'run-1');
    const holder = await state.holder('here');
    expect(await holder.ask('intent')).toBe('ok');
    await expect(journal.open(lee)).rejects.toMatchObject({ code: 'locked', exitCode: 11 });
    await holder.kill();
    expect(await typesOf(journal)).toEqual(['run.created', 'step.intent']);
    const writer = await journal.open(lee);
    expect(writer.broke).toMatchObject({ by: 'maya', holder: 'run-1', pid: holder.pid, alive: false });
    await writer.close();
    const again = await journal.open(lee);
    expect(again.broke).toBeUndefined();
    await again.close();
  });

  it('with a torn last line has lost that line only, and the repair is on record (G2)', async (context) => {
    const state = await start();
    if (state.tear === undefined) return context.skip('this store writes a line whole or not at all');
    const journal = (await state.open()).journal('runs', 'run-1');
    await write(journal, 3);
    await state.tear(journal);
    expect((await all(journal.read())).map(({ data }) => data['n'])).toEqual([1, 2]);
    const writer = await journal.open(lee);
    await writer.append({ by: 'lee', type: 'run.resumed' });
    await writer.close();
    const entries = await all((await state.open()).journal('runs', 'run-1').read());
    expect(entries.map(({ type, by }) => `${type} by ${by}`)).toEqual([
      'step.outcome by maya',
      'step.outcome by maya',
      'journal.repaired by lee',
      'run.resumed by lee',
    ]);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('with a line that was changed is refused from that line on (G2, G6)', async () => {
    const state = await start();
    for (const line of [1, 2, 3]) {
      const journal = (await state.open()).journal('runs', `run-${line}`);
      await write(journal, 3);
      await state.changeLine(journal, line);
      const before: unknown[] = [];
      const reading = (async () => {
        for await (const { seq } of journal.read()) before.push(seq);
      })();
      await expect(reading, `line ${line}`).rejects.toMatchObject({ code: 'journal-damaged', data: { line } });
      expect(before).toEqual([1, 2, 3].slice(0, line - 1));
      for (const _ of ['once', 'and again: it is locked by nobody'])
        await expect(journal.open(lee), `line ${line}`).rejects.toMatchObject({ code: 'journal-damaged', data: { line } });
    }
  });

  // A user would lose: what a run did last, without anybody noticing that it is gone.
  it('whose whole lines vanish at the end is damaged to whoever reads it whole, up to all of them (G6)', async () => {
    const state = await start();
    const journal = (await state.open()).journal('runs', 'run-1');
    const writer = await journal.open(maya);
    for (const n of [1, 2, 3]) await writer.append({ by: 'maya', type: 'step.outcome', data: { n } });
    await writer.append({ by: 'maya', type: 'note', data: {} }, { durable: false });
    await writer.close();
    const seen: unknown[] = [];
    for (const lines of [4, 3, 2, 1, 0]) {
      await state.keep(journal, lines);
      const whole = all(journal.read({ whole: true }));
      seen.push(
        await whole.then(
          (entries) => entries.length,
          (error: unknown) => (isRunbackError(error) ? `${error.code} ${String(error.data['line'])}` : String(error)),
        ),
      );
      expect(await all(journal.read())).toHaveLength(lines);
    }
    // The last line was never said to be on disk: a power cut may take it.
    expect([3, 'journal-damaged 4']).toContain(seen[1]);
    const last = seen[1] === 3 ? 3 : 4;
    expect(seen.toSpliced(1, 1)).toEqual([4, 'journal-damaged 3', 'journal-damaged 2', 'journal-damaged 1']);
    expect(last, 'told by its first missing line').toBeLessThanOrEqual(4);
  });

  it('goes on where the clock jumps back: the numbers are the order', async () => {
    let now = Date.parse('2026-11-22T12:00:00Z');
    const clock: Clock = { ...systemClock, now: () => new Date((now -= 3_600_000)) };
    const store = await (await start()).open({ clock });
    await write(store.journal('runs', 'run-1'), 3);
    const entries = await all(store.journal('runs', 'run-1').read());
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const times = entries.map(({ at }) => at);
    expect(times).toEqual([...new Set(times)].sort().reverse());
    const document = store.document<{ n: number }>('notes', 'a');
    for (const n of [1, 2, 3]) expect(await document.update(() => ({ n }))).toEqual({ n });
    const lock = await store.lock('platform-crm', maya);
    await expect(store.lock('platform-crm', lee)).rejects.toThrow('the clock has gone back since');
    await lock.release();
  });

  it('whose writer was stopped for longer than its lease, and lost it, begins nothing more once somebody has gone on (G5)', async () => {
    const state = await start();
    const store = await state.open();
    const journal = store.journal('runs', 'run-1');
    const holder = await state.holder('elsewhere');
    expect(await holder.ask('intent')).toBe('ok');
    holder.stop();
    const lock = await store.lock('platform-crm', lee, { breakDead: true, lapse: true });
    const writer = await journal.open(lee);
    expect(writer.broke).toMatchObject({ holder: 'run-1', life: expect.not.stringMatching('alive') as string });
    await writer.append({ by: 'lee', type: 'run.resumed' });
    holder.goOn();
    expect(await holder.ask('outcome'), 'it would be written over what was written since').toBe('fenced');
    expect(await holder.ask('intent')).toBe('fenced');
    expect(await holder.ask('check')).toBe('fenced');
    expect(await holder.ask('held'), 'it need not ask').toBe('fenced');
    expect(await holder.ask('signal'), 'what it does is told to stop').toBe('fenced');
    await writer.append({ by: 'lee', type: 'step.intent' });
    await writer.close();
    expect(await typesOf(journal)).toEqual(['run.created', 'step.intent', 'run.resumed', 'step.intent']);
    // It renews what it lost in vain: the lock is another one's.
    expect(await holder.ask('check')).toBe('fenced');
    await lock.check();
    await lock.release();
  });
}
