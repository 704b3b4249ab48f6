import { describe, expect, test } from 'vitest';

import { bench, codeOf, PERSON } from './support.js';

/** What a user would lose: who wrote what over is what an investigation is about. */
describe('field history', () => {
  const description = {
    objects: [{ name: 'Plan__c', fields: [{ name: 'Step__c', type: 'string' }] }],
    tracked: { Account: ['Name', 'OwnerId', 'Description', 'NumberOfEmployees'], Opportunity: ['StageName'], Plan__c: ['Step__c'] },
  } as const;
  const start = async () => await bench({ description: structuredClone(description) as never });

  test('a change of a tracked field leaves what was and what is, who wrote and when; others leave nothing', async () => {
    const { conn, sandbox, clock } = await start();
    const { id = '' } = await conn.sobject('Account').create({ Name: 'One', Description: 'long' });
    clock.move(1000);
    sandbox
      .writeAs({ kind: 'integration', id: '9', label: 'Sync' })
      .update('Account', id, { Name: 'Two', NumberOfEmployees: '5', Site: 'x', Description: 'longer' });
    const { records } = await conn.query('SELECT Field, OldValue, NewValue, CreatedDate, CreatedBy.Username, AccountId FROM AccountHistory');
    const of = (Field: string, OldValue: unknown, NewValue: unknown) => ({ Field, OldValue, NewValue, AccountId: id });
    expect(records).toMatchObject([
      { ...of('created', null, null), CreatedBy: { Username: sandbox.username } },
      { ...of('Name', 'One', 'Two'), CreatedBy: { Username: 'integration.9@example.com' }, CreatedDate: '2026-11-22T12:00:01.000+0000' },
      // Of a long text nothing but that it changed.
      of('Description', null, null),
      of('NumberOfEmployees', null, 5),
    ]);
  });

  test('a reference leaves two rows, names and ids; deals and custom objects have history objects of their own names', async () => {
    const { conn, sandbox } = await start();
    const { id = '' } = await conn.sobject('Account').create({ Name: 'One' });
    await conn.sobject('Account').update({ Id: id, OwnerId: sandbox.org.adminId });
    const owner = (await conn.query("SELECT DataType, OldValue, NewValue FROM AccountHistory WHERE Field = 'Owner'")).records;
    expect(owner).toMatchObject([
      { DataType: 'Text', OldValue: 'Integration User', NewValue: 'Alex Admin' },
      { DataType: 'EntityId', OldValue: sandbox.org.apiUserId, NewValue: sandbox.org.adminId },
    ]);
    const writer = sandbox.writeAs(PERSON);
    const deal = writer.create('Opportunity', { Name: 'X', StageName: 'Prospecting', CloseDate: '2026-12-01' });
    writer.update('Opportunity', deal, { StageName: 'Closed Lost' });
    expect((await conn.query("SELECT OpportunityId, NewValue FROM OpportunityFieldHistory WHERE Field = 'StageName'")).records).toMatchObject([
      { OpportunityId: deal, NewValue: 'Closed Lost' },
    ]);
    const plan = writer.create('Plan__c', { Step__c: 'a' });
    writer.update('Plan__c', plan, { Step__c: 'b' });
    expect((await conn.query("SELECT ParentId, OldValue FROM Plan__History WHERE Field = 'Step__c'")).records).toMatchObject([
      { ParentId: plan, OldValue: 'a' },
    ]);
  });

  test('it is told for 18 months, and for 24 to those who ask for what was deleted', async () => {
    const { conn, clock } = await start();
    await conn.sobject('Account').create({ Name: 'One' });
    const count = async (scanAll: boolean): Promise<number> => (await conn.query('SELECT Id FROM AccountHistory', { scanAll })).totalSize;
    const counts = [];
    for (let months = 0; months < 3; months += 1) {
      counts.push([await count(false), await count(true)]);
      clock.move((months === 0 ? 550 : 185) * 86_400_000);
    }
    expect(counts).toEqual([
      [1, 1],
      [0, 1],
      [0, 0],
    ]);
  });

  test('it cannot be written, goes with its record and comes back with it; where nothing is tracked there is none', async () => {
    const { conn, sandbox } = await start();
    const { id = '' } = await conn.sobject('Account').create({ Name: 'One' });
    expect(await codeOf(conn.sobject('AccountHistory').create({ AccountId: id, Field: 'Name' }))).toBe('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY');
    await conn.sobject('Account').destroy(id);
    expect((await conn.query('SELECT Id FROM AccountHistory')).totalSize).toBe(0);
    sandbox.writeAs(PERSON).undelete(id);
    expect((await conn.query('SELECT Id FROM AccountHistory')).totalSize).toBe(1);
    expect(await codeOf(conn.query('SELECT Id FROM ContactHistory'))).toBe('INVALID_TYPE');
    await expect(bench({ description: { tracked: { Account: Array.from({ length: 21 }, () => 'Name') } } })).rejects.toThrow(/20/);
  });
});
