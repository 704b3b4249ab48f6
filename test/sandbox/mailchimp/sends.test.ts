import { describe, expect, test } from 'vitest';

import { bench, hash, LIST, mails, MEMBERS, PERSON, refusal, SYNC } from './support.js';

const [A, B] = ['a@example.com', 'b@example.com'];
const QUARTER_MS = 15 * 60_000;

/** What a user would lose: mails that go out while a restore is under way. */
describe('campaigns', () => {
  test('one that is scheduled goes out at its time, to who is subscribed then; unscheduled, it does not', async () => {
    const { client, clock, sandbox } = await bench();
    const writer = sandbox.writeAs(PERSON);
    for (const email_address of [A, B]) writer.create(MEMBERS, { email_address });
    const make = async (subject_line: string): Promise<string> => {
      const { id } = (await client.campaigns.create({ type: 'regular', recipients: { list_id: LIST }, settings: { subject_line } })) as {
        id: string;
      };
      await client.campaigns.schedule(id, { schedule_time: '2026-11-22T12:15:00+00:00' });
      return id;
    };
    const [sent, held] = [await make('Goes'), await make('Stays')];
    await client.campaigns.unschedule(held);
    writer.update(MEMBERS, hash(B), { status: 'unsubscribed' });
    expect(await client.campaigns.list({ status: 'schedule' })).toMatchObject({
      campaigns: [{ id: sent, send_time: '2026-11-22T12:15:00+00:00' }],
      total_items: 1,
    });
    clock.move(QUARTER_MS);
    expect(mails(sandbox)).toEqual([[A, `campaign-${sent}`]]);
    expect(sandbox.effects().at(-1)).toMatchObject({ at: Date.parse('2026-11-22T12:15:00Z'), sort: 'marketing', subject: 'Goes' });
    expect(await client.campaigns.get(sent)).toMatchObject({ status: 'sent', emails_sent: 1 });
    expect(await client.campaigns.get(held)).toMatchObject({ status: 'save', emails_sent: 0 });
    expect((await refusal(client.campaigns.unschedule(sent))).status).toBe(400);
  });

  test('a time that is past or no quarter of an hour is refused', async () => {
    const { client, sandbox } = await bench();
    const id = sandbox.addCampaign({ listId: LIST, subject: 'Hi' });
    for (const schedule_time of ['2026-11-22T11:45:00+00:00', '2026-11-22T12:20:00+00:00', 'soon'])
      expect((await refusal(client.campaigns.schedule(id, { schedule_time }))).body.errors[0].field).toBe('schedule_time');
  });

  test('pausing and resuming is for what a feed sets off, cancelling for what is on its way', async () => {
    const { client, sandbox } = await bench();
    const feed = sandbox.addCampaign({ listId: LIST, subject: 'Feed', type: 'rss', status: 'sending' });
    const plain = sandbox.addCampaign({ listId: LIST, subject: 'Plain', status: 'sending' });
    const status = async (id: string): Promise<string> => ((await client.campaigns.get(id)) as { status: string }).status;
    await client.campaigns.pause(feed);
    expect(await status(feed)).toBe('paused');
    await client.campaigns.resume(feed);
    expect(await status(feed)).toBe('sending');
    expect((await refusal(client.campaigns.pause(plain))).status).toBe(400);
    await client.campaigns.cancelSend(plain);
    expect(await status(plain)).toBe('canceled');
    expect((await refusal(client.campaigns.cancelSend(plain))).status).toBe(400);
    expect((await refusal(client.campaigns.get('0000000000'))).status).toBe(404);
    await client.campaigns.remove(plain);
    expect(await client.campaigns.list({ listId: LIST, type: 'rss' })).toMatchObject({ total_items: 1 });
  });

  test('one that is sent at once is a mail for each who is subscribed', async () => {
    const { client, sandbox } = await bench();
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: B, status: 'transactional' });
    const id = sandbox.addCampaign({ listId: LIST, subject: 'Now' });
    await client.campaigns.send(id);
    expect(mails(sandbox)).toEqual([[A, `campaign-${id}`]]);
    expect((await refusal(client.campaigns.send(id))).status).toBe(400);
  });
});

