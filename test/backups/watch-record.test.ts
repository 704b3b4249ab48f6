import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { acceptSnapshot } from '../../src/backups/index.js';
import { watchOf } from '../../src/backups/watch/record.js';
import { watchSnapshot } from '../../src/backups/watch/watch.js';
import type { FieldSchema, PlatformRecord, Value } from '../../src/records/index.js';
import { createSnapshot, openCatalog, type SnapshotReader, type SnapshotSummary } from '../../src/snapshots/index.js';
import type { JobConfig } from '../../src/workspace/index.js';
import { memoryPlatform, objectSchema } from '../snapshots/memory-platform.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

const DAY = 86_400_000;
const JOB: JobConfig = { name: 'nightly', platforms: ['crm'], timezone: 'UTC', pause_syncs: false, incremental: false };
const field = (name: string, more: Partial<FieldSchema> = {}): FieldSchema => ({
  name,
  type: 'string',
  platformType: 'text',
  readOnly: false,
  ...more,
});
const FIELDS = [field('city'), field('phone'), field('constructor'), field('email_opt_out', { type: 'boolean', platformType: 'boolean' })];

/** A thousand people; `change` says what is otherwise. */
function crowd(change: (n: number) => Readonly<Record<string, Value>> = () => ({}), count = 1000): readonly PlatformRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    key: String(n).padStart(5, '0'),
    fields: { city: `City ${n % 40}`, phone: `+1 555 ${n}`, constructor: `Builder ${n}`, email_opt_out: n % 4 === 0, ...change(n) },
    meta: {},
  }));
}

/** A job on a platform in memory whose nights pass at once. */
async function nights() {
  const clock = { at: Date.parse('2026-09-01T02:30:00Z'), now: () => new Date(clock.at), monotonicMs: () => clock.at, sleep: async () => {} };
  const { store } = await temporaryStore(clock);
  const dir = join(await temporaryFolder(), 'backups');
  const catalog = openCatalog({ dir, store, clock });
  const take = async (
    records: readonly PlatformRecord[],
    options: { fields?: readonly FieldSchema[]; links?: number; base?: SnapshotReader } = {},
  ): Promise<SnapshotSummary> => {
    clock.at += DAY;
    const links = Array.from({ length: options.links ?? 0 }, (_, n) => ({ from: String(n).padStart(5, '0'), to: String(n + 1).padStart(5, '0') }));
    const content = { objects: { contacts: records }, ...(options.links === undefined ? {} : { links: { 'contacts~contacts~knows': links } }) };
    const platform = memoryPlatform('crm', content, { schemas: [objectSchema('contacts', { fields: options.fields ?? FIELDS })] });
    const base = options.base === undefined ? {} : { base: options.base };
    const { id } = await createSnapshot({ platforms: [platform], by: 'maya', job: 'nightly', watched: true, ...base }, { dir, store, clock });
    expect((await catalog.resolve(id)).suspect).toEqual(['It has not been compared with the snapshots before']);
    return await watchSnapshot(JOB, id, { store, clock, catalog });
  };
  return { clock, store, dir, catalog, take };
}

