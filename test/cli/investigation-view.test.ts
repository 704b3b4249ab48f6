import { expect, test } from 'vitest';

import { investigationText } from '../../src/cli/views/investigation.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import type { Investigation } from '../../src/investigations/index.js';

/** A user would lose: what the screen leaves out without saying so, or says of a writer that it names itself. */

const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-30T18:00:00Z') });
const READING = { changed: 9, asked: 0, drawn: 0, bySample: 0, requests: 0, history: false, days: 0 };

function shown(reading: Partial<Investigation['header']['reading']>, notCompared: Investigation['header']['notCompared'] = []): string {
  const header = {
    version: 1,
    id: 'inv-20261130-180000-zuma',
    platform: 'db',
    account: '1/db',
    base: { snapshot: 'snap-20261130-170000-k3vq', digest: '' },
    damaged: { snapshot: 'snap-20261130-180000-k3vq', digest: '' },
    objects: ['public.leads'],
    from: '2026-11-30T17:00:00.000Z',
    to: '2026-11-30T18:00:00.000Z',
    reading: { ...READING, ...reading },
    notCompared,
    charts: [],
    groups: [],
    createdBy: 'ann',
    createdAt: '2026-11-30T18:00:00.000Z',
  } satisfies Investigation['header'];
  return investigationText({ header, digest: '', location: '' }, style).replaceAll(/\s+/gu, ' ');
}

test('a platform that tells the last writer alone is not said to tell of none', () => {
  expect(shown({ asked: 9 })).toContain(
    'db tells who wrote each record last, and not what: a name at a group is whoever wrote most of its records last.',
  );
  expect(shown({ asked: 0 })).toContain('db keeps no history of fields: who wrote what is not known');
});

test('a history that is younger than a day is told as that', () => {
  expect(shown({ history: true, asked: 9, drawn: 300, requests: 14 })).toContain(
    'Asked db who wrote 9 of 9 records, and 300 drawn by chance; of the time before, nothing is told from a whole day on, so what is ordinary is not known: 14 requests.',
  );
  expect(shown({ history: true, asked: 9, drawn: 300, requests: 14, days: 1 })).toContain(
    'what was ordinary in the 1 day before by 300 drawn by chance',
  );
});

test('how many more object types and links were not compared is told', () => {
  const names = Array.from({ length: 8 }, (_, n) => ({ kind: 'records', name: `public.t${n}`, why: 'the base does not hold it' }));
  expect(shown({}, names)).toMatch(/Not compared: public\.t4: .* and 3 more not compared; all of them: --json/u);
  expect(shown({}, names.slice(0, 5))).not.toContain('more not compared');
});

test('on a screen of 40 columns no line is wider', () => {
  const narrow = makeStyle({ columns: 40, level: 0, accessible: false, unicode: true, now: () => style.now });
  const at = '2026-11-30T17:30:00.000Z';
  const group: Investigation['header']['groups'][number] = {
    n: 1,
    id: 'g1',
    object: 'contacts',
    fields: ['phone'],
    label: 'emptied',
    what: '15 values were emptied',
    verdict: 'damage',
    cells: 15,
    records: 15,
    writer: 'INTEGRATION:48621',
    sync: 'crm-to-marketing',
    from: at,
    to: at,
    exact: true,
    why: [],
    examples: [],
  } as never;
  const header = {
    platform: 'hubspot',
    objects: ['contacts', 'companies', 'deals'],
    base: { snapshot: 'snap-20261130-170000-k3vq', digest: '' },
    from: '2026-11-30T17:00:00.000Z',
    reading: READING,
    notCompared: [],
    charts: [{ writer: 'INTEGRATION:48621', sync: 'crm-to-marketing', counts: Array.from({ length: 24 }, (_, n) => n), total: 3185 }],
    groups: [group],
    id: 'inv-20261130-180000-zuma',
  } as unknown as Investigation['header'];
  const lines = investigationText({ header, digest: '', location: '' }, narrow).split('\n');
  expect(lines.filter((line) => line.length > 40)).toEqual(['  runback restore plan --investigation inv-20261130-180000-zuma']);
  const text = lines.join(' ').replaceAll(/\s+/gu, ' ');
  expect(text).toContain('by crm-to-marketing (INTEGRATI');
  expect(text).toContain('at 2026-11-30 17:30:00 UTC');
  expect(text).toContain('What happened to hubspot: contacts, companies, deals');
});
