import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';

import { backupTicker, damagedNow, raiseDamageAlarms, type Round, verifyRound, verifyTask, verifyWork } from '../../src/backups/index.js';
import { type Catalog, decryptionWith, encryptionFor, openCatalog } from '../../src/snapshots/index.js';
import type { Store } from '../../src/store/index.js';
import { memoryPlatform, people } from '../snapshots/memory-platform.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

/**
 * What a user would lose: that damage of a stored snapshot is found before it is needed, in time for every one of them,
 * and that `latest-verified` names none that is damaged.
 */

const MINUTE = 60_000;

interface Scene {
  readonly store: Store;
  readonly dir: string;
  readonly clock: { at: number; mono: number; now: () => Date; monotonicMs: () => number; sleep: () => Promise<void> };
  readonly catalog: Catalog;
  take(base?: string): Promise<string>;
  /** One round, in which each snapshot takes a minute. */
  round(budgetMs?: number, catalog?: Catalog): Promise<Round>;
}

async function scene(more: Partial<Parameters<typeof openCatalog>[0]> = {}): Promise<Scene> {
  const clock = {
    at: Date.parse('2026-11-20T12:00:00Z'),
    mono: 0,
    now: () => new Date(clock.at),
    monotonicMs: () => clock.mono,
    sleep: async () => {},
  };
  const { store } = await temporaryStore(clock);
  const dir = join(await temporaryFolder(), 'backups');
  const catalog = openCatalog({ dir, store, clock, ...more });
  let taken = 0;
  return {
    store,
    dir,
    clock,
    catalog,
    take: async (base) => {
      clock.at += MINUTE;
      taken += 1;
      const reader = base === undefined ? undefined : await catalog.open(base);
      const platform = memoryPlatform('crm', { objects: { contacts: people(40, (n) => (n === 3 ? { email: `${taken}@example.com` } : {})) } });
      const { id } = await catalog.create({ platforms: [platform], by: 'maya', ...(reader === undefined ? {} : { base: reader }) });
      await reader?.close();
      return id;
    },
    round: async (budgetMs = 60 * MINUTE, using = catalog) => {
      clock.at += MINUTE;
      return await verifyRound(budgetMs, { store, clock, catalog: using, hasKey: false }, {}, () => {
        clock.mono += MINUTE;
        clock.at += MINUTE;
      });
    },
  };
}

/** Changes a byte of the records in a file; gives what puts it back. */
async function spoil(dir: string, id: string, entry = 'data/crm/contacts/'): Promise<() => Promise<void>> {
  const path = join(dir, `${id}.zip`);
  const good = await readFile(path);
  const bad = Buffer.from(good);
  const at = bad.indexOf(entry) + entry.length + 60;
  bad[at] = (bad[at] ?? 0) ^ 0xff;
  await writeFile(path, bad);
  return async () => await writeFile(path, good);
}

