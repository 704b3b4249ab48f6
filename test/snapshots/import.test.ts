import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { isRunbackError, systemClock, type RunbackError } from '../../src/lib/index.js';
import { parseRecordLine, type FieldSchema, type PlatformRecord } from '../../src/records/index.js';
import { compareObjects, fileToImport, openCatalog, type Catalog, type ImportRequest } from '../../src/snapshots/index.js';
import { field, objectType } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';
import { memoryPlatform } from './memory-platform.js';

/** A user would lose: the values that one file of last week holds, or worse, good values to what was misread in it. */

const FIELDS: readonly FieldSchema[] = [
  field('email', { label: 'Email' }),
  field('firstname', { label: 'First Name' }),
  field('lastname', { label: 'Last Name' }),
  field('phone', { label: 'Phone Number' }),
  field('notes', { label: 'Notes' }),
  field('revenue', { label: 'Annual Revenue', type: 'number' }),
  field('visits', { type: 'integer' }),
  field('member_since', { label: 'Member since', type: 'date' }),
  field('closed', { label: 'Close Date', type: 'datetime' }),
  field('vip', { label: 'Is VIP', type: 'boolean' }),
  field('stage', { label: 'Stage', type: 'enum', options: ['NEW', 'IN_PROGRESS', 'LOST_1', 'LOST_2'] }),
  field('interests', { label: 'Interests', type: 'set', options: ['web', 'r_and_d'] }),
  field('owner', { label: 'Owner', type: 'enum' }),
  field('original', { label: 'Source' }),
  field('latest', { label: 'Source' }),
  field('created', { label: 'Create Date', type: 'datetime', readOnly: true }),
  field('optout', { label: 'Unsubscribed', type: 'boolean', readOnly: true, optedOut: [true] }),
];
const LABELS = new Map([
  [
    'stage',
    new Map([
      ['NEW', 'New'],
      ['IN_PROGRESS', 'In Progress'],
      ['LOST_1', 'Lost'],
      ['LOST_2', 'Lost'],
    ]),
  ],
  ['interests', new Map([['r_and_d', 'R & D']])],
]);

let dir: string;
let catalog: Catalog;
let there: readonly PlatformRecord[] = [];
let files = 0;

beforeEach(async () => {
  there = [];
  const opened = await temporaryStore(systemClock);
  dir = opened.dir;
  catalog = openCatalog({ dir: join(dir, '..', 'backups'), store: opened.store, clock: systemClock });
});

function crm(): Platform {
  const platform = memoryPlatform('crm', { objects: { contacts: there } }, { schemas: [objectType('contacts', FIELDS)] });
  return { ...platform, connector: { ...platform.connector, optionLabels: async () => await Promise.resolve(LABELS) } };
}

type Asked = Partial<Omit<ImportRequest, 'columns'>> & { readonly map?: Readonly<Record<string, string>>; readonly key?: readonly string[] };

async function look(bytes: string | Buffer, { map = {}, key = [], ...more }: Asked = {}): Promise<Awaited<ReturnType<typeof fileToImport>>> {
  files += 1;
  const path = join(dir, '..', `export-${files}.csv`);
  await writeFile(path, bytes);
  const columns = { key, map: new Map(Object.entries(map)) };
  return await fileToImport({ path, object: 'contacts', cells: { zone: 'Europe/Berlin' }, emptyClears: false, ...more, columns }, crm(), {});
}

/** The records of the snapshot that a file makes, by key. */
async function imported(bytes: string | Buffer, asked: Asked = {}, skipBadCells = false): Promise<Readonly<Record<string, PlatformRecord>>> {
  const { take } = await look(bytes, asked);
  const { id } = await take({ takenAt: new Date('2026-11-20T17:00:00Z'), skipBadCells, by: 'maya' }, catalog);
  const reader = await catalog.open(id);
  try {
    const records: PlatformRecord[] = [];
    for (const info of reader.manifest.objects) for await (const lines of reader.lines(info)) records.push(...lines.map(parseRecordLine));
    return Object.fromEntries(records.map((record) => [record.key, record]));
  } finally {
    await reader.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<RunbackError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isRunbackError(error)) throw error ?? new Error('it was not refused');
  return error;
}

