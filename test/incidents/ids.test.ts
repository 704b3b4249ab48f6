import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it, vi } from 'vitest';

import { Incidents } from '../../src/incidents/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return { ...crypto, randomBytes: vi.fn(crypto.randomBytes) };
});

/** A user would lose: an incident, in another one that was opened in the same second. */
it('incidents that chance gives one id are two all the same, at the same time too', async () => {
  const { store } = await temporaryStore();
  const clock = { ...systemClock, now: () => new Date('2026-11-29T10:00:00Z') };
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const open = async (title: string) => await incidents.open({ title, severity: 'sev3', source: 'cli', platforms: [] }, 'maya');
  const chances = [1, 1, 2, 2, 2, 3, 4];
  vi.mocked(randomBytes).mockImplementation(((size: number) =>
    Buffer.alloc(size, size === 4 ? (chances.shift() ?? 9) : Math.floor(Math.random() * 256))) as never);
  const first = await open('One');
  const second = await open('Two');
  const [third, fourth] = await Promise.all([open('Three'), open('Four')]);
  expect(new Set([first, second, third, fourth].map((one) => one?.id)).size).toBe(4);
  expect((await incidents.listOpen()).map(({ title }) => title).sort()).toEqual(['Four', 'One', 'Three', 'Two']);
});

/** A user would lose: the page that was acknowledged, to the wrong incident of two that began in one second. */
it('the latest incident is the one that was opened last, also in one second', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'runback.yml'), 'version: 1\nplatforms: {}\n');
  const store = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
  let ms = 0;
  const clock = { ...systemClock, now: () => new Date(Date.parse('2026-11-29T10:00:00Z') + (ms += 1)) };
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const tails = [9, 8, 7];
  vi.mocked(randomBytes).mockImplementation(((size: number) => Buffer.alloc(size, size === 4 ? tails.shift() : 1)) as never);
  for (const title of ['One', 'Two', 'Three']) await incidents.open({ title, severity: 'sev3', source: 'cli', platforms: [] }, 'maya');
  vi.mocked(randomBytes).mockReset();
  const { stdout } = await runHere(['incident', 'show', 'latest', '--json'], { cwd: folder });
  expect(jsonLines(stdout).at(-1)).toMatchObject({ data: { title: 'Three' } });
});
