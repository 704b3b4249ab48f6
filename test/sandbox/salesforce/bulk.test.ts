import { beforeEach, describe, expect, test } from 'vitest';

import { type Bench, bench, PERSON } from './support.js';

/** What a user would lose: an empty cell that empties a field here, and says nothing there, is damage made by a restore. */
describe('Bulk API 2.0', () => {
  let here: Bench;
  const description = { fields: { Contact: [{ name: 'Ext__c', type: 'string', unique: true, externalId: true }] } } as const;
  const csv = async (method: string, path: string, body?: string) => await here.call(method, path, body, { 'content-type': 'text/csv' });
  const open = async (more: object): Promise<string> =>
    (await here.call('POST', '/jobs/ingest', { object: 'Contact', operation: 'update', ...more })).body.id as string;
  /** Opens a job, uploads, closes it, and waits until it is done. */
  const load = async (
    more: object,
    file: string,
  ): Promise<{ id: string; state: string; ok: string[]; failed: string[]; job: Record<string, unknown> }> => {
    const id = await open(more);
    expect((await csv('PUT', `/jobs/ingest/${id}/batches`, file)).status).toBe(201);
    await here.call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' });
    here.clock.move(60_000);
    const job = (await here.call('GET', `/jobs/ingest/${id}`)).body as Record<string, unknown>;
    const lines = async (name: string): Promise<string[]> => ((await csv('GET', `/jobs/ingest/${id}/${name}`)).body as string).trim().split('\n');
    return { id, state: String(job['state']), ok: await lines('successfulResults'), failed: await lines('failedResults'), job };
  };

  beforeEach(async () => {
    here = await bench({ bulkMs: 60_000, description: structuredClone(description) as never });
  });

  test('a query job is done after a while, and its file is read part by part', async () => {
    const { call, sandbox, clock } = here;
    const account = sandbox.writeAs(PERSON).create('Account', { Name: 'A "quoted", name' });
    for (let n = 0; n < 5; n += 1) sandbox.writeAs(PERSON).create('Contact', { LastName: `L${n}`, ...(n === 0 && { AccountId: account }) });
    const query = 'SELECT LastName, Account.Name, HasOptedOutOfEmail FROM Contact ORDER BY LastName';
    const { id, state } = (await call('POST', '/jobs/query', { operation: 'query', query })).body;
    expect([state, id.startsWith('750')]).toEqual(['UploadComplete', true]);
    expect((await call('GET', `/jobs/query/${id}`)).body.state).toBe('InProgress');
    expect((await call('GET', `/jobs/query/${id}/results`)).status).toBe(400);
    clock.move(60_000);
    expect((await call('GET', `/jobs/query/${id}`)).body).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: 5, jobType: 'V2Query' });
    const first = await call('GET', `/jobs/query/${id}/results?maxRecords=3`);
    expect(first.body).toBe('"LastName","Account.Name","HasOptedOutOfEmail"\n"L0","A ""quoted"", name","false"\n"L1","","false"\n"L2","","false"\n');
    expect(first.headers.get('sforce-numberofrecords')).toBe('3');
    const rest = await call('GET', `/jobs/query/${id}/results?maxRecords=3&locator=${first.headers.get('sforce-locator') ?? ''}`);
    expect([rest.headers.get('sforce-locator'), (rest.body as string).split('\n')]).toEqual([
      'null',
      ['"LastName","Account.Name","HasOptedOutOfEmail"', '"L3","","false"', '"L4","","false"', ''],
    ]);
    expect((await call('GET', `/jobs/query/${id}/results?locator=nonsense`)).body[0].errorCode).toBe('INVALID_QUERY_LOCATOR');
    expect((await call('DELETE', `/jobs/query/${id}`)).status).toBe(204);
    expect((await call('GET', `/jobs/query/${id}`)).status).toBe(404);
  });

  test('its file writes times and numbers otherwise than JSON does', async () => {
    const { call, clock, sandbox } = here;
    const amounts = [0, 100, 1.5, 9_999_999, 10_000_000, 16_147_805_824_397, 0.0001, -25_000_000.25];
    for (const [n, amount] of amounts.entries())
      sandbox.writeAs(PERSON).create('Account', { Name: `A${n}`, AnnualRevenue: String(amount), NumberOfEmployees: '7' });
    const query = 'SELECT AnnualRevenue, NumberOfEmployees, CreatedDate FROM Account ORDER BY Name';
    const { id } = (await call('POST', '/jobs/query', { operation: 'query', query })).body;
    await call('GET', `/jobs/query/${id}`);
    clock.move(60_000);
    const lines = ((await call('GET', `/jobs/query/${id}/results`)).body as string).trim().split('\n').slice(1);
    expect(lines.map((line) => line.split(',')[0])).toEqual(
      ['0.0', '100.0', '1.5', '9999999.0', '1.0E7', '1.6147805824397E13', '1.0E-4', '-2.500000025E7'].map((each) => `"${each}"`),
    );
    expect(lines[0]).toBe('"0.0","7","2026-11-22T12:00:00.000Z"');
    expect((await call('POST', '/jobs/query', { operation: 'query', query: 'SELECT FIELDS(CUSTOM) FROM Contact LIMIT 1' })).status).toBe(400);
  });

  test('a query job can be aborted while it is not done, and takes no counts, children or addresses', async () => {
    const { call } = here;
    const { id } = (await call('POST', '/jobs/query', { operation: 'queryAll', query: 'SELECT Id FROM Contact' })).body;
    expect((await call('PATCH', `/jobs/query/${id}`, { state: 'Aborted' })).body.state).toBe('Aborted');
    expect((await call('PATCH', `/jobs/query/${id}`, { state: 'Aborted' })).status).toBe(400);
    for (const query of [
      'SELECT count() FROM Contact',
      'SELECT MailingAddress FROM Contact',
      'SELECT Id, (SELECT Id FROM Contacts) FROM Account',
      'nonsense',
    ])
      expect((await call('POST', '/jobs/query', { operation: 'query', query })).status).toBe(400);
  });

  test('a job writes line by line: an empty cell says nothing, #N/A empties, and each line has its result', async () => {
    const writer = here.sandbox.writeAs(PERSON);
    const [one, two] = ['One', 'Two'].map((LastName) => writer.create('Contact', { LastName, Title: 'Head', Department: 'Sales' }));
    const { state, ok, failed, job } = await load(
      {},
      `Id,Title,Department\n${one},,#N/A\n${two},"New, with ""quotes""\nand a line",\n0037Q00000zzzzzQAA,x,y\n${one},${'x'.repeat(129)},\n`,
    );
    expect([state, job['numberRecordsProcessed'], job['numberRecordsFailed']]).toEqual(['JobComplete', 4, 2]);
    expect(here.sandbox.truth().record('Contact', one ?? '')).toMatchObject({ Title: 'Head' });
    expect(here.sandbox.truth().record('Contact', one ?? '')).not.toHaveProperty('Department');
    expect(here.sandbox.truth().record('Contact', two ?? '')).toMatchObject({ Title: 'New, with "quotes"\nand a line', Department: 'Sales' });
    expect(ok.slice(0, 2)).toEqual(['"sf__Id","sf__Created","Id","Title","Department"', `"${one}","false","${one}","","#N/A"`]);
    expect(failed).toEqual([
      '"sf__Id","sf__Error","Id","Title","Department"',
      '"0037Q00000zzzzzQAA","INVALID_CROSS_REFERENCE_KEY:invalid cross reference id: --","0037Q00000zzzzzQAA","x","y"',
      expect.stringMatching(/"STRING_TOO_LONG:Title: data value too large: x+ \(max length=128\):Title --"/),
    ]);
  });

  test('insert, upsert and delete; a deleted record is in the recycle bin, unless it was deleted hard', async () => {
    const made = await load({ operation: 'insert' }, 'LastName,Ext__c\nOne,e-1\n,e-2\n');
    expect([made.ok.length, made.failed[1]]).toEqual([
      2,
      expect.stringContaining('REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --'),
    ]);
    const upserted = await load({ operation: 'upsert', externalIdFieldName: 'Ext__c' }, 'Ext__c,LastName\ne-1,New\ne-3,Three\n');
    expect(upserted.ok.slice(1).map((line) => line.split(',')[1])).toEqual(['"false"', '"true"']);
    const ids = [...here.sandbox.truth().records('Contact')].map(({ key }) => key);
    await load({ operation: 'delete' }, `Id\n${ids[0]}\n`);
    await load({ operation: 'hardDelete' }, `Id\n${ids[1]}\n`);
    const { sandbox } = here;
    sandbox.writeAs(PERSON).undelete(ids[0] ?? '');
    expect(() => sandbox.writeAs(PERSON).undelete(ids[1] ?? '')).toThrow(/not in the recycle bin/);
    expect([...sandbox.truth().records('Contact')].map(({ key }) => key)).toEqual([ids[0]]);
  });

  test('an aborted job has written nothing, and its lines are those that were not processed', async () => {
    const key = here.sandbox.writeAs(PERSON).create('Contact', { LastName: 'One' });
    const id = await open({});
    await csv('PUT', `/jobs/ingest/${id}/batches`, `Id,LastName\n${key},New\n`);
    expect((await csv('PUT', `/jobs/ingest/${id}/batches`, 'Id\n')).status).toBe(400);
    await here.call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' });
    expect((await here.call('GET', `/jobs/ingest/${id}`)).body.state).toBe('InProgress');
    expect((await here.call('PATCH', `/jobs/ingest/${id}`, { state: 'Aborted' })).body.state).toBe('Aborted');
    here.clock.move(3_600_000);
    expect(here.sandbox.truth().record('Contact', key)).toMatchObject({ LastName: 'One' });
    expect((await csv('GET', `/jobs/ingest/${id}/unprocessedrecords`)).body).toBe(`"Id","LastName"\n"${key}","New"\n`);
  });

  test('a file with other line ends or unknown columns fails as a whole', async () => {
    const ends = await load({}, 'Id,LastName\r\n0037Q00000zzzzzQAA,x\r\n');
    expect([ends.state, ends.job['errorMessage']]).toEqual(['Failed', 'LineEnding is invalid on user data. Current LineEnding setting is LF']);
    expect((await load({}, 'Id,Nothing__c\n')).job['errorMessage']).toBe('InvalidBatch : Field name not found : Nothing__c');
    expect((await here.call('POST', '/jobs/ingest', { object: 'Nothing__c', operation: 'insert' })).status).toBe(400);
    expect((await here.call('POST', '/jobs/ingest', { object: 'Contact', operation: 'upsert' })).status).toBe(400);
  });

  test('the usual client loads and queries', async () => {
    const { conn } = await bench();
    const results = await conn.bulk2.loadAndWaitForResults({
      object: 'Account',
      operation: 'insert',
      input: [{ Name: 'One' }, { Name: 'Two' }],
      pollInterval: 10,
      pollTimeout: 10_000,
    });
    expect(results.successfulResults).toHaveLength(2);
    const stream = await conn.bulk2.query('SELECT Name FROM Account ORDER BY Name', { pollInterval: 10, pollTimeout: 10_000 } as never);
    expect(await stream.toArray()).toEqual([{ Name: 'One' }, { Name: 'Two' }]);
  });
});
