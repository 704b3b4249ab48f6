import { describe, expect, it } from 'vitest';

import { type Delivery, openOutbox, type Outbox, type PageRecord } from '../../src/notify/index.js';
import { temporaryStore } from '../support/store.js';
import { aPage, fakeChannel, fakeClock } from './support.js';

async function world() {
  const clock = fakeClock();
  const { store } = await temporaryStore(clock);
  const channels = { slack: fakeChannel('slack', 'webhook'), other: fakeChannel('other', 'webhook') };
  const open = (): Outbox =>
    openOutbox({
      store,
      clock,
      by: 'test',
      caps: { burst: 0, everyMs: 0 },
      channel: (name) => Promise.resolve(name === 'slack' ? channels.slack : channels.other),
    });
  return { clock, store, open, ...channels };
}
const turn = async (outbox: Outbox): Promise<void> => {
  await outbox.tick();
  await outbox.idle();
};
const busy = (retryAfterMs?: number): Delivery => ({ state: 'transient', why: 'too many', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

describe('a service that asks to be left alone', () => {
  it('is: by every page over the channel and by every process, until then; other channels are not held', async () => {
    const { clock, open, slack, other } = await world();
    slack.answer = () => busy(120_000);
    const outbox = open();
    await outbox.put(aPage('a', { to: { channel: 'slack', value: 'one' } }));
    await turn(outbox);
    slack.answer = () => ({ state: 'accepted', receipt: {} });
    await outbox.put(aPage('b', { to: { channel: 'slack', value: 'two' } }));
    await outbox.put(aPage('c', { to: { channel: 'other' } }));
    await turn(outbox);
    expect([slack.sent.length, other.sent.length]).toEqual([1, 1]);
    await outbox.close();
    const next = open();
    await clock.advance(119_000);
    await turn(next);
    expect(slack.sent).toHaveLength(1);
    await clock.advance(1000);
    await turn(next);
    expect(slack.sent.map(({ page, attempt }) => [page.key, attempt]).sort()).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ]);
    await next.close();
  });

  it('for longer than a page may wait keeps no page from its last chance', async () => {
    const { clock, open, slack } = await world();
    slack.answer = () => busy(86_400_000);
    const outbox = open();
    await outbox.put(aPage('a', { to: { channel: 'slack' } }));
    await turn(outbox);
    await outbox.put(aPage('b', { to: { channel: 'slack', value: 'two' } }));
    for (let minute = 0; minute < 61; minute += 1) {
      await clock.advance(60_000);
      await turn(outbox);
    }
    for (const key of ['a', 'b']) expect(slack.sent.filter(({ page }) => page.key === key).length).toBeGreaterThan(key === 'a' ? 1 : 0);
    expect(await outbox.read('a')).toMatchObject({ state: 'failed' });
    await outbox.close();
  });
});

describe('attempts that were cut short', () => {
  it('lengthen no wait, and do not use up the hour: nothing is known of the service', async () => {
    const { clock, open, store, slack } = await world();
    slack.answer = () => new Promise(() => undefined);
    const first = open();
    await first.put(aPage('a', { to: { channel: 'slack' } }));
    for (let n = 0; n < 6; n += 1) {
      const outbox = n === 0 ? first : open();
      await outbox.tick();
      await expect.poll(() => slack.sent.length).toBe(n + 1);
      await outbox.close();
    }
    expect((await store.document<PageRecord>('pages', 'a').read())?.attempts).toHaveLength(6);
    await clock.advance(7_200_000);
    slack.answer = () => busy();
    const outbox = open();
    await turn(outbox);
    expect(await outbox.read('a')).toMatchObject({ state: 'queued' });
    await clock.advance(5000);
    slack.answer = () => ({ state: 'accepted', receipt: {} });
    await turn(outbox);
    expect(await outbox.read('a')).toMatchObject({ state: 'accepted' });
    await outbox.close();
  });
});
