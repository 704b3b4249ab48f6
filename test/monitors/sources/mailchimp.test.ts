import { afterEach, expect, test } from 'vitest';

import { type MailchimpSandbox, startMailchimpSandbox } from '../../../src/sandbox/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { LIST, MEMBERS, PERSON } from '../../connectors/mailchimp/support.js';
import { HOUR_MS, MINUTE_MS, openWorld, type World } from './world.js';

/** What a user would lose: members that are counted twice or never, and an audience that is taken for what came in an hour. */

let sandbox: MailchimpSandbox | undefined;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  await sandbox?.stop();
});

const START = Date.parse('2026-03-02T08:02:00Z');
const NEW = `new mail/${MEMBERS} created`;
const EDITS = `edits mail/${MEMBERS} changed`;

async function open(monitors = `{ new: { count: mail/${MEMBERS} created }, edits: { count: mail/${MEMBERS} changed } }`): Promise<{
  readonly account: MailchimpSandbox;
  readonly clock: SharedClock;
  readonly world: World;
}> {
  const clock = new SharedClock(START);
  sandbox = await startMailchimpSandbox({ clock });
  world = await openWorld({
    clock,
    secrets: { 'env:TOKEN': sandbox.token },
    config: `platforms: { mail: { connector: mailchimp, environment: sandbox, url: ${sandbox.url}, credentials: { token: env:TOKEN }, objects: [${MEMBERS}], limits: { monitor_calls_per_day: 500 } } }
monitors: ${monitors}`,
  });
  return { account: sandbox, clock, world };
}

let made = 0;
/** Members that opted in at times of an hour, ms before the present full one. */
function add({ account }: { readonly account: MailchimpSandbox }, agoMs: readonly number[], status = 'subscribed'): string[] {
  const hour = Math.floor(START / HOUR_MS) * HOUR_MS;
  return agoMs.map((ago) => account.writeAs(PERSON).create(MEMBERS, { email_address: `m${String((made += 1))}@example.com`, status }, hour - ago));
}

test('an hour has its first second and not the one after its last, to both sides', async () => {
  const opened = await open();
  add(opened, [HOUR_MS + 1000, HOUR_MS, HOUR_MS - 1000, 1000, 0, -1000]);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).slice(-2)).toEqual([1, 3]);
  opened.clock.advance(HOUR_MS);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).slice(-3)).toEqual([1, 3, 2]);
});

test('who has not confirmed counts when they do, who is in the archive not at all, and a change of last time only', async () => {
  const opened = await open();
  const writer = opened.account.writeAs(PERSON);
  const [, archived = ''] = add(opened, [30 * MINUTE_MS, 20 * MINUTE_MS]);
  const [pending = ''] = add(opened, [15 * MINUTE_MS], 'pending');
  writer.remove(MEMBERS, archived);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).at(-1)).toBe(1);
  expect((await opened.world.hours(EDITS)).at(-1)).toBe(2);
  writer.update(MEMBERS, pending, { status: 'subscribed' }, START + 10 * MINUTE_MS);
  opened.clock.advance(HOUR_MS);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).slice(-2)).toEqual([1, 1]);
  expect((await opened.world.hours(EDITS)).at(-1)).toBe(1);
});

test('a count by writer is told as what Mailchimp does not tell', async () => {
  const opened = await open(`{ new: { count: mail/${MEMBERS} created by someone } }`);
  await opened.world.monitoring.tick();
  expect(await opened.world.last(`${NEW} by someone`)).toMatchObject({ kind: 'unmeasured', why: expect.stringContaining('by someone') as string });
});

test('members of another audience are not in it', async () => {
  const opened = await open();
  add(opened, [MINUTE_MS]);
  expect(opened.account.member(LIST, `m${String(made)}@example.com`)).toBeDefined();
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).at(-1)).toBe(1);
});
