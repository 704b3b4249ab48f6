import { beforeEach, describe, expect, test } from 'vitest';

import { type Bench, bench, codeOf, PERSON } from './support.js';

/** What a user would lose: a query that a kinder parser takes, and Salesforce does not, is found out in an incident. */
describe('SOQL', () => {
  let here: Bench;
  const names = async (text: string): Promise<unknown[]> => (await here.conn.query(text)).records.map((each) => each.Name as unknown);
  const where = async (condition: string, order = 'ORDER BY Name'): Promise<unknown[]> =>
    await names(`SELECT Name FROM Account WHERE ${condition} ${order}`);
  const message = async (text: string): Promise<string> => (await here.call('GET', `/query?q=${encodeURIComponent(text)}`)).body[0].message as string;
  const code = async (text: string): Promise<string> => await codeOf(here.conn.query(text));

  beforeEach(async () => {
    here = await bench({
      description: {
        fields: {
          Account: [
            { name: 'Tags__c', type: 'multipicklist', options: ['a', 'b', 'c'] },
            { name: 'L1__c', type: 'textarea', length: 1000 },
            { name: 'L2__c', type: 'textarea', length: 1000 },
          ],
        },
      },
    });
    const writer = here.sandbox.writeAs(PERSON);
    const day = 86_400_000;
    const now = here.clock.now().getTime();
    const acme = writer.create('Account', { Name: 'Acme', Industry: 'Banking', NumberOfEmployees: '10', Tags__c: 'a;b' }, now - 40 * day);
    writer.create('Account', { Name: 'beta 100%', NumberOfEmployees: '200', Tags__c: 'c' }, now - 3 * day);
    writer.create('Account', { Name: "O'Neil", Industry: 'Retail' }, now);
    writer.create('Contact', { LastName: 'One', AccountId: acme, Birthdate: '1990-05-01' });
    writer.create('Contact', { LastName: 'Two' });
  });

  test('conditions compare in any case, with null, numbers, lists, patterns and escapes', async () => {
    expect(await where("Name = 'ACME'")).toEqual(['Acme']);
    expect(await where("Name = 'O\\'Neil'")).toEqual(["O'Neil"]);
    expect(await where('Industry = null')).toEqual(['beta 100%']);
    // What is empty is not the same as something.
    expect(await where("Industry != 'Banking'")).toEqual(['beta 100%', "O'Neil"]);
    expect(await where('NumberOfEmployees >= 10 AND NumberOfEmployees < 200')).toEqual(['Acme']);
    expect(await where("Name IN ('acme', 'nobody') OR NumberOfEmployees = 200")).toEqual(['Acme', 'beta 100%']);
    expect(await where("Name NOT IN ('Acme')")).toEqual(['beta 100%', "O'Neil"]);
    expect(await where("Name LIKE '_eta%'")).toEqual(['beta 100%']);
    expect(await where("Name LIKE '%\\%'")).toEqual(['beta 100%']);
    expect(await where("(NOT Name LIKE 'a%') AND (Industry = 'Retail' OR Industry = null)")).toEqual(['beta 100%', "O'Neil"]);
    expect(await where("Tags__c INCLUDES ('a;b', 'x')")).toEqual(['Acme']);
    expect(await where("Tags__c EXCLUDES ('a')")).toEqual(['beta 100%', "O'Neil"]);
    expect(await where("Id IN (SELECT AccountId FROM Contact WHERE LastName = 'One')")).toEqual(['Acme']);
  });

  test('times compare as instants, words as stretches', async () => {
    expect(await where('CreatedDate = TODAY')).toEqual(["O'Neil"]);
    expect(await where('CreatedDate = LAST_N_DAYS:7')).toEqual(['beta 100%', "O'Neil"]);
    expect(await where('CreatedDate < THIS_MONTH')).toEqual(['Acme']);
    expect(await where('CreatedDate >= 2026-11-19T13:00:00+01:00')).toEqual(['beta 100%', "O'Neil"]);
    expect(await where('CreatedDate > 2026-11-22T12:00:00Z')).toEqual([]);
    expect(await names('SELECT Name FROM Contact WHERE Birthdate = 1990-05-01')).toEqual(['One']);
  });

  test('order, limit and offset; empty values come first unless it is said otherwise', async () => {
    const order = async (text: string): Promise<unknown[]> => await names(`SELECT Name FROM Account ORDER BY ${text}`);
    expect(await order('NumberOfEmployees')).toEqual(["O'Neil", 'Acme', 'beta 100%']);
    expect(await order('NumberOfEmployees DESC NULLS LAST')).toEqual(['beta 100%', 'Acme', "O'Neil"]);
    expect(await order('Name DESC LIMIT 1 OFFSET 1')).toEqual(['beta 100%']);
    expect(await order('Industry ASC NULLS LAST, Name')).toEqual(['Acme', "O'Neil", 'beta 100%']);
  });

  test('fields over references are objects, empty references null, children lists', async () => {
    const { records } = await here.conn.query('SELECT Name, Account.Name, Account.Owner.Username FROM Contact ORDER BY Name');
    expect(records).toMatchObject([{ Account: { Name: 'Acme', Owner: { Username: 'person.7@example.com' } } }, { Account: null }]);
    expect(records[0]?.attributes).toEqual({
      type: 'Contact',
      url: `/services/data/v62.0/sobjects/Contact/${String(records[0]?.attributes?.url).slice(-18)}`,
    });
    const parents = await here.conn.query(
      "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name LIKE 'A%' OR Name LIKE 'O%' ORDER BY Name",
    );
    expect(parents.records).toMatchObject([{ Contacts: { totalSize: 1, records: [{ LastName: 'One' }] } }, { Contacts: null }]);
    expect((await here.conn.query('SELECT FIELDS(CUSTOM) FROM Account LIMIT 1')).records[0]).toHaveProperty('Tags__c', 'a;b');
  });

  test('count() gives no records', async () => {
    expect(await here.conn.query('select count() from account')).toEqual({ totalSize: 3, done: true, records: [] });
  });

  test('what is no query, or does not fit, is refused in the words of Salesforce, with the place', async () => {
    expect(await code('SELECT FROM Account')).toBe('MALFORMED_QUERY');
    expect(await message('SELECT Id FROM Account WHERE')).toMatch(/ERROR at Row:1:Column:29\nunexpected token: '<EOF>'/);
    for (const text of ["Name = 'a' AND Name = 'b' OR Name = 'c'", 'Name = "a"', "Name == 'a'", "Name = 'a", 'Name = TODAYS'])
      expect(await code(`SELECT Id FROM Account WHERE ${text}`)).toBe('MALFORMED_QUERY');
    expect(await message('SELECT Id, Nothing__c FROM Account')).toMatch(/Column:12\nNo such column 'Nothing__c' on entity 'Account'/);
    expect(await code('SELECT Nobody.Name FROM Account')).toBe('INVALID_FIELD');
    expect(await code('SELECT Id FROM Nothing__c')).toBe('INVALID_TYPE');
    expect(await message("SELECT Id FROM Account WHERE CreatedDate = '2026-11-22T12:00:00Z'")).toBe(
      "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
    );
    expect(await code('SELECT Id FROM Account WHERE Name = 5')).toBe('INVALID_FIELD');
    expect(await code("SELECT Id FROM Account WHERE Description = 'x'")).toBe('INVALID_FIELD');
    expect(await code('SELECT Id FROM Account ORDER BY Description')).toBe('MALFORMED_QUERY');
    expect(await code("SELECT Id FROM Account WHERE Id = 'short'")).toBe('INVALID_QUERY_FILTER_OPERATOR');
    expect(await code("SELECT Id FROM Account WHERE Id LIKE '001%'")).toBe('INVALID_QUERY_FILTER_OPERATOR');
    expect(await code('SELECT Id FROM Account OFFSET 2001')).toBe('NUMBER_OUTSIDE_VALID_RANGE');
    expect(await code('SELECT FIELDS(ALL) FROM Account')).toBe('MALFORMED_QUERY');
    expect(await message('SELECT Industry FROM Account GROUP BY Industry')).toBe('The local sandbox does not know GROUP');
  });

  test('what is in the recycle bin is told by queryAll alone', async () => {
    const [account = ''] = (await here.conn.query("SELECT Id FROM Account WHERE Name = 'Acme'")).records.map(({ Id: id }) => id as string);
    await here.conn.sobject('Account').destroy(account);
    expect(await where("Name = 'Acme'")).toEqual([]);
    const all = await here.conn.query('SELECT Name, IsDeleted FROM Contact WHERE IsDeleted = true', { scanAll: true });
    expect(all.records).toMatchObject([{ Name: 'One', IsDeleted: true }]);
    expect((await here.conn.query('SELECT Id FROM Contact WHERE IsDeleted = true')).totalSize).toBe(0);
  });

  test('pages are 2000 or what was wished for, or 200 where two long texts are told; locators expire after two days', async () => {
    const { conn, call, clock, sandbox } = here;
    for (let n = 0; n < 450; n += 1) sandbox.writeAs(PERSON).create('Lead', { LastName: `L${n}`, Company: 'X' });
    expect((await call('GET', '/query?q=SELECT+Id+FROM+Lead')).body).toMatchObject({ done: true, totalSize: 450 });
    const wish = { 'Sforce-Query-Options': 'batchSize=200' };
    const first = (await call('GET', '/query?q=SELECT+Id,LastName+FROM+Lead', undefined, wish)).body;
    expect([first.records.length, first.done, first.totalSize]).toEqual([200, false, 450]);
    expect(first.nextRecordsUrl).toMatch(/^\/services\/data\/v62\.0\/query\/0r8\w{15}-200$/);
    const second = (await call('GET', first.nextRecordsUrl)).body;
    const third = (await call('GET', second.nextRecordsUrl)).body;
    expect([second.records.length, third.records.length, third.done, third.nextRecordsUrl]).toEqual([200, 50, true, undefined]);
    expect(new Set([first, second, third].flatMap(({ records }) => records.map(({ Id: id }: { Id: string }) => id))).size).toBe(450);
    const all = await conn.query('SELECT Id FROM Lead').run({ autoFetch: true, maxFetch: 1000 } as never);
    expect(all.totalSize).toBe(450);
    clock.move(2 * 86_400_000);
    expect(await call('GET', first.nextRecordsUrl)).toMatchObject({ status: 400, body: [{ errorCode: 'INVALID_QUERY_LOCATOR' }] });
    expect((await call('GET', '/query/0r8000000000000AAA-200')).body).toMatchObject([{ errorCode: 'INVALID_QUERY_LOCATOR' }]);
    for (let n = 0; n < 250; n += 1) sandbox.writeAs(PERSON).create('Account', { Name: `A${n}` });
    expect((await call('GET', '/query?q=SELECT+Id,L1__c,L2__c+FROM+Account')).body.records).toHaveLength(200);
  });

  test('of more than ten queries that are not read to their end, the oldest is given up', async () => {
    const { call, sandbox } = here;
    for (let n = 0; n < 201; n += 1) sandbox.writeAs(PERSON).create('Lead', { LastName: `L${n}`, Company: 'X' });
    const wish = { 'Sforce-Query-Options': 'batchSize=200' };
    const urls = [];
    for (let n = 0; n < 11; n += 1) urls.push((await call('GET', '/query?q=SELECT+Id+FROM+Lead', undefined, wish)).body.nextRecordsUrl as string);
    expect((await call('GET', urls[0] ?? '')).body).toMatchObject([{ errorCode: 'INVALID_QUERY_LOCATOR' }]);
    expect((await call('GET', urls[1] ?? '')).status).toBe(200);
  });
});
