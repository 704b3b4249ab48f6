import { describe, expect, test } from 'vitest';

import { bench, hash, LIST, mails, MEMBERS, PERSON, refusal, SYNC } from './support.js';

const A = 'a@example.com';
const COMPLIANCE = { title: 'Member In Compliance State', status: 400 };

/** What a user would lose: people who opted out get mail again, or a rehearsal says that a restore can what the platform refuses. */
describe('consent', () => {
  test('whom the API unsubscribed, it can subscribe again; who left by themselves, it cannot', async () => {
    const { client, sandbox } = await bench();
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' });
    await client.lists.updateListMember(LIST, hash(A), { status: 'unsubscribed' });
    expect(await client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' })).toMatchObject({ status: 'subscribed' });
    sandbox.writeAs(PERSON).update(MEMBERS, hash(A), { status: 'unsubscribed' });
    const refused = await refusal(client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' }));
    expect(refused).toMatchObject({ status: 400, body: COMPLIANCE });
    expect(refused.body.detail).toBe(`${A} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed.`);
    // Recorded without a type.
    expect(refused.body).not.toHaveProperty('type');
    expect(sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ status: 'unsubscribed' });
    // Other values can be written all the same.
    expect(await client.lists.updateListMember(LIST, hash(A), { merge_fields: { FNAME: 'Ada' } })).toMatchObject({
      status: 'unsubscribed',
      merge_fields: { FNAME: 'Ada' },
    });
  });

  test('an account can be set so that nobody who was unsubscribed is subscribed by the API again', async () => {
    const { client, sandbox } = await bench({ unsubscribedStays: true });
    const key = sandbox.writeAs(SYNC).create(MEMBERS, { email_address: A });
    await client.lists.updateListMember(LIST, key, { status: 'unsubscribed' });
    expect((await refusal(client.lists.setListMember(LIST, key, { email_address: A, status: 'subscribed' }))).body).toMatchObject(COMPLIANCE);
  });

  test('an integration is held to what the API may do, a person gives consent back', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, status: 'unsubscribed' });
    expect(() => sandbox.writeAs(SYNC).update(MEMBERS, key, { status: 'subscribed' })).toThrow(/compliance state/);
    sandbox.writeAs(PERSON).update(MEMBERS, key, { status: 'subscribed' });
    await client.lists.updateListMember(LIST, key, { status: 'unsubscribed' });
    expect(await client.lists.updateListMember(LIST, key, { status: 'subscribed' })).toMatchObject({ status: 'subscribed' });
  });

  test('whose mail bounced is not subscribed by the API, whoever set that', async () => {
    const { client } = await bench();
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' });
    await client.lists.updateListMember(LIST, hash(A), { status: 'cleaned' });
    expect((await refusal(client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' }))).body).toMatchObject(COMPLIANCE);
    await client.lists.updateListMember(LIST, hash(A), { status: 'unsubscribed' });
    expect((await refusal(client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' }))).body).toMatchObject(COMPLIANCE);
  });

  test('pending asks the person by mail, each time; only their answer subscribes who had left', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, status: 'unsubscribed' });
    for (let n = 0; n < 2; n += 1) expect(await client.lists.updateListMember(LIST, key, { status: 'pending' })).toMatchObject({ status: 'pending' });
    expect(mails(sandbox)).toEqual([
      [A, 'double-opt-in'],
      [A, 'double-opt-in'],
    ]);
    expect(sandbox.effects()[0]).toMatchObject({
      because: { by: 'api', app: sandbox.app },
      object: MEMBERS,
      key,
      subject: 'Example Ltd: Please Confirm Subscription',
    });
    expect((await refusal(client.lists.updateListMember(LIST, key, { status: 'subscribed' }))).body).toMatchObject(COMPLIANCE);
    sandbox.writeAs(PERSON).update(MEMBERS, key, { status: 'subscribed' });
    expect(await client.lists.getListMember(LIST, key)).toMatchObject({ status: 'subscribed' });
    expect(mails(sandbox)).toHaveLength(2);
  });

  test('DELETE archives; the status before is not told, and a new one brings the member back', async () => {
    const { client, sandbox } = await bench();
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed', merge_fields: { FNAME: 'Ada' }, tags: ['vip'] });
    await client.lists.deleteListMember(LIST, hash(A));
    const archived = await client.lists.getListMember(LIST, hash(A));
    expect(archived).toMatchObject({ status: 'archived', merge_fields: { FNAME: 'Ada' }, tags: [{ name: 'vip' }] });
    expect(JSON.stringify(archived)).not.toContain('"subscribed"');
    expect(sandbox.truth().record(MEMBERS, hash(A))).toBeUndefined();
    expect(await client.lists.getListMembersInfo(LIST)).toMatchObject({ members: [], total_items: 0 });
    expect(await client.lists.getListMembersInfo(LIST, { status: 'archived' })).toMatchObject({ total_items: 1 });
    // Without a status it stays there.
    expect(await client.lists.updateListMember(LIST, hash(A), { merge_fields: { LNAME: 'L' } })).toMatchObject({ status: 'archived' });
    expect(await client.lists.setListMember(LIST, hash(A), { email_address: A, status_if_new: 'subscribed' })).toMatchObject({
      status: 'archived',
    });
    expect(await client.lists.setListMember(LIST, hash(A), { email_address: A, status: 'subscribed' })).toMatchObject({
      status: 'subscribed',
      tags_count: 1,
    });
    expect(sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ FNAME: 'Ada', LNAME: 'L', tags: 'vip' });
  });

  test('who had left by themselves stays so in the archive', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, status: 'unsubscribed' });
    await client.lists.deleteListMember(LIST, key);
    expect((await refusal(client.lists.updateListMember(LIST, key, { status: 'subscribed' }))).body).toMatchObject(COMPLIANCE);
    expect(await client.lists.updateListMember(LIST, key, { status: 'unsubscribed' })).toMatchObject({ status: 'unsubscribed' });
  });

  test('who bounced, who was asked and who is archived cannot be archived: 405 with what can be done', async () => {
    const { client, call } = await bench();
    for (const status of ['cleaned', 'pending']) {
      await client.lists.addListMember(LIST, { email_address: `${status}@example.com`, status });
      const { status: code, body, headers } = await call('DELETE', `/lists/${LIST}/members/${hash(`${status}@example.com`)}`);
      expect([code, body.title]).toEqual([405, 'Method Not Allowed']);
      expect(body.detail).toBe('This list member cannot be removed. Can not archive a contact that is bounced, pending or archived');
      expect(headers.get('allow')).toContain('PUT');
    }
    await client.lists.addListMember(LIST, { email_address: A, status: 'transactional' });
    await client.lists.deleteListMember(LIST, hash(A));
    expect((await refusal(client.lists.deleteListMember(LIST, hash(A)))).status).toBe(405);
    expect((await refusal(client.lists.deleteListMember(LIST, hash('nobody@example.com')))).status).toBe(404);
  });

  test('who was deleted permanently is gone, and only a person brings the address back', async () => {
    const { client, sandbox } = await bench();
    const { contact_id: contact } = (await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed', tags: ['x'] })) as {
      contact_id: string;
    };
    await client.lists.deleteListMemberPermanent(LIST, hash(A));
    // Nothing of them is left.
    expect(JSON.stringify(sandbox.dump())).not.toContain(contact);
    expect((await refusal(client.lists.getListMember(LIST, hash(A)))).status).toBe(404);
    for (const status of ['subscribed', 'pending']) {
      const { body } = await refusal(client.lists.addListMember(LIST, { email_address: A, status }));
      expect(body).toMatchObject({ title: 'Forgotten Email Not Subscribed', status: 400 });
      expect(body.detail).toBe(`${A} was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list.`);
    }
    expect((await refusal(client.lists.setListMember(LIST, hash(A), { email_address: A, status_if_new: 'subscribed' }))).body.title).toBe(
      'Forgotten Email Not Subscribed',
    );
    expect(() => sandbox.writeAs(SYNC).create(MEMBERS, { email_address: A })).toThrow(/permanently deleted/);
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    expect(await client.lists.getListMember(LIST, hash(A))).toMatchObject({ status: 'subscribed' });
  });

  test('a status by which nobody can be written is refused as a value', async () => {
    const { client } = await bench();
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' });
    for (const status of ['archived', '']) {
      const { body } = await refusal(client.lists.updateListMember(LIST, hash(A), { status }));
      expect(body).toMatchObject({ title: 'Invalid Resource', errors: [{ field: 'status' }] });
    }
  });
});
