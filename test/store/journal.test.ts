import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import type { Journal, JournalEntry } from '../../src/store/index.js';
import { all } from '../contracts/store/harness.js';
import { temporaryStore } from '../support/store.js';
import { everyPoint } from '../support/sweeps.js';

const owner = { by: 'maya', holder: 'run-1', purpose: 'a run' };

const entriesOf = (journal: Journal): Promise<JournalEntry[]> => all(journal.read());

test('a crash at any byte of an append loses at most that line, and the repair is on record (G2)', async () => {
  const { store, dir } = await temporaryStore();
  const journal = store.journal('runs', 'run-1');
  const writer = await journal.open(owner);
  for (const n of [1, 2, 3]) await writer.append({ by: 'maya', type: 'step.outcome', step: 'größe', data: { n, text: 'übel\n€' } });
  await writer.close();
  const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
  const whole = await readFile(path);
  const ends = [0, ...[...whole.keys()].filter((at) => whole[at] === 10).map((at) => at + 1)];
  for (let length = 0; length <= whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    const kept = ends.filter((end) => end <= length).length - 1;
    expect((await entriesOf(journal)).length, `cut at byte ${length}`).toBe(kept);
    const again = await journal.open(owner);
    await again.append({ by: 'maya', type: 'run.resumed' });
    await again.close();
    const entries = await entriesOf(journal);
    const torn = length - (ends[kept] ?? 0);
    expect(entries.slice(kept).map((entry) => [entry.type, entry.data['bytes_cut']])).toEqual(
      torn === 0
        ? [['run.resumed', undefined]]
        : [
            ['journal.repaired', torn],
            ['run.resumed', undefined],
          ],
    );
  }
});

test('a changed byte anywhere in a journal is found and the journal refused (G2, G6)', async () => {
  const { store, dir } = await temporaryStore();
  const journal = store.journal('runs', 'run-1');
  const writer = await journal.open(owner);
  for (const n of [1, 2, 3]) await writer.append({ by: 'maya', type: 'step.outcome', step: 'pause', data: { n, text: 'é\uFFFD' } });
  await writer.close();
  const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
  const whole = await readFile(path);
  for (const flip of [0x01, 0x80])
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ flip;
      if (changed[at] === 0) continue;
      await writeFile(path, changed);
      const refused = await entriesOf(journal).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isRunbackError(refused, 'journal-damaged'), `byte ${at} ^ ${flip}: ${String(refused)}`).toBe(true);
      // Opening reads it the same way, and twenty times as slowly.
      if (!everyPoint && at % 8 !== 0) continue;
      const opened = await journal.open(owner).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isRunbackError(opened, 'journal-damaged')).toBe(true);
      expect(await readFile(path)).toEqual(changed);
    }
});

test('a head that earlier versions did not keep, or that is torn, vouches for nothing', async () => {
  const { store, dir } = await temporaryStore();
  const journal = store.journal('runs', 'run-1');
  const writer = await journal.open(owner);
  for (const n of [1, 2, 3]) await writer.append({ by: 'maya', type: 'step.outcome', data: { n } });
  await writer.close();
  const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
  const head = join(dir, 'runs', 'run-1', 'journal.head');
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, whole.lastIndexOf('\n', -2) + 1));
  const seqs = async (): Promise<number[]> => (await all(journal.read({ whole: true }))).map(({ seq }) => seq);
  await expect(seqs()).rejects.toMatchObject({ code: 'journal-damaged' });
  await writeFile(head, '0000');
  expect(await seqs()).toEqual([1, 2]);
  await rm(head);
  expect(await seqs()).toEqual([1, 2]);
});