const HUBSPOT = [
  '\uFEFFRecord ID,First Name,Last Name,Email,Annual Revenue,Member since,Close Date,Is VIP,Stage,Interests,Owner,Create Date,Unsubscribed,Notes',
  '51,Zoë,"O\'Neil, Jr.",zoe@acme.example,"1,234.50",2024-03-31,2026-07-01 14:05,Yes,In Progress,R & D;web,Jane Doe,2020-01-01 10:00,No,"two',
  'lines, ""quoted"""',
  '52,Ann,,ann@acme.example,,,,false,NEW,,Jane Doe,2020-01-01 10:00,Yes,',
  '',
].join('\r\n');

describe('what exports look like', () => {
  test('HubSpot: labels as headers and as values, local times, empty cells that say nothing, what cannot be put back left out', async () => {
    const { examined } = await look(HUBSPOT);
    expect(examined.columns.left.map(({ column }) => column)).toEqual(['Owner', 'Create Date']);
    expect(examined).toMatchObject({ rows: 2, cells: { given: 16, empty: 6, bad: 0 }, looked: { keys: 2, there: 0 } });
    const records = await imported(HUBSPOT);
    expect(records['51']).toEqual({
      key: '51',
      fields: {
        firstname: 'Zoë',
        lastname: "O'Neil, Jr.",
        email: 'zoe@acme.example',
        revenue: '1234.50',
        member_since: '2024-03-31',
        closed: '2026-07-01T12:05:00.000Z',
        vip: true,
        stage: 'IN_PROGRESS',
        interests: ['r_and_d', 'web'],
        notes: 'two\r\nlines, "quoted"',
      },
      meta: { optout: false },
    });
    expect(records['52']).toEqual({
      key: '52',
      fields: { firstname: 'Ann', email: 'ann@acme.example', vip: false, stage: 'NEW' },
      meta: { optout: true },
    });
  });

  test('Excel: semicolons, Windows-1252, sep=, decimal commas, days before months', async () => {
    const text = 'sep=;\r\nRecord ID;Last Name;Annual Revenue;Member since;visits\r\n51;Müller;1.234,50;31.03.2024;7\r\n;;;;\r\n';
    const bytes = Buffer.from(text, 'latin1');
    expect(await refusal(look(bytes))).toMatchObject({
      code: 'file-unreadable',
      next: expect.stringContaining('--encoding windows-1252') as unknown,
    });
    const records = await imported(bytes, { encoding: 'windows-1252' });
    expect(records['51']?.fields).toEqual({ lastname: 'Müller', revenue: '1234.50', member_since: '2024-03-31', visits: 7 });
  });

  test('Salesforce and COPY: names of the API, UTF-16 with tabs, every cell quoted', async () => {
    const text = '"Id"\t"FirstName"\t"LastName"\n"003A000001abcDEFGH"\t"Ann"\t""\n';
    const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
    expect((await imported(bytes))['003A000001abcDEFGH']?.fields).toEqual({ firstname: 'Ann' });
    const cleared = await imported('Id,FirstName,LastName,stage\n1,"",,\n', { emptyClears: true });
    expect(cleared['1']?.fields).toEqual({ firstname: '', lastname: null, stage: null });
  });
});

