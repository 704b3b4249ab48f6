import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import type { Journal, JournalEntry } from '../../src/store/index.js';
import { temporaryStore } from '../support/store.js';

const owner = { by: 'maya', holder: 'run-1', purpose: 'a run' };

async function entriesOf(journal: Journal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  return entries;
}

test('a journal gives back what was appended, in order, as a chain', async () => {
  const { store } = await temporaryStore();
  const journal = store.journal('runs', 'run-1');
  const writer = await journal.open(owner);
  await Promise.all(Array.from({ length: 20 }, (_, n) => writer.append({ by: 'maya', type: 'step.intent', step: `s${n}`, data: { n } })));
  const { lastHash } = writer;
  await writer.close();
  const entries = await entriesOf(journal);
  expect(entries.map((entry) => entry.step)).toEqual(Array.from({ length: 20 }, (_, n) => `s${n}`));
  expect(entries.at(-1)?.hash).toBe(lastHash);
  expect(await store.journals('runs')).toEqual(['run-1']);
});

test('a crash at any byte of an append loses at most that line, and the repair is on record (G2)', { timeout: 300_000 }, async () => {
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

test('a changed byte anywhere in a journal is found and the journal refused (G2, G6)', { timeout: 300_000 }, async () => {
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
      const opened = await journal.open(owner).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isRunbackError(opened, 'journal-damaged')).toBe(true);
      expect(await readFile(path)).toEqual(changed);
    }
});

// A user would lose: what a run did last, without anybody noticing that it is gone.
test('whole lines that vanish at the end are damage to whoever reads it whole, up to an emptied journal (G6)', async () => {
  const { store, dir } = await temporaryStore();
  const journal = store.journal('runs', 'run-1');
  const writer = await journal.open(owner);
  for (const n of [1, 2, 3]) await writer.append({ by: 'maya', type: 'step.outcome', data: { n } });
  await writer.append({ by: 'maya', type: 'note', data: {} }, { durable: false });
  await writer.close();
  const path = join(dir, 'runs', 'run-1', 'journal.ndjson');
  const whole = await readFile(path);
  const ends = [0, ...[...whole.keys()].filter((at) => whole[at] === 10).map((at) => at + 1)];
  const readWhole = async (): Promise<string | number> => {
    let count = 0;
    try {
      for await (const _entry of journal.read({ whole: true })) count += 1;
    } catch (error) {
      return isRunbackError(error) ? `${error.code} ${String(error.data['line'])}` : String(error);
    }
    return count;
  };
  const seen: (string | number)[] = [];
  for (const end of ends) {
    await writeFile(path, whole.subarray(0, end));
    seen.push(await readWhole());
  }
  // The last line was never said to be on disk: a power cut may take it.
  expect(seen).toEqual(['journal-damaged 1', 'journal-damaged 2', 'journal-damaged 3', 3, 4]);
  // Earlier versions kept no head, and one that is torn vouches for nothing.
  await writeFile(path, whole.subarray(0, ends[2]));
  await writeFile(join(dir, 'runs', 'run-1', 'journal.head'), '0000');
  expect(await readWhole()).toBe(2);
});