describe('a round of verification', () => {
  it('takes what was never verified, the newest first, then what was longest ago, and begins none after its time', async () => {
    const { take, round, catalog } = await scene();
    const [a, b, c] = [await take(), await take(), await take()];
    await catalog.verify(b);
    expect(await round(2 * MINUTE)).toMatchObject({ verified: [c, a], left: 1 });
    // One is read at least, however short the time.
    expect(await round(0)).toMatchObject({ verified: [b], left: 2 });
    expect(await round(MINUTE)).toMatchObject({ verified: [c], left: 2 });
    const d = await take();
    expect(await round(2 * MINUTE)).toMatchObject({ verified: [d, a] });
  });

  it('does not come back to a damaged one before it is its turn, and calls one from the future never verified', async () => {
    const { take, round, catalog, dir, clock } = await scene();
    const [a, b] = [await take(), await take()];
    await spoil(dir, b);
    expect(await round(0)).toMatchObject({ damaged: [{ snapshot: b, why: expect.stringContaining('data/crm/contacts') as string }] });
    expect(await round(0)).toMatchObject({ verified: [a] });
    expect(await round(0)).toMatchObject({ damaged: [{ snapshot: b }] });
    expect((await catalog.resolve('latest-verified')).id).toBe(a);
    clock.at -= 30 * MINUTE;
    expect(await round(0)).toMatchObject({ damaged: [{ snapshot: b }], left: 1 });
  });

  it('finds one that cannot be opened at all, or that is another file, as long as it was recorded', async () => {
    const { take, round, dir, catalog, store } = await scene();
    const [a, b, c] = [await take(), await take(), await take()];
    await writeFile(join(dir, `${c}.zip`), 'no zip');
    const other = await readFile(join(dir, `${a}.zip`));
    await writeFile(join(dir, `${b}.zip`), other);
    await writeFile(join(dir, 'holiday.zip'), 'not ours');
    const { verified, damaged } = await round();
    expect([verified, damaged.map(({ snapshot }) => snapshot)]).toEqual([[a], [c, b]]);
    expect(await damagedNow({ catalog, store })).toEqual([b, c]);
    // Each in its turn.
    for (const id of [c, b]) expect(await round(0)).toMatchObject({ damaged: [{ snapshot: id }] });
    expect(await round(0)).toMatchObject({ verified: [a] });
    await rm(join(dir, `${b}.zip`));
    expect(await damagedNow({ catalog, store })).toEqual([c]);
  });

  it('marks what builds on a damaged one, and tells of the one at the bottom', async () => {
    const { take, round, dir, catalog, store } = await scene();
    const full = await take();
    const delta = await take(full);
    expect((await catalog.resolve(delta)).bases).toEqual([full]);
    expect(await round()).toMatchObject({ verified: [delta, full] });
    expect((await catalog.resolve('latest-verified')).id).toBe(delta);
    const repair = await spoil(dir, full);
    expect((await round()).damaged.map(({ snapshot }) => snapshot)).toEqual([delta, full]);
    expect(await damagedNow({ catalog, store })).toEqual([full]);
    await expect(catalog.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
    await repair();
    await round();
    expect([await damagedNow({ catalog, store }), (await catalog.resolve('latest-verified')).id]).toEqual([[], delta]);
  });

  it.each([
    ['gone', async (path: string) => await rm(path)],
    ['cut off', async (path: string) => await writeFile(path, (await readFile(path)).subarray(0, 200))],
    ['no zip', async (path: string) => await writeFile(path, 'no zip')],
  ])('takes nothing for verified that builds on a file that is %s', async (_how, lose) => {
    const { take, round, dir, catalog } = await scene();
    const full = await take();
    const delta = await take(full);
    await round();
    await lose(join(dir, `${full}.zip`));
    expect((await round()).damaged.map(({ snapshot }) => snapshot)).toContain(delta);
    await expect(catalog.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('stops where it is told to, and reads what was not recorded without calling it verified', async () => {
    const { take, round, store, clock, catalog } = await scene();
    const a = await take();
    await expect(verifyRound(MINUTE, { store, clock, catalog, hasKey: false }, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    await store.document('snapshot-notes', a).delete();
    const b = await take();
    expect(await round()).toMatchObject({ verified: [b], unclear: [{ snapshot: a }], damaged: [] });
    expect(await round(0)).toMatchObject({ verified: [b] });
  });
});

describe('without a key', () => {
  it('the bytes of an encrypted snapshot are compared with what was recorded: a forged seal is found, and nothing counts as verified', async () => {
    const identity = await generateIdentity();
    const keys = decryptionWith(() => Promise.resolve(identity));
    const { take, round, dir, catalog, store, clock } = await scene({ encryption: encryptionFor([await identityToRecipient(identity)]) });
    const withKey = openCatalog({ dir, store, clock, keys });
    const id = await take();
    expect(await round()).toMatchObject({ byBytes: [id], verified: [], damaged: [] });
    await expect(catalog.verify(id)).rejects.toMatchObject({ code: 'snapshot-encrypted' });
    expect(await catalog.resolve(id)).toMatchObject({ bytesVerifiedAt: expect.any(String) as string });
    await expect(catalog.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
    expect((await withKey.verify(id)).damage).toEqual([]);
    // Whoever compares the bytes takes nothing away from that.
    expect(await round()).toMatchObject({ byBytes: [id] });
    expect((await withKey.resolve('latest-verified')).id).toBe(id);
    // The file still says that its bytes have the seal that was recorded.
    const repair = await spoil(dir, id);
    expect(await catalog.list()).toMatchObject([{ id, encrypted: 'unreadable' }]);
    expect(await round()).toMatchObject({ damaged: [{ snapshot: id, why: expect.stringContaining('were changed') as string }] });
    expect(await catalog.resolve(id)).toMatchObject({ damaged: 1 });
    expect((await catalog.resolve(id)).bytesVerifiedAt).toBeUndefined();
    await expect(withKey.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
    await repair();
    expect(await round()).toMatchObject({ byBytes: [id] });
    expect((await catalog.resolve(id)).damaged).toBeUndefined();
    // Encrypted for another key, it has another seal, which is recorded too.
    const next = await identityToRecipient(await generateIdentity());
    await openCatalog({ dir, store, clock, keys, encryption: encryptionFor([next]) }).reEncrypt(id, 'maya');
    expect((await catalog.resolve(id)).bytesVerifiedAt).toBeUndefined();
    expect(await round()).toMatchObject({ byBytes: [id] });
    const path = join(dir, `${id}.zip`);
    await writeFile(path, (await readFile(path)).subarray(0, -20));
    expect((await round()).damaged.map(({ snapshot }) => snapshot)).toEqual([id]);
  });

  it('one of which no seal was recorded stays readable with the key, and is said to be unclear without', async () => {
    const identity = await generateIdentity();
    const { take, round, store, dir, clock, catalog } = await scene({ encryption: encryptionFor([await identityToRecipient(identity)]) });
    const id = await take();
    // As `adopt` leaves it.
    await store
      .document<{ record: object }>('snapshot-notes', id)
      .update((notes) => ({ ...notes, record: { ...notes?.record, seal: undefined }, listed: undefined }));
    expect(await catalog.verifyBytes(id)).toBeUndefined();
    expect(await round()).toMatchObject({ byBytes: [], damaged: [], unclear: [{ snapshot: id }] });
    expect(await damagedNow({ catalog, store })).toEqual([]);
    const withKey = openCatalog({ dir, store, clock, keys: decryptionWith(() => Promise.resolve(identity)) });
    expect((await withKey.verify(id)).damage).toEqual([]);
  });
});

describe('damage', () => {
  it('is told once for each snapshot, and once more when it is over; the ticker looks until someone was told', async () => {
    const { store, clock } = await scene();
    const told: string[] = [];
    const raise = async (damaged: readonly string[], incident?: string) =>
      await raiseDamageAlarms(
        { store, clock, by: 'maya' },
        damaged,
        async (id) => {
          told.push(id);
          return incident;
        },
        async (id) => void told.push(`over ${id}`),
      );
    const task = verifyTask({
      platforms: {},
      backups: { storage: 'backups', jobs: {}, verify: { schedule: '0 3 * * *', timezone: 'UTC', budget: '10m' } },
    });
    if (task === undefined) throw new Error('it has a schedule');
    let started = 0;
    const works = async () => [
      verifyWork(store, task, async () => {
        started += 1;
        await Promise.resolve();
      }),
    ];
    const at = clock.now().toISOString();
    await store.document<object>(task.kind, task.name).update(() => ({ version: 1, firstSeen: at, handled: at, schedule: '0 3 * * * UTC' }));
    const tick = async (): Promise<unknown> => await backupTicker({ clock, works, once: true }).tick(clock.now());
    await tick();
    await raise(['snap-1']);
    await expect(tick()).rejects.toMatchObject({ code: 'backup-failing' });
    await raise(['snap-1', 'snap-2'], 'inc-1');
    await raise(['snap-1', 'snap-2'], 'inc-1');
    await tick();
    await raise(['snap-2'], 'inc-1');
    expect([told, started]).toEqual([['snap-1', 'snap-1', 'snap-2', 'over snap-1'], 1]);
  });
});