describe('nothing is guessed', () => {
  const BAD: readonly (readonly [column: string, text: string, why: RegExp])[] = [
    ['Annual Revenue', '1.23457E+11', /shortened/],
    ['Phone Number', '4,91512E+12', /shortened/],
    ['Annual Revenue', 'about 5', /not a number/],
    ['Member since', '03/04/2026', /--dates/],
    ['Member since', '45678', /spreadsheet/],
    ['Member since', '2026-02-30', /no such day/],
    ['Close Date', '2026-07-01', /no time of day/],
    ['Close Date', '2026-10-25 02:30', /twice/],
    ['Close Date', '2026-03-29 02:30', /does not exist/],
    ['Is VIP', 'maybe', /neither/],
    ['Stage', 'Lost', /LOST_1 or LOST_2/],
    ['Stage', 'Won', /none of the values/],
    ['Interests', 'web;boats', /boats/],
    ['Last Name', '#REF!', /error of a spreadsheet/],
    ['Last Name', 'NULL', /wrote this for nothing/],
    ['Last Name', 'MÃ¼ller', /wrong encoding/],
    ['Last Name', 'M\uFFFDller', /lost/],
  ];

  test('a cell that cannot be understood is told with its line and column, and says nothing where that is wanted', async () => {
    for (const [column, text, why] of BAD) {
      const { examined } = await look(`Record ID,Email,${column}\n51,a@b.example,"${text}"\n`);
      expect(examined.bad.map((problem) => [problem.line, problem.column, problem.why])).toEqual([[2, column, expect.stringMatching(why)]]);
    }
    const file = 'Record ID,Email,Stage\n51,a@b.example,Won\n';
    expect(await refusal(imported(file))).toMatchObject({ code: 'file-invalid', data: { count: 1 } });
    expect((await imported(file, {}, true))['51']?.fields).toEqual({ email: 'a@b.example' });
  });

  test('what a person says about the file makes it clear', async () => {
    const file = 'Record ID,Member since,Close Date\n51,03/04/2026,07/01/2026 2:05 PM\n';
    const records = await imported(file, { cells: { zone: 'UTC', dates: 'month-first' } });
    expect(records['51']?.fields).toEqual({ member_since: '2026-03-04', closed: '2026-07-01T14:05:00.000Z' });
    expect(await refusal(imported('Record ID;Annual Revenue\n51;1.234\n'))).toMatchObject({ why: expect.stringContaining('--decimal') as unknown });
    expect((await imported('Record ID;Annual Revenue\n51;1.234\n', { cells: { decimal: ',' } }))['51']?.fields).toEqual({ revenue: '1234' });
  });

  const REFUSED: readonly (readonly [what: string, file: string, code: string, message: RegExp])[] = [
    ['two fields of one label', 'Record ID,Source\n51,x\n', 'ambiguous', /original or latest/],
    ['two columns of one field', 'Record ID,Email,email\n51,a,b\n', 'ambiguous', /would both be email/],
    ['no key', 'Email\na@b.example\n', 'not-found', /id of a record/],
    ['several keys', 'Record ID,Id,Email\n1,2,a\n', 'ambiguous', /--key|Record ID, Id/],
    ['nothing that can be put back', 'Record ID,Create Date\n51,2020-01-01\n', 'usage', /No column/],
    ['an open quote', 'Record ID,Email\n51,"a\n', 'file-unreadable', /is not a CSV file/],
    ['nothing', '', 'file-invalid', /is empty/],
  ];

  test('a file whose columns could mean two things, or nothing, is refused', async () => {
    for (const [what, file, code, message] of REFUSED) {
      const error = await refusal(look(file));
      expect([what, error.code, error.message]).toEqual([what, code, expect.stringMatching(message)]);
    }
  });

  test('rows that cannot be taken refuse the file, each with its line', async () => {
    const file = 'Record ID,Email\n51,"a\nb"\n1.23457E+11,c\n51,d\n,e\n53\n54,f,g\n12.0,h\n55,i,,\n';
    const { examined } = await look(file);
    expect(examined.refused.map(({ line, why }) => [line, why])).toEqual([
      [4, expect.stringContaining('last digits are lost')],
      [5, 'line 2 has the same key'],
      [6, 'it has no key'],
      [7, 'it has 1 cell, and the header has 2'],
      [8, 'it has 3 cells, and the header has 2'],
      [9, expect.stringContaining('fraction')],
    ]);
    expect(await refusal(imported(file, {}, true))).toMatchObject({ code: 'file-invalid', data: { count: 6 } });
  });

  test('a file that is another one by the time it is taken makes no snapshot', async () => {
    const before = await catalog.list();
    const { examined, take } = await look('Record ID,Email\n51,a\n');
    await writeFile(examined.path, 'Record ID,Email\n51,b\n');
    expect(await refusal(take({ takenAt: new Date(), skipBadCells: false, by: 'maya' }, catalog))).toMatchObject({ code: 'file-unreadable' });
    expect((await catalog.list()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });
});

test('a table: its key of several columns, times in its own text, a key that came before under another form of a number', async () => {
  const orders = objectType(
    'public.orders',
    [
      field('shop', { readOnly: true }),
      field('no', { type: 'number', readOnly: true }),
      field('paid_at', { type: 'datetime', platformType: 'timestamp with time zone' }),
      field('due', { type: 'datetime', platformType: 'timestamp without time zone' }),
    ],
    { keyFields: ['shop', 'no'] },
  );
  const platform = memoryPlatform('crm', { objects: { 'public.orders': [] } }, { schemas: [orders] });
  const path = join(dir, '..', 'orders.csv');
  const request = { path, object: 'public.orders', columns: { key: [], map: new Map<string, string>() }, cells: {}, emptyClears: false };
  await writeFile(path, 'shop,no,paid_at,due\nnorth,7,2026-07-01 12:05:31.123456+00,2026-07-01 14:05:00\nnorth,007,,\n');
  const { examined } = await fileToImport(request, platform, {});
  expect(examined).toMatchObject({ cells: { given: 2, bad: 0 }, refused: [{ line: 3, text: '["north","7"]', why: 'line 2 has the same key' }] });
  await writeFile(path, 'shop,no,paid_at,due\nnorth,7,2026-07-01 12:05:31.123456+00,2026-07-01 14:05:00');
  const { examined: open, take } = await fileToImport(request, platform, {});
  expect(open.endsOpen).toBe(true);
  const { id } = await take({ takenAt: new Date('2026-11-20T17:00:00Z'), skipBadCells: false, by: 'maya' }, catalog);
  const reader = await catalog.open(id);
  const [info] = reader.manifest.objects;
  const line = info && (await reader.line(info, '["north","7"]'));
  await reader.close();
  expect(parseRecordLine(line ?? '').fields).toEqual({ paid_at: '2026-07-01 12:05:31.123456+00', due: '2026-07-01 14:05:00' });
});

test('a field, a key and a column are as a person says', async () => {
  const records = await imported('Ref,Mail,Source\n51,a,s\n', { key: ['Ref'], map: { Mail: 'email', Source: '' } });
  expect(records['51']?.fields).toEqual({ email: 'a' });
  expect(await refusal(look('Record ID,Mail\n51,a\n', { map: { Mail: 'emial' } }))).toMatchObject({
    message: expect.stringContaining('email') as unknown,
  });
});

test('an imported snapshot is marked, and no word ever means it', async () => {
  const { take } = await look(HUBSPOT);
  const { id, imported: from } = await take(
    { takenAt: new Date('2026-11-20T17:00:00Z'), skipBadCells: false, by: 'maya', note: 'of Tuesday' },
    catalog,
  );
  expect(from).toMatchObject({ of: FIELDS.length, fields: expect.arrayContaining(['email', 'optout']) as unknown });
  expect((await catalog.verify(id)).damage).toEqual([]);
  expect(await catalog.resolve(id)).toMatchObject({
    startedAt: '2026-11-20T17:00:00.000Z',
    imported: from,
    verifiedAt: expect.any(String) as unknown,
  });
  for (const word of ['latest', 'latest-verified']) expect(await refusal(catalog.resolve(word))).toMatchObject({ code: 'not-found' });
  expect(await catalog.incomplete(['crm'])).toEqual([]);
  const { id: taken } = await catalog.create({ platforms: [crm()], by: 'maya' });
  expect((await catalog.resolve('latest')).id).toBe(taken);
});

test('compared with a snapshot, what the file does not hold, or holds in another form, is no difference', async () => {
  there = [
    {
      key: '51',
      fields: {
        email: 'old@acme.example',
        firstname: 'Zoë',
        notes: 'two\nlines, "quoted" ',
        phone: '5',
        closed: '2026-07-01T12:05:31.123Z',
        revenue: '1234.5',
      },
      meta: { created: 'x', optout: false },
    },
    { key: '60', fields: { email: 'new@acme.example' }, meta: {} },
  ];
  const { take } = await look(
    'Record ID,Email,First Name,Notes,Close Date,Annual Revenue\r\n51,zoe@acme.example,,"two\r\nlines, ""quoted""",2026-07-01 14:05,"1,234.50"\r\n52,b,,,,\r\n',
  );
  const { id } = await take({ takenAt: new Date('2026-11-20T17:00:00Z'), skipBadCells: false, by: 'maya' }, catalog);
  const { id: taken } = await catalog.create({ platforms: [crm()], by: 'maya' });
  const [a, b] = [await catalog.open(id), await catalog.open(taken)];
  const found: unknown[] = [];
  for await (const batch of compareObjects(a, b, 'crm', 'contacts'))
    found.push(...batch.map((one) => [one.key, one.a && parseRecordLine(one.a).fields, one.b]));
  await a.close();
  await b.close();
  // 60 is not in the file, which proves nothing; 52 is gone from the platform, which was read as a whole.
  expect(found).toEqual([
    ['51', { ...there[0]?.fields, email: 'zoe@acme.example' }, expect.any(String)],
    ['52', { email: 'b' }, undefined],
  ]);
});
