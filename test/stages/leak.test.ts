import { describe, expect, it } from 'vitest';

import { Redactor, RunbackError, systemClock } from '../../src/lib/index.js';
import type { FieldSchema } from '../../src/records/index.js';
import type { StagedAccount, StagedWriter } from '../../src/stages/index.js';
import { putBackOldMarkers, withMarkers } from '../../src/stages/leak/marking.js';
import { MarkerNotes } from '../../src/stages/leak/notes.js';
import { refuseLeak, type WatchedPlatform } from '../../src/stages/leak/refuse.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { temporaryFolder } from '../support/store.js';

const field = (name: string, more: Partial<FieldSchema> = {}): FieldSchema => ({
  name,
  type: 'string',
  platformType: 'text',
  readOnly: false,
  ...more,
});

/** An account of one record, and everything that was written to it. */
function stageOf(options: { readonly refuses?: readonly string[]; readonly keeps?: boolean } = {}): {
  readonly account: StagedAccount;
  readonly values: Record<string, string>;
  readonly writes: (string | null)[];
} {
  const values: Record<string, string> = { id: 'p-1', mail: 'a@example.com', note: 'as it was' };
  const writes: (string | null)[] = [];
  const update: StagedWriter['update'] = async (_object, _key, given) => {
    for (const [name, value] of Object.entries(given)) {
      if (options.refuses?.includes(name) === true) throw new RunbackError('platform-rejected', `no ${name}`);
      writes.push(value);
      if (options.keeps === false) continue;
      if (value === null) delete values[name];
      else values[name] = value;
    }
    await Promise.resolve();
  };
  const account = {
    objects: ['people'],
    fields: () => [
      field('id'),
      field('mail', { unique: true }),
      field('size', { options: ['s'] }),
      field('short', { maxLength: 5 }),
      field('blank'),
      field('note'),
    ],
    record: async () => await Promise.resolve({ ...values }),
    records: async () => await Promise.resolve([{ key: 'p-1', values: { ...values } }]),
    as: () => ({ update }),
  } as unknown as StagedAccount;
  return { account, values, writes };
}

const platform = { identity: { account: '2' }, connector: { kind: 'hubspot' } } as never;
const stored = async (): Promise<Store> => openFileStore({ dir: await temporaryFolder(), clock: systemClock, redactor: new Redactor() });
const notesIn = async (store: Store): Promise<MarkerNotes> => await MarkerNotes.open(store, platform, systemClock);

const watched = (record: WatchedPlatform['record']): readonly WatchedPlatform[] => [{ name: 'crm', record }];

describe('a marker that is written on a stage and looked for in production', () => {
  it('is read back, not found, and gone again, from a value that nothing hangs on', async () => {
    const { account, values, writes } = stageOf();
    const before = { ...values };
    await expect(
      refuseLeak(
        { name: 'stage', account, victims: account, notes: await notesIn(await stored()) },
        watched(async () => await Promise.resolve({ note: 'ours' })),
      ),
    ).resolves.toEqual({ marked: true, unseen: [] });
    expect(writes).toEqual([expect.stringMatching(/^drill-[\da-f-]{17}$/u), null]);
    expect(values).toEqual(before);
  });

  it('refuses the stage where it shows up in production, whatever field it is in there, and is gone again', async () => {
    const { account, values } = stageOf({ refuses: ['blank'] });
    const flowsOn = watched(async () => await Promise.resolve({ other: values['note'] ?? '' }));
    await expect(refuseLeak({ name: 'stage', account, victims: account, notes: await notesIn(await stored()) }, flowsOn)).rejects.toMatchObject({
      code: 'stage-refused',
      why: 'What is written there shows up in crm, which is production.',
    });
    expect(values['note']).toBe('as it was');
  });

  it('refuses a stage on which it cannot be read back', async () => {
    const { account } = stageOf({ keeps: false });
    await expect(refuseLeak({ name: 'stage', account, victims: account, notes: await notesIn(await stored()) }, [])).rejects.toMatchObject({
      code: 'stage-refused',
    });
  });

  it('says what could not be looked at, and lets no other trouble pass', async () => {
    const { account } = stageOf();
    const silent = watched(async () => await Promise.reject(new RunbackError('platform-unreachable', 'no answer')));
    expect(await refuseLeak({ name: 'stage', account, victims: account, notes: await notesIn(await stored()) }, silent)).toEqual({
      marked: true,
      unseen: ['whether it flows on to crm, which is production, is not known: no answer'],
    });
    const nothing = stageOf({ refuses: ['blank', 'note'] });
    expect(
      await refuseLeak({ name: 'stage', account: nothing.account, victims: nothing.account, notes: await notesIn(await stored()) }, silent),
    ).toEqual({
      marked: false,
      unseen: [expect.stringMatching(/no text on it could be marked/u)],
    });
    const broken = watched(async () => await Promise.reject(new TypeError('a bug')));
    await expect(refuseLeak({ name: 'stage', account, victims: account, notes: await notesIn(await stored()) }, broken)).rejects.toThrow('a bug');
  });
});

describe('a marker of a process that was killed', () => {
  it('is put back by the next one on that account, but never what somebody wrote there since', async () => {
    const { account, values } = stageOf();
    const store = await stored();
    // Killed: nothing after the marks is done.
    const killed = new Error('killed');
    const request = { name: 'stage', account, victims: account, choice: [{ object: 'people', field: 'note' }] };
    const notes = await notesIn(store);
    const dies = { willMark: notes.willMark.bind(notes), putBack: async () => await Promise.reject(killed) };
    await expect(withMarkers({ ...request, notes: dies }, async () => await Promise.resolve())).rejects.toBe(killed);
    expect(values['note']).toMatch(/^drill-/u);
    await putBackOldMarkers(await notesIn(store), account);
    expect(values['note']).toBe('as it was');
    expect(await store.list('leak-markers')).toEqual([]);

    const again = await notesIn(store);
    const diesToo = { willMark: again.willMark.bind(again), putBack: async () => await Promise.reject(killed) };
    await expect(withMarkers({ ...request, notes: diesToo }, async () => await Promise.resolve())).rejects.toBe(killed);
    values['note'] = 'corrected by a person';
    await putBackOldMarkers(await notesIn(store), account);
    expect(values['note']).toBe('corrected by a person');
  });

  it('is nothing that another account has to put back', async () => {
    const { account, values } = stageOf();
    const store = await stored();
    const notes = await notesIn(store);
    await notes.willMark({ object: 'people', key: 'p-1', field: 'note', was: 'other', marker: 'as it was' });
    const other = await MarkerNotes.open(store, { identity: { account: '3' }, connector: { kind: 'hubspot' } } as never, systemClock);
    await putBackOldMarkers(other, account);
    expect(values['note']).toBe('as it was');
    expect(await store.list('leak-markers')).toHaveLength(1);
  });

  it('of a field that was asked for and cannot be marked, nothing is written and the field is named', async () => {
    const { account, writes } = stageOf();
    const notes = await notesIn(await stored());
    const asked = { name: 'stage', account, victims: account, notes, choice: [{ object: 'people', field: 'mail' }] };
    await expect(withMarkers(asked, async () => await Promise.resolve())).rejects.toMatchObject({
      code: 'usage',
      message: 'people.mail cannot be marked',
    });
    expect(writes).toEqual([]);
  });
});
