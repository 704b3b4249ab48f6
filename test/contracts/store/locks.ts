import { expect, it } from 'vitest';

import { type Clock, systemClock } from '../../../src/lib/index.js';
import type { LockInfo } from '../../../src/store/index.js';
import { lee, maya, type StartState } from './harness.js';

/**
 * Locks: one holder at a time, and none for ever. A user would lose: the platform to two writers at once, or to a
 * process that is gone.
 */
export function lockContract(start: StartState): void {
  it('that is held is refused, saying by whom and since when, and is free once it is given back (G5)', async () => {
    let now = Date.parse('2026-11-22T16:47:33Z');
    const clock: Clock = { ...systemClock, now: () => new Date(now) };
    const state = await start();
    const lock = await (await state.open({ clock })).lock('platform-crm', maya);
    expect([lock.name, lock.broke]).toEqual(['platform-crm', undefined]);
    await lock.check();
    now += 252_000;
    const store = await state.open({ clock });
    const since = '2026-11-22T16:47:33.000Z';
    await expect(store.lock('platform-crm', lee, { breakDead: true, lapse: true })).rejects.toMatchObject({
      code: 'locked',
      exitCode: 11,
      message: 'platform-crm is held by maya for restore of crm (run-20261122-1) since 2026-11-22 16:47:33 UTC (4m 12s ago)',
      data: { ...maya, since, pid: process.pid, alive: true },
    });
    expect(await store.lockHolder('platform-crm')).toMatchObject({ ...maya, since, pid: process.pid, life: 'alive', alive: true });
    await lock.release();
    await lock.release();
    expect(await store.lockHolder('platform-crm')).toBeUndefined();
    await expect(lock.check()).rejects.toMatchObject({ code: 'fenced', exitCode: 11 });
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'fenced' }));
    expect(lock.signal.aborted, 'given back is not lost').toBe(false);
    const next = await store.lock('platform-crm', lee);
    expect(next.broke).toBeUndefined();
    await lock.release();
    expect(await store.lockHolder('platform-crm'), 'given back by its holder only').toMatchObject(lee);
    await next.check();
    await next.release();
  });

  it('says for how long nobody else can have it, and who renews it is told apart from whoever had it before', async () => {
    const store = await (await start()).open();
    const first = await store.lock('platform-crm', maya);
    const left = first.assertHeld();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(15_000);
    await first.check();
    expect(first.signal.aborted).toBe(false);
    await first.release();
    const second = await store.lock('platform-crm', maya);
    expect(second.token).not.toBe(first.token);
    await second.release();
  });

  it('is one of many, told sorted by name', async () => {
    const state = await start();
    const store = await state.open();
    const held = [await store.lock('run-b', maya), await store.lock('platform-crm', lee), await store.lock('run-a', maya)];
    expect(await (await state.open()).locks()).toMatchObject([
      { ...lee, name: 'platform-crm', life: 'alive' },
      { ...maya, name: 'run-a' },
      { ...maya, name: 'run-b' },
    ]);
    for (const lock of held) await lock.release();
    expect(await store.locks()).toEqual([]);
  });

  it('of a killed process is taken over only when asked for, and the caller learns whose it was (G5)', async () => {
    const state = await start();
    const store = await state.open();
    const holder = await state.holder('here');
    await expect(store.lock('platform-crm', lee, { breakDead: true, lapse: true })).rejects.toMatchObject({ code: 'locked', data: { alive: true } });
    await holder.kill();
    await expect(store.lock('platform-crm', lee)).rejects.toMatchObject({
      code: 'locked',
      data: { alive: false, pid: holder.pid },
      // Which command goes on with that work is not for the store to know.
      next: undefined,
    });
    const asked: LockInfo[] = [];
    const breakDead = (dead: LockInfo): Promise<boolean> => {
      asked.push(dead);
      return Promise.resolve(dead.holder === 'run-2');
    };
    await expect(store.lock('platform-crm', lee, { breakDead })).rejects.toMatchObject({ code: 'locked' });
    expect(asked).toMatchObject([{ holder: 'run-1', life: 'dead' }]);
    expect(await store.locks()).toMatchObject([{ name: 'platform-crm', holder: 'run-1', life: 'dead', alive: false }]);
    const lock = await store.lock('platform-crm', lee, { breakDead: (dead) => Promise.resolve(dead.holder === 'run-1') });
    expect(lock.broke).toMatchObject({ by: 'maya', holder: 'run-1', pid: holder.pid, alive: false });
    await expect(store.lock('platform-crm', maya, { breakDead: true })).rejects.toMatchObject({ data: { by: 'lee', alive: true } });
    await lock.release();
  });

  it('of a dead holder that many find at once is taken over by exactly one', async () => {
    const state = await start();
    const names = Array.from({ length: 20 }, (_, n) => `platform-${n}`);
    await (await state.holder('here', names)).kill();
    const stores = await Promise.all(Array.from({ length: 8 }, () => state.open()));
    for (const name of names) {
      const attempts = await Promise.allSettled(stores.map((store) => store.lock(name, lee, { breakDead: true })));
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(attempts.filter((attempt) => attempt.status === 'rejected' && (attempt.reason as { code?: string }).code === 'locked')).toHaveLength(7);
    }
  });

  it('of a holder that cannot be seen stays its own as long as it renews its lease, and is lost when it is gone (G5)', async () => {
    const state = await start();
    const store = await state.open();
    const holder = await state.holder('elsewhere');
    expect(await store.lockHolder('platform-crm')).toMatchObject({ holder: 'run-1', alive: true });
    const refused = { code: 'locked', why: expect.stringContaining('still renews its lease') as string };
    await expect(store.lock('platform-crm', lee, { breakDead: true, lapse: true })).rejects.toMatchObject(refused);
    await expect(store.journal('runs', 'run-1').open(lee)).rejects.toMatchObject(refused);
    await holder.kill();
    await expect(store.lock('platform-crm', lee), 'never without being asked for').rejects.toMatchObject({ code: 'locked' });
    await expect(store.lock('platform-crm', lee, { breakDead: true })).rejects.toMatchObject({ code: 'locked' });
    await expect(store.lock('platform-crm', lee, { lapse: true })).rejects.toMatchObject({ code: 'locked' });
    const lock = await store.lock('platform-crm', lee, { breakDead: true, lapse: true });
    expect(lock.broke).toMatchObject({ holder: 'run-1', by: 'maya', life: expect.not.stringMatching('alive') as string });
    const writer = await store.journal('runs', 'run-1').open(lee);
    expect(writer.broke).toMatchObject({ holder: 'run-1' });
    await writer.close();
    await lock.release();
  });
}
