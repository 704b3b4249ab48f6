import { afterEach, describe, expect, it } from 'vitest';

import { standing } from '../contracts/sandbox/platform.js';
import { type Heard, ACK, type Listener, openListener } from './listener.js';
import { bench as mailchimp, hash, LIST, MEMBERS } from './mailchimp/support.js';
import { bench as salesforce } from './salesforce/support.js';
import { bench as hubspot } from './support.js';

/**
 * What platforms do that syncs stumble over: webhooks twice, late and in any order, lists that lag or shift, values that take another form
 * later. A user would lose: a test that passes here, and customers who are doubled in production.
 */

const PERSON = { kind: 'person', id: '7' } as const;
const listeners: Listener[] = [];
afterEach(async () => {
  for (const each of listeners.splice(0)) await each.close();
});
const listening = async (...given: Parameters<typeof openListener>): Promise<Listener> => {
  const listener = await openListener(...given);
  listeners.push(listener);
  return listener;
};

describe('webhooks of HubSpot', () => {
  const eventsOf = (heard: readonly Heard[]): readonly Record<string, unknown>[] =>
    heard.flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[]);

  it('tell of new records, of each property that changed with its value then, and of deletions; nobody else hears of it', async () => {
    const { sandbox } = await hubspot();
    const { webhooks } = sandbox;
    const listener = await listening();
    expect(() => webhooks.subscribe('https://example.com/hook')).toThrow(/this machine/u);
    const id = webhooks.subscribe(listener.url);
    const writer = sandbox.writeAs(PERSON);
    const key = writer.create('contacts', { email: 'ada@example.com', lastname: 'Lovelace' });
    await webhooks.settled();
    writer.update('contacts', key, { city: 'Bern' });
    writer.update('contacts', key, { city: 'Bern' });
    writer.remove('contacts', key);
    await webhooks.settled();
    const events = eventsOf(listener.heard);
    expect(events[0]).toMatchObject({
      subscriptionType: 'contact.creation',
      objectId: Number(key),
      portalId: 62_515,
      attemptNumber: 0,
      changeSource: 'CRM_UI',
    });
    expect(events.find(({ propertyName }) => propertyName === 'lastname')).toMatchObject({ propertyValue: 'Lovelace' });
    expect(events.filter(({ propertyName }) => propertyName === 'city').map(({ propertyValue }) => propertyValue)).toEqual(['Bern']);
    expect(events.at(-1)).toMatchObject({ subscriptionType: 'contact.deletion' });
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
    expect(webhooks.unsubscribe(id)).toBe(true);
    writer.create('contacts', { email: 'grace@example.com' });
    await webhooks.settled();
    expect(eventsOf(listener.heard)).toHaveLength(events.length);
    expect(sandbox.counts().requests).toBe(0);
  });

  it('come twice, later than those of later changes, and in the opposite order, where that is wanted', async () => {
    const { sandbox } = await hubspot({ clock: standing() });
    const { webhooks } = sandbox;
    const listener = await listening();
    webhooks.subscribe(listener.url);
    const key = sandbox.writeAs(PERSON).create('contacts', { email: 'ada@example.com' });
    await webhooks.settled();
    const before = listener.heard.length;
    webhooks.disturb({ twiceEvery: 1 });
    sandbox.writeAs(PERSON).update('contacts', key, { city: 'Bern' });
    await webhooks.settled();
    const twice = eventsOf(listener.heard.slice(before));
    expect(twice.map(({ propertyName }) => propertyName)).toEqual(['city', 'city']);
    expect(twice[0]?.['eventId']).toBe(twice[1]?.['eventId']);
    webhooks.disturb({ twiceEvery: 1, againAfter: 1 });
    sandbox.writeAs(PERSON).update('contacts', key, { city: 'Oslo' });
    webhooks.disturb({});
    sandbox.writeAs(PERSON).update('contacts', key, { city: 'Lima' });
    await webhooks.settled();
    expect(eventsOf(listener.heard.slice(before)).map(({ propertyValue }) => propertyValue)).toEqual(['Bern', 'Bern', 'Oslo', 'Lima', 'Oslo']);
    webhooks.disturb({ reversed: true });
    sandbox.writeAs(PERSON).update('contacts', key, { city: 'Rome', jobtitle: 'Head' });
    await webhooks.settled();
    expect(eventsOf(listener.heard.slice(-1)).map(({ propertyName }) => propertyName)).toEqual(['jobtitle', 'city']);
  });

  it('that are not taken are sent again, and those that a listener refuses are not', async () => {
    const { sandbox } = await hubspot({ clock: standing() });
    const busy = await listening((n) => ({ status: n < 2 ? 503 : 204 }));
    const refusing = await listening(() => ({ status: 404 }));
    for (const { url } of [busy, refusing]) sandbox.webhooks.subscribe(url);
    sandbox.writeAs(PERSON).create('companies', { name: 'Example' });
    await sandbox.webhooks.settled();
    expect(busy.heard.map(({ body }) => (JSON.parse(body) as { attemptNumber: number }[])[0]?.attemptNumber)).toEqual([0, 1, 2]);
    expect(refusing.heard).toHaveLength(1);
  });
});

