import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';

import { Incidents } from '../../src/incidents/index.js';
import { fakeClock } from '../notify/support.js';
import { temporaryStore } from '../support/store.js';

/** A user would lose: an incident that can never be opened, since its first line was cut in half by a kill or a full disk. */

const opening = { title: 'Wrong first names', severity: 'sev2', platforms: ['hubspot'], source: 'monitor' };

async function torn(bytes: number): Promise<{ readonly incidents: Incidents; readonly id: string }> {
  const clock = fakeClock();
  const { store } = await temporaryStore(clock);
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const { id: whole } = await incidents.open(opening, 'root');
  const path = (id: string): string => join(store.location, 'incidents', id, 'journal.ndjson');
  const line = await readFile(path(whole));
  const id = whole.replace(/.$/u, (last) => (last === 'a' ? 'b' : 'a'));
  await mkdir(dirname(path(id)), { recursive: true });
  await writeFile(path(id), line);
  await truncate(path(id), bytes);
  await appendFile(path(id), '');
  return { incidents, id };
}

it.each([0, 1, 40])('an incident whose first line was cut after %i bytes is opened under its id, once', async (bytes) => {
  const { incidents, id } = await torn(bytes);
  expect((await incidents.openAs(id, opening, 'monitor')).status).toBe('open');
  expect((await incidents.openAs(id, { ...opening, title: 'Another' }, 'monitor')).title).toBe(opening.title);
  expect((await incidents.read(id)).timeline.filter(({ text }) => text.startsWith('Opened'))).toHaveLength(1);
});

it('one that nobody opens again is no damaged one: it never began, and the daemon looks at it no more', async () => {
  const { incidents, id } = await torn(40);
  await expect(incidents.look(id)).rejects.toMatchObject({ code: 'not-found' });
  expect((await incidents.tick()).problems).toEqual([]);
  expect((await incidents.readAll([id])).unreadable).toEqual([]);
  expect((await incidents.openAs(id, opening, 'monitor')).status).toBe('open');
});
