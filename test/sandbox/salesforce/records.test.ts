import { beforeEach, describe, expect, test } from 'vitest';

import { type Bench, bench, codeOf, PERSON } from './support.js';

const description = {
  fields: {
    Account: [
      { name: 'Ext__c', type: 'string', unique: true, externalId: true },
      { name: 'Group__c', type: 'string', externalId: true },
    ],
  },
} as const;
const account = (more: object): object => ({ attributes: { type: 'Account' }, ...more });

/** What a user would lose: the results of a batch are matched by place, and an id that is not there cannot help. */
describe('records, one by one and up to 200', () => {
  let here: Bench;
  const make = async (Name: string, more: object = {}): Promise<string> => (await here.conn.sobject('Account').create({ Name, ...more })).id ?? '';
  const nameOf = (id: string): string | undefined => here.sandbox.truth().record('Account', id)?.['Name'];
  const send = async (method: string, records: readonly object[], allOrNone = false) =>
    await here.call(method, '/composite/sobjects', { allOrNone, records });

  beforeEach(async () => {
    here = await bench({ description: structuredClone(description) as never });
  });

  test('create, retrieve, update and delete, with the answers of each', async () => {
    const { call } = here;
    const made = await call('POST', '/sobjects/Account', { Name: 'One' });
    expect(made).toMatchObject({ status: 201, body: { success: true, errors: [] } });
    const { id } = made.body;
    expect(await call('PATCH', `/sobjects/Account/${id}`, { Name: 'Two' })).toMatchObject({ status: 204, body: '' });
    expect((await call('GET', `/sobjects/Account/${id}?fields=Name,Industry`)).body).toEqual({
      attributes: { type: 'Account', url: `/services/data/v62.0/sobjects/Account/${id}` },
      Id: id,
      Name: 'Two',
      Industry: null,
    });
    expect((await call('DELETE', `/sobjects/Account/${id}`)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(await call(method, `/sobjects/Account/${id}`, method === 'PATCH' ? {} : undefined)).toMatchObject({
        status: 404,
        body: [{ errorCode: 'ENTITY_IS_DELETED' }],
      });
    expect(await call('GET', '/sobjects/Account/0017Q00000zzzzzQAA')).toMatchObject({ status: 404, body: [{ errorCode: 'NOT_FOUND' }] });
    expect((await call('PUT', `/sobjects/Account/${id}`, {})).status).toBe(405);
  });

  test('a write counts as one even where nothing changes: who and when are new', async () => {
    const id = await make('One');
    here.clock.move(5000);
    here.sandbox.writeAs(PERSON).update('Account', id, { Name: 'One' });
    const { records } = await here.conn.query('SELECT LastModifiedDate, SystemModstamp, LastModifiedBy.Username FROM Account');
    expect(records).toMatchObject([{ LastModifiedDate: '2026-11-22T12:00:05.000+0000', LastModifiedBy: { Username: 'person.7@example.com' } }]);
  });

  test('If-Unmodified-Since refuses what changed since, and does not hold for a delete', async () => {
    const id = await make('One');
    here.clock.move(60_000);
    here.sandbox.writeAs(PERSON).update('Account', id, { Name: 'Theirs' });
    const headers = { 'If-Unmodified-Since': 'Sun, 22 Nov 2026 12:00:30 GMT' };
    expect((await here.call('PATCH', `/sobjects/Account/${id}`, { Name: 'Mine' }, headers)).status).toBe(412);
    expect(nameOf(id)).toBe('Theirs');
    const later = { 'If-Unmodified-Since': 'Sun, 22 Nov 2026 12:01:00 GMT' };
    expect((await here.call('PATCH', `/sobjects/Account/${id}`, { Name: 'Mine' }, later)).status).toBe(204);
    expect((await here.call('PATCH', `/sobjects/Account/${id}`, { Name: 'Mine' }, { 'If-Unmodified-Since': 'yesterday' })).status).toBe(400);
    expect((await here.call('GET', `/sobjects/Account/${id}`, undefined, { 'If-Modified-Since': 'Sun, 22 Nov 2026 12:05:00 GMT' })).status).toBe(304);
    expect((await here.call('DELETE', `/sobjects/Account/${id}`, undefined, headers)).status).toBe(204);
  });

  test('results of a collection stand in the order of its rows; one that failed has no id', async () => {
    const [one, gone] = [await make('One'), await make('Gone')];
    await here.conn.sobject('Account').destroy(gone);
    const { status, body } = await send('PATCH', [
      account({ id: gone, Name: 'x' }),
      account({ id: one, Name: 'New' }),
      account({ id: '0017Q00000zzzzzQAA', Name: 'x' }),
      account({ id: one, Name: 'x'.repeat(256) }),
      account({ id: 'nonsense', Name: 'x' }),
      account({ Name: 'x' }),
    ]);
    expect(status).toBe(200);
    const failed = (statusCode: string, fields: readonly string[] = []): unknown => ({
      success: false,
      errors: [expect.objectContaining({ statusCode, fields })],
    });
    expect(body).toEqual([
      failed('ENTITY_IS_DELETED'),
      { id: one, success: true, errors: [] },
      failed('INVALID_CROSS_REFERENCE_KEY'),
      failed('STRING_TOO_LONG', ['Name']),
      failed('MALFORMED_ID', ['Id']),
      failed('MISSING_ARGUMENT', ['Id']),
    ]);
    expect(nameOf(one)).toBe('New');
  });

  test('the usual client sends many at once, and tells each result', async () => {
    const results = await here.conn.sobject('Account').create([{ Name: 'A' }, { Name: '' }, { Name: 'C' }]);
    expect(results.map(({ success }) => success)).toEqual([true, false, true]);
    const ids = results.flatMap(({ id }) => id ?? []);
    expect((await here.conn.sobject('Account').retrieve(ids)).map((each) => (each as { Name: string }).Name)).toEqual(['A', 'C']);
    expect((await here.conn.sobject('Account').destroy(ids)).map(({ success }) => success)).toEqual([true, true]);
  });

  test('with allOrNone one that fails undoes the others, their flows and history included', async () => {
    const [one, two] = [await make('One'), await make('Two')];
    here.sandbox.automate({ id: '1', name: 'x', object: 'Account', enabled: true, when: { on: 'change', field: 'Name' }, does: [] });
    const { body } = await send('PATCH', [account({ id: one, Name: 'New' }), account({ id: two, Name: '' })], true);
    expect(body.map(({ errors }: { errors: { statusCode: string }[] }) => errors[0]?.statusCode)).toEqual([
      'ALL_OR_NONE_OPERATION_ROLLED_BACK',
      'REQUIRED_FIELD_MISSING',
    ]);
    expect([nameOf(one), nameOf(two), here.sandbox.effects()]).toEqual(['One', 'Two', []]);
    const deleted = await here.call('DELETE', `/composite/sobjects?ids=${one},0017Q00000zzzzzQAA&allOrNone=true`);
    expect(deleted.body.map(({ success }: { success: boolean }) => success)).toEqual([false, false]);
    expect(nameOf(one)).toBe('One');
  });

  test('what JSON cannot be read as, or a field that is not there, fails the whole request, and nothing is written', async () => {
    const one = await make('One');
    for (const wrong of [{ AnnualRevenue: 'many' }, { Nothing__c: 1 }]) {
      const { status, body } = await send('PATCH', [account({ id: one, Name: 'New' }), account({ id: one, ...wrong })]);
      expect([status, body.length, nameOf(one)]).toEqual([400, 1, 'One']);
    }
  });

  test('two hundred and no more, in at most ten stretches of one object', async () => {
    const many = (n: number): object[] => Array.from({ length: n }, (_, index) => account({ Name: `N${index}` }));
    expect((await send('POST', many(200))).body).toHaveLength(200);
    expect((await send('POST', many(201))).status).toBe(400);
    const mixed = many(11).flatMap((each) => [each, { attributes: { type: 'Lead' }, LastName: 'X', Company: 'Y' }]);
    expect((await send('POST', mixed)).body[0].errorCode).toBe('LIMIT_EXCEEDED');
    expect((await send('POST', mixed.slice(0, 10))).status).toBe(200);
  });

  test('a read by ids is null where there is nothing, and wrong ids are nothing', async () => {
    const [one, gone] = [await make('One'), await make('Gone')];
    await here.conn.sobject('Account').destroy(gone);
    const { body } = await here.call('POST', '/composite/sobjects/Account', { ids: [gone, one, 'nonsense'], fields: ['Name'] });
    expect(body).toMatchObject([null, { Id: one, Name: 'One' }, null]);
    expect((await here.call('GET', `/composite/sobjects/Account?ids=${one}&fields=Name`)).body).toHaveLength(1);
    expect((await here.call('GET', `/composite/sobjects/Account?ids=${one}&fields=Nothing__c`)).status).toBe(400);
  });

  test('upsert by external id makes or changes, and does not choose between two', async () => {
    const { call, conn } = here;
    const path = '/sobjects/Account/Ext__c/e-1';
    const made = await call('PATCH', path, { Name: 'One' });
    expect(made).toMatchObject({ status: 201, body: { created: true, success: true } });
    expect(await call('PATCH', path, { Name: 'Two' })).toMatchObject({ status: 200, body: { created: false, id: made.body.id } });
    expect(nameOf(made.body.id)).toBe('Two');
    expect((await call('PATCH', path, { Name: 'x', Ext__c: 'e-1' })).body[0].errorCode).toBe('INVALID_FIELD');
    expect((await call('PATCH', '/sobjects/Account/Industry/x', { Name: 'x' })).status).toBe(404);
    expect((await call('GET', path)).body.Name).toBe('Two');
    await make('A', { Group__c: 'g' });
    await make('B', { Group__c: 'g' });
    const urls = [expect.stringMatching(/^\/services\/data\/v62\.0\/sobjects\/Account\/001/), expect.any(String)];
    for (const [method, body] of [
      ['PATCH', { Name: 'x' }],
      ['GET', undefined],
      ['DELETE', undefined],
    ] as const)
      expect(await call(method, '/sobjects/Account/Group__c/g', body)).toMatchObject({ status: 300, body: urls });
    expect((await call('DELETE', '/sobjects/Account/Ext__c/none')).status).toBe(404);
    const many = await conn.sobject('Account').upsert(
      [
        { Ext__c: 'e-1', Name: 'Three' },
        { Ext__c: 'e-2', Name: 'Four' },
      ],
      'Ext__c',
    );
    expect(many.map((each) => (each as { created?: boolean }).created)).toEqual([false, true]);
    const batch = await call('PATCH', '/composite/sobjects/Account/Ext__c', {
      records: [account({ Ext__c: 'e-3', Name: 'X' }), account({ Ext__c: 'e-1' })],
    });
    expect(batch.body).toMatchObject([{ created: true }, { created: false }]);
  });

  test('a composite request names what came of earlier ones, and with allOrNone leaves nothing behind', async () => {
    const { call, sandbox } = here;
    const url = '/services/data/v62.0/sobjects';
    const compositeRequest = [
      { method: 'POST', url: `${url}/Account`, referenceId: 'a', body: { Name: 'New' } },
      { method: 'POST', url: `${url}/Contact`, referenceId: 'c', body: { LastName: 'X', AccountId: '@{a.id}' } },
      { method: 'GET', url: `${url}/Account/@{a.id}?fields=Name`, referenceId: 'r' },
    ];
    const { body } = await call('POST', '/composite', { compositeRequest });
    expect(body.compositeResponse.map((each: { httpStatusCode: number; referenceId: string }) => [each.referenceId, each.httpStatusCode])).toEqual([
      ['a', 201],
      ['c', 201],
      ['r', 200],
    ]);
    expect(body.compositeResponse[2].body.Name).toBe('New');
    const count = (): number => [...sandbox.truth().records('Account')].length;
    const failing = [...compositeRequest.slice(0, 1), { method: 'POST', url: `${url}/Contact`, referenceId: 'c', body: {} }];
    const undone = (await call('POST', '/composite', { allOrNone: true, compositeRequest: failing })).body.compositeResponse;
    expect([undone[0].body[0].errorCode, undone[1].body[0].errorCode, count()]).toEqual(['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING', 1]);
    expect((await call('POST', '/composite', { compositeRequest: Array.from({ length: 26 }, () => compositeRequest[0]) })).status).toBe(400);
  });

  test('a record that somebody else holds is refused in its own row', async () => {
    const ids = [await make('A'), await make('B'), await make('C')];
    here.sandbox.faults.add({ kind: 'lock-row' });
    const { body } = await send(
      'PATCH',
      ids.map((id) => account({ id, Name: 'New' })),
    );
    expect(body.map(({ errors }: { errors: { statusCode: string }[] }) => errors[0]?.statusCode)).toEqual([
      'UNABLE_TO_LOCK_ROW',
      undefined,
      'UNABLE_TO_LOCK_ROW',
    ]);
    expect((await send('PATCH', [account({ id: ids[0], Name: 'New' })])).body[0].success).toBe(true);
  });

  test('a request that breaks off half way has written the first half', async () => {
    const ids = [await make('A'), await make('B')];
    here.sandbox.faults.add({ kind: 'half-batch' });
    const { status, body } = await send(
      'PATCH',
      ids.map((id) => account({ id, Name: 'New' })),
    );
    expect([status, body[0].errorCode, ids.map(nameOf)]).toEqual([500, 'UNKNOWN_EXCEPTION', ['New', 'B']]);
  });

  test('a gateway answers with a page, before or after what was asked is done', async () => {
    const id = await make('A');
    here.sandbox.faults.add({ kind: 'html-error' });
    here.sandbox.faults.add({ kind: 'html-error', applied: true, after: 1 });
    for (const name of ['A', 'New']) {
      const { status, headers } = await send('PATCH', [account({ id, Name: 'New' })]);
      expect([status, headers.get('content-type'), headers.get('sforce-limit-info'), nameOf(id)]).toEqual([
        503,
        'text/html;charset=utf-8',
        null,
        name,
      ]);
    }
    here.sandbox.faults.add({ kind: 'server-error', status: 503 });
    expect(
      await codeOf(
        here.conn.request({ method: 'POST', url: '/sobjects/Account', body: '{"Name":"x"}', headers: { 'content-type': 'application/json' } }),
      ),
    ).toBe('SERVER_UNAVAILABLE');
  });
});