describe('outbound messages of Salesforce', () => {
  it('tell the values of when they are sent, and are sent until they are acknowledged; deletions are told to nobody', async () => {
    const { sandbox } = await salesforce();
    const { webhooks } = sandbox;
    const listener = await listening((n) => ({ status: 200, body: n === 0 ? '<Ack>false</Ack>' : ACK }));
    webhooks.subscribe(listener.url);
    const writer = sandbox.writeAs(PERSON);
    const key = writer.create('Contact', { LastName: 'Lovelace & Co', Title: 'Head' });
    writer.update('Contact', key, { Title: 'CEO' });
    await webhooks.settled();
    const [first = { body: '', type: '' }, second] = listener.heard;
    expect(first.type).toContain('text/xml');
    expect(first.body.match(/<Notification>/gu)).toHaveLength(2);
    expect(first.body).toContain('<sf:LastName>Lovelace &amp; Co</sf:LastName>');
    // The one in between is never seen.
    expect(first.body.match(/<sf:Title>[^<]*/gu)).toEqual(['<sf:Title>CEO', '<sf:Title>CEO']);
    expect(second?.body).toBe(first.body);
    writer.remove('Contact', key);
    await webhooks.settled();
    expect(listener.heard).toHaveLength(2);
  });
});

describe('webhooks of a Mailchimp audience', () => {
  it('are forms: who came, left, changed, was archived; another address is another id', async () => {
    const { sandbox } = await mailchimp();
    const listener = await listening();
    sandbox.webhooks.subscribe(listener.url);
    const writer = sandbox.writeAs(PERSON);
    const key = writer.create(MEMBERS, { email_address: 'ada@example.com', status: 'subscribed' });
    writer.update(MEMBERS, key, { FNAME: 'Ada' });
    writer.update(MEMBERS, key, { email_address: 'lovelace@example.com' });
    writer.update(MEMBERS, key, { status: 'unsubscribed' });
    writer.remove(MEMBERS, key);
    await sandbox.webhooks.settled();
    const forms = listener.heard.map(({ body }) => new URLSearchParams(body));
    expect(forms.map((form) => form.get('type'))).toEqual(['subscribe', 'profile', 'upemail', 'unsubscribe', 'unsubscribe']);
    expect(forms[0]?.get('data[id]')).toBe(hash('ada@example.com'));
    expect(forms[1]?.get('data[merges][FNAME]')).toBe('Ada');
    expect([forms[2]?.get('data[new_id]'), forms[2]?.get('data[old_email]')]).toEqual([hash('lovelace@example.com'), 'ada@example.com']);
    expect([forms[3]?.get('data[action]'), forms[4]?.get('data[action]')]).toEqual(['unsub', 'delete']);
    expect(forms.every((form) => form.get('data[list_id]') === LIST)).toBe(true);
  });
});