describe('what is counted in two snapshots', () => {
  it.each<[string, readonly PlatformRecord[], readonly string[]]>([
    ['a field emptied', crowd((n) => (n < 50 ? { phone: '' } : {})), ['5.0 % of the contacts of crm lost their phone: 50 records']],
    [
      'one with the name of what every object has',
      crowd((n) => (n < 500 ? { constructor: null } : {})),
      ['50.0 % of the contacts of crm lost their constructor: 500 records'],
    ],
    [
      'half of a field overwritten',
      crowd((n) => (n < 500 ? { city: 'Nowhere' } : {})),
      ['50.0 % of the contacts of crm now have one and the same city: 500 records'],
    ],
    [
      'opt-outs turned',
      crowd((n) => (n < 40 ? { email_opt_out: false } : {})),
      ['4.0 % of the opt-outs vanished, email_opt_out of contacts of crm: 10 records'],
    ],
    ['half of the records gone', crowd(undefined, 500), ['50.0 % of the contacts of crm are gone: 500 records']],
    ['an empty answer', [], ['100.0 % of the contacts of crm are gone: 1,000 records']],
    ['other values in a field, without a common one', crowd((n) => ({ city: `Town ${n % 50}` })), []],
    ['a few of everything', crowd((n) => (n < 3 ? { phone: null, city: 'Elsewhere', email_opt_out: true } : {}), 995), []],
  ])('%s', async (_name, now, why) => {
    const { take } = await nights();
    expect((await take(crowd())).watch?.state).toBe('clear');
    expect((await take(now)).suspect ?? []).toEqual(why);
  });

  it('links that vanish; fields that are gone or have another type, where they held something', async () => {
    const linked = await nights();
    await linked.take(crowd(), { links: 900 });
    expect((await linked.take(crowd(), { links: 700 })).suspect).toEqual(['22.2 % of the links contacts~contacts~knows of crm are gone: 200 links']);
    const described = await nights();
    await described.take(crowd(), { fields: [...FIELDS, field('fax')] });
    const without = crowd().map(({ fields: { phone: _phone, ...fields }, ...record }) => ({ ...record, fields }));
    const fields = FIELDS.filter(({ name }) => name !== 'phone').map((one) => (one.name === 'city' ? { ...one, platformType: 'varchar(2)' } : one));
    expect((await described.take(without, { fields })).suspect).toEqual([
      'The field city of contacts of crm has another type: 1,000 records have a value',
      'The field phone of contacts of crm is gone: 1,000 records had a value',
    ]);
  });

  it('counts the same in a snapshot that builds on the last good one', async () => {
    const { take, catalog } = await nights();
    const good = await take(crowd());
    const base = await catalog.open(good.id);
    const bad = await take(
      crowd((n) => (n < 50 ? { phone: '' } : {})),
      { base },
    );
    await base.close();
    expect([bad.bases, bad.suspect]).toEqual([[good.id], ['5.0 % of the contacts of crm lost their phone: 50 records']]);
  });

  it('what it knows adds up over many nights: as if all of it had been counted anew', async () => {
    const { take, store } = await nights();
    const levels = async () => (await watchOf(store, 'nightly').read())?.good.levels;
    const night = (at: number): readonly PlatformRecord[] =>
      crowd(
        (n) => ({
          ...((n + at) % 97 === 0 ? { phone: null } : (n + at) % 89 === 0 ? { city: '' } : {}),
          ...(n < 12 * at ? { email_opt_out: true } : {}),
        }),
        1000 + 5 * at,
      );
    for (let at = 0; at < 6; at += 1) expect((await take(night(at))).watch?.state).toBe('clear');
    const added = await levels();
    await watchOf(store, 'nightly').delete();
    await take(night(5));
    expect(await levels()).toEqual(added);
  });
});

describe('a suspect snapshot', () => {
  const emptied = crowd((n) => (n < 100 ? { phone: '' } : {}));

  it('stays so night after night, however long it stands, and is good again when it was repaired', async () => {
    const { take } = await nights();
    await take(crowd());
    expect((await take(emptied)).suspect).toHaveLength(1);
    expect((await take(emptied)).suspect).toHaveLength(1);
    expect((await take(crowd())).watch?.state).toBe('clear');
    const states: unknown[] = [];
    for (let night = 0; night < 30; night += 1) states.push((await take(emptied)).watch?.state);
    expect(new Set(states)).toEqual(new Set(['suspect']));
  });

  it('that was accepted is what the next one is compared with', async () => {
    const { take, ...deps } = await nights();
    await take(crowd());
    const { id } = await take(emptied);
    expect(await acceptSnapshot(id, { by: 'maya', reason: 'former staff' }, deps)).toMatchObject({ watch: { state: 'accepted', by: 'maya' } });
    await expect(acceptSnapshot(id, { by: 'maya', reason: 'again' }, deps)).rejects.toMatchObject({ code: 'usage' });
    expect((await take(emptied)).watch?.state).toBe('clear');
    expect((await take(crowd((n) => (n < 400 ? { phone: '' } : {})))).suspect).toEqual([
      expect.stringContaining('33.3 % of the contacts of crm lost their phone: 300 records; the most in 3 days was 100'),
    ]);
  });

  it('is found by counts alone where the last good one was deleted', async () => {
    const { take, catalog } = await nights();
    const good = await take(crowd());
    await catalog.delete(good.id);
    expect((await take(emptied)).suspect).toEqual(['10.0 % of the contacts of crm lost their phone: 100 records']);
  });
});