describe('automations', () => {
  const welcome = {
    id: '4f1b2c3d4e',
    name: 'Welcome',
    object: MEMBERS,
    enabled: true,
    when: { on: 'create' },
    does: [{ do: 'mail', to: 'email_address', subject: 'Hello' }],
  } as const;

  test('are told with their mails, paused and started, and a paused one mails nobody', async () => {
    const { client, sandbox } = await bench();
    sandbox.automate(welcome);
    expect(await client.automations.list()).toMatchObject({
      automations: [{ id: welcome.id, status: 'sending', settings: { title: 'Welcome' }, recipients: { list_id: LIST } }],
      total_items: 1,
    });
    expect(await client.automations.listAllWorkflowEmails(welcome.id)).toMatchObject({
      emails: [{ status: 'sending', settings: { subject_line: 'Hello' } }],
    });
    await client.automations.pauseAllEmails(welcome.id);
    expect(await client.automations.get(welcome.id)).toMatchObject({ status: 'paused' });
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' });
    expect(mails(sandbox)).toEqual([]);
    await client.automations.startAllEmails(welcome.id);
    await client.lists.addListMember(LIST, { email_address: B, status: 'subscribed' });
    expect(mails(sandbox)).toEqual([[B, welcome.id]]);
    expect((await refusal(client.automations.pauseAllEmails('none'))).status).toBe(404);
  });

  test('who is brought back from the archive is new to them', async () => {
    const { client, sandbox } = await bench();
    sandbox.writeAs(SYNC).create(MEMBERS, { email_address: A });
    sandbox.automate(welcome);
    await client.lists.deleteListMember(LIST, hash(A));
    await client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' });
    expect(mails(sandbox)).toEqual([[A, welcome.id]]);
    expect(sandbox.effects()[0]?.because).toEqual({ by: 'api', app: sandbox.app });
  });

  test('marketing goes to who is subscribed, and is withheld from everybody else', async () => {
    const { sandbox } = await bench();
    sandbox.automate(welcome);
    for (const status of ['subscribed', 'unsubscribed', 'cleaned', 'transactional'])
      sandbox.writeAs(PERSON).create(MEMBERS, { email_address: `${status}@example.com`, status });
    const told = sandbox.effects().flatMap((each) => (each.kind === 'mail' ? [[each.to, each.withheld]] : []));
    expect(told).toEqual([
      ['subscribed@example.com', undefined],
      ['unsubscribed@example.com', 'opted-out'],
      ['cleaned@example.com', 'opted-out'],
      ['transactional@example.com', 'opted-out'],
    ]);
  });
});

describe('a dump', () => {
  test('holds consent, the archive, who was deleted, tags, groups and campaigns', async () => {
    const { client, sandbox } = await bench({
      audiences: [{ id: LIST, groups: [{ title: 'Topics', interests: ['News'] }], permissions: ['Email'] }],
    });
    const writer = sandbox.writeAs(PERSON);
    writer.create(MEMBERS, { email_address: A, status: 'unsubscribed', tags: 'x' });
    writer.create(MEMBERS, { email_address: B });
    writer.purge(MEMBERS, hash(B));
    writer.create(MEMBERS, { email_address: 'c@example.com' });
    writer.remove(MEMBERS, hash('c@example.com'));
    sandbox.addCampaign({ listId: LIST, subject: 'Hi', status: 'schedule', sendAt: sandbox.now().getTime() + QUARTER_MS });
    const other = await bench({ audiences: [] });
    other.sandbox.load(JSON.parse(JSON.stringify(sandbox.dump())));
    for (const path of [
      'lists',
      `lists/${LIST}/members`,
      `lists/${LIST}/members?status=archived`,
      `lists/${LIST}/segments`,
      `lists/${LIST}/interest-categories`,
      'campaigns',
    ]) {
      const [one, two] = await Promise.all(
        [sandbox, other.sandbox].map(async ({ url, token }) =>
          (await fetch(`${url}/3.0/${path}`, { headers: { authorization: `Bearer ${token}` } })).text().then((text) => text.replaceAll(url, '')),
        ),
      );
      expect(two).toBe(one);
    }
    expect((await refusal(other.client.lists.updateListMember(LIST, hash(A), { status: 'subscribed' }))).body.title).toBe(
      'Member In Compliance State',
    );
    expect((await refusal(other.client.lists.addListMember(LIST, { email_address: B, status: 'subscribed' }))).body.title).toBe(
      'Forgotten Email Not Subscribed',
    );
    expect(await client.lists.getListMember(LIST, hash(A))).toEqual(expect.anything());
  });
});