describe('reads of many', () => {
  it('at HubSpot show what was there before for a while, and reads by id do not', async () => {
    const clock = standing();
    const { sandbox, call } = await hubspot({ clock, listLagMs: 5000 });
    const key = sandbox.writeAs(PERSON).create('contacts', { email: 'ada@example.com', city: 'Bern' });
    const listed = async (): Promise<readonly unknown[]> =>
      ((await call('GET', '/crm/v3/objects/contacts?properties=city')).body['results'] as { properties: { city?: string } }[]).map(
        ({ properties }) => properties.city,
      );
    expect(await listed()).toEqual([]);
    expect((await call('GET', `/crm/v3/objects/contacts/${key}?properties=city`)).status).toBe(200);
    clock.move(5000);
    expect(await listed()).toEqual(['Bern']);
    sandbox.writeAs(PERSON).update('contacts', key, { city: 'Rome' });
    expect(await listed()).toEqual(['Bern']);
    clock.move(5000);
    sandbox.writeAs(PERSON).remove('contacts', key);
    expect(await listed()).toEqual(['Rome']);
    clock.move(5000);
    expect(await listed()).toEqual([]);
  });

  it('at Salesforce show what others wrote once its transaction has ended, under an earlier stamp; what the API wrote at once', async () => {
    const { sandbox, conn, clock } = await salesforce({ queryLagMs: 5000 });
    const titles = async (): Promise<readonly unknown[]> =>
      (await conn.query<{ Title: string | null }>('SELECT Title FROM Contact ORDER BY Id')).records.map(({ Title }) => Title);
    const writer = sandbox.writeAs(PERSON);
    const key = writer.create('Contact', { LastName: 'Lovelace', Title: 'Head' });
    const before = clock.now().toISOString();
    expect(await titles()).toEqual([]);
    await conn.sobject('Contact').create({ LastName: 'Hopper', Title: 'Admiral' });
    expect(await titles()).toEqual(['Admiral']);
    clock.move(5000);
    expect(await titles()).toEqual(['Head', 'Admiral']);
    const { records } = await conn.query<{ SystemModstamp: string }>(`SELECT SystemModstamp FROM Contact WHERE Id = '${key}'`);
    expect(Date.parse(records[0]?.SystemModstamp ?? '')).toBeLessThanOrEqual(Date.parse(before));
    writer.update('Contact', key, { Title: 'CEO' });
    writer.remove('Contact', key);
    expect(await titles()).toEqual(['Head', 'Admiral']);
    clock.move(5000);
    expect(await titles()).toEqual(['Admiral']);
  });

  it('by a list view of Salesforce are 25 records unless more are asked for, and never more than 2,000', async () => {
    const { sandbox, call } = await salesforce();
    for (let n = 0; n < 30; n += 1) sandbox.writeAs(PERSON).create('Contact', { LastName: `Last ${String(n).padStart(2, '0')}` });
    const [view] = (await call('GET', '/sobjects/Contact/listviews')).body.listviews;
    const rows = async (query: string): Promise<number> => (await call('GET', `${view.resultsUrl}${query}`)).body.records.length;
    expect([await rows(''), await rows('?limit=2000'), await rows('?limit=2000&offset=25')]).toEqual([25, 30, 5]);
    expect((await call('GET', `${view.resultsUrl}?limit=2001`)).status).toBe(400);
    expect((await call('GET', '/sobjects/Contact/listviews/AllContacts/results?limit=1')).body.records[0].columns).toContainEqual({
      fieldNameOrPath: 'Name',
      value: 'Last 00',
    });
    expect((await call('GET', '/sobjects/Contact/listviews/other/results')).status).toBe(404);
  });

  it('by offset leave out what moves over the edge of a page, or tell it twice', async () => {
    const { sandbox, call } = await mailchimp();
    for (let n = 0; n < 6; n += 1) sandbox.writeAs(PERSON).create(MEMBERS, { email_address: `p${n}@example.com`, status: 'subscribed' });
    const all = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const offset of [0, 3]) {
        const { body } = await call('GET', `/lists/${LIST}/members?count=3&offset=${String(offset)}`);
        found.push(...(body.members as { email_address: string }[]).map(({ email_address: address }) => address.slice(0, 2)));
      }
      return found;
    };
    expect(await all()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    sandbox.faults.add({ kind: 'shift', times: null, name: 'moves' });
    expect(await all()).toEqual(['p0', 'p1', 'p2', 'p4', 'p5']);
    sandbox.faults.add({ kind: 'shift', by: -1, times: null, name: 'moves' });
    expect(await all()).toEqual(['p0', 'p1', 'p2', 'p2', 'p3', 'p4']);

    const { sandbox: other, call: ask } = await hubspot();
    for (let n = 0; n < 6; n += 1) other.writeAs(PERSON).create('contacts', { email: `p${n}@example.com` });
    other.faults.add({ kind: 'shift', times: null });
    const ids: unknown[] = [];
    for (const after of [undefined, '3'])
      ids.push(...((await ask('POST', '/crm/v3/objects/contacts/search', { limit: 3, ...(after && { after }) })).body['results'] as unknown[]));
    expect(ids).toHaveLength(5);
  });
});

describe('values that take another form later', () => {
  it.each([
    ['e164', '(415) 555-0123', '+14155550123'],
    ['e164', '+41 44 668 18 00', '+41446681800'],
    ['e164', 'ask', 'ask'],
    ['trimmed', '  Ada   L ', 'Ada L'],
    ['capitals', 'ada o’hara-LEE', 'Ada O’Hara-Lee'],
  ] as const)('%s makes of "%s" "%s", after a while', async (as, from, to) => {
    const clock = standing();
    const { sandbox } = await hubspot({ clock });
    sandbox.automate({
      id: '1',
      name: 'Format',
      object: 'contacts',
      enabled: true,
      repeats: true,
      when: { on: 'change', field: 'fax' },
      does: [
        { do: 'wait', ms: 60_000 },
        { do: 'rewrite', field: 'fax', as },
      ],
    });
    const key = sandbox.writeAs(PERSON).create('contacts', { email: 'ada@example.com', fax: from });
    const fax = (): string | undefined => sandbox.truth().record('contacts', key)?.['fax'];
    expect(fax()).toBe(from);
    clock.move(60_000);
    expect(fax()).toBe(to);
  });
});
