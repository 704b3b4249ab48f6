import { randomBytes } from 'node:crypto';

import { expect, it, vi } from 'vitest';

import { Incidents } from '../../src/incidents/index.js';
import { systemClock } from '../../src/lib/index.js';
import { temporaryStore } from '../support/store.js';

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
