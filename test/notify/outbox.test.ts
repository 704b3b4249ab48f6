import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { defined, systemClock } from '../../src/lib/index.js';
import { openChannel, openOutbox, type Delivery, type Outbox, type OutboxOptions, type PageRecord } from '../../src/notify/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { temporaryStore } from '../support/store.js';
import { startHttpFake, type Service } from './fakes/http.js';
import { aPage, fakeChannel, fakeClock, type FakeChannel, type FakeClock } from './support.js';

interface World {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly channels: ReadonlyMap<string, FakeChannel>;
  readonly chat: FakeChannel;
  readonly settled: PageRecord[];
  readonly open: (more?: Partial<OutboxOptions>) => Outbox;
}

/** A store, a clock and channels: `chat` and `mail` are read by people, `pd` and `other` are services. */
async function world(): Promise<World> {
  const clock = fakeClock();
  const { store } = await temporaryStore(clock);
  const types = { chat: 'slack', mail: 'email', pd: 'pagerduty', other: 'webhook' };
  const channels = new Map(Object.entries(types).map(([name, type]) => [name, fakeChannel(name, type)]));
  const settled: PageRecord[] = [];
  return {
    store,
    clock,
    channels,
    chat: channels.get('chat') as FakeChannel,
    settled,
    open: (more = {}) =>
      openOutbox({
        store,
        clock,
        by: 'maya',
        caps: { burst: 3, everyMs: 60_000 },
        channel: (name) => {
          const channel = channels.get(name);
          return channel ? Promise.resolve(channel) : Promise.reject(new Error(`there is no channel ${name}`));
        },
        beforeSettled: (record) => {
          settled.push(record);
          return Promise.resolve();
        },
        ...more,
      }),
  };
}

const transient = (more: object = {}): Delivery => ({ state: 'transient', why: 'busy', ...more });
const turn = async (outbox: Outbox): Promise<void> => {
  await outbox.tick();
  await outbox.idle();
};

describe('a page on its way', () => {
  it('is sent once, its end is told before it is written, and it can then be taken out', async () => {
    const { open, chat, settled, store, clock } = await world();
    const outbox = open();
    await outbox.put(aPage('p1'));
    await outbox.put(aPage('p1', { subject: 'another text under the same key' }));
    await turn(outbox);
    await turn(outbox);
    expect(chat.sent.map(({ page, attempt }) => [page.key, page.subject, attempt])).toEqual([['p1', 'sev1: E-mail addresses overwritten', 1]]);
    expect(await outbox.read('p1')).toMatchObject({ state: 'accepted', attempts: [{ n: 1, state: 'accepted', receipt: { id: '1' } }] });
    expect(settled).toHaveLength(1);
    expect(await store.agenda('pages').due(clock.now())).toEqual([]);
    await outbox.forget('p1');
    expect(await outbox.read('p1')).toBeUndefined();
    await outbox.close();
  });

  it('is tried again after a while, later each time, and becomes a dead letter after an hour', async () => {
    const { open, clock, channels } = await world();
    const pd = channels.get('pd') as FakeChannel;
    pd.answer = () => transient();
    const outbox = open();
    await outbox.put(aPage('p1', { to: { channel: 'pd' } }));
    const times: number[] = [];
    const start = clock.now().getTime();
    for (let second = 0; second <= 3700; second += 1) {
      const before = pd.sent.length;
      await turn(outbox);
      if (pd.sent.length > before) times.push((clock.now().getTime() - start) / 1000);
      await clock.advance(1000);
    }
    expect(times.slice(0, 7)).toEqual([0, 5, 20, 50, 110, 230, 530]);
    expect(times.at(-1)).toBe(3600);
    expect(pd.sent.map(({ attempt }) => attempt)).toEqual(times.map((_, index) => index + 1));
    expect(await outbox.read('p1')).toMatchObject({ state: 'failed' });
    expect((await outbox.deadLetters()).map(({ page }) => page.key)).toEqual(['p1']);
    await outbox.forget('p1');
    expect(await outbox.deadLetters()).toHaveLength(1);
    await outbox.dismiss('p1');
    expect(await outbox.deadLetters()).toEqual([]);
  });

  it('waits as long as the service asks, but never beyond its last chance', async () => {
    const { open, clock, channels } = await world();
    const pd = channels.get('pd') as FakeChannel;
    pd.answer = () => transient({ retryAfterMs: pd.sent.length === 1 ? 90_000 : 86_400_000 });
    const outbox = open();
    await outbox.put(aPage('p1', { to: { channel: 'pd' } }));
    await turn(outbox);
    await clock.advance(89_000);
    await turn(outbox);
    expect(pd.sent).toHaveLength(1);
    await clock.advance(1000);
    await turn(outbox);
    expect(pd.sent).toHaveLength(2);
    await clock.advance(3_510_000);
    await turn(outbox);
    expect(pd.sent).toHaveLength(3);
    expect(await outbox.read('p1')).toMatchObject({ state: 'failed' });
  });

  it('that fails for good, or whose channel cannot be opened, is a dead letter at once, with the reason', async () => {
    const { open, chat, settled } = await world();
    chat.answer = () => ({ state: 'permanent', why: 'no such channel' });
    const outbox = open();
    await outbox.put(aPage('p1'));
    await outbox.put(aPage('p2', { to: { channel: 'nowhere' }, at: '2026-03-02T08:00:00.000Z' }));
    await turn(outbox);
    expect((await outbox.deadLetters()).map(({ page, attempts }) => [page.key, attempts.at(-1)?.why])).toEqual([
      ['p2', 'channel nowhere cannot be opened: there is no channel nowhere'],
      ['p1', 'no such channel'],
    ]);
    expect(settled.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });

  it('that nobody wants any more is not sent', async () => {
    const { open, chat } = await world();
    const outbox = open({ wanted: (page) => Promise.resolve(page.key !== 'p1') });
    await outbox.put(aPage('p1'));
    await outbox.put(aPage('p2'));
    await turn(outbox);
    expect(chat.sent.map(({ page }) => page.key)).toEqual(['p2']);
    expect(await outbox.read('p1')).toMatchObject({ state: 'withdrawn', attempts: [] });
  });

  it('whose end cannot be told is not sent again: the end is told later', async () => {
    const { open, chat, clock } = await world();
    let fails = 2;
    const outbox = open({ beforeSettled: () => (fails-- > 0 ? Promise.reject(new Error('the journal is busy')) : Promise.resolve()) });
    await outbox.put(aPage('p1'));
    for (let n = 0; n < 4; n += 1) {
      await turn(outbox);
      await clock.advance(6000);
    }
    expect(chat.sent).toHaveLength(1);
    expect(await outbox.read('p1')).toMatchObject({ state: 'accepted' });
  });

  it('begun by a process that is gone is sent again, as a second attempt of the same key', async () => {
    const { open, chat, store } = await world();
    chat.answer = () => new Promise(() => undefined);
    const first = open();
    await first.put(aPage('p1'));
    await first.tick();
    await expect.poll(() => chat.sent.length).toBe(1);
    await first.close();
    expect(await store.document<PageRecord>('pages', 'p1').read()).toMatchObject({ state: 'queued', attempts: [{ state: 'started' }] });
    chat.answer = () => ({ state: 'accepted', receipt: {} });
    await turn(open());
    expect(chat.sent.map(({ page, attempt }) => [page.key, attempt])).toEqual([
      ['p1', 1],
      ['p1', 2],
    ]);
  });

  it('under way in a living process is left to it, until its lease ends', async () => {
    const { open, chat, clock, store } = await world();
    chat.answer = () => new Promise(() => undefined);
    const first = open({
      attemptTimeoutMs: 30_000,
      store: openFileStore({ dir: store.location, clock, redactor: (await temporaryStore()).redactor }),
    });
    await first.put(aPage('p1'));
    await first.tick();
    await expect.poll(() => chat.sent.length).toBe(1);
    const second = open();
    await turn(second);
    expect(chat.sent).toHaveLength(1);
    await clock.advance(46_000);
    chat.answer = () => ({ state: 'accepted', receipt: {} });
    await turn(second);
    // Where the first one has still written down that its attempt took too long, it is its turn five seconds later.
    await clock.advance(6000);
    await turn(second);
    expect(chat.sent).toHaveLength(2);
  });
});

describe('one slow address holds up no other (G20)', () => {
  it('a channel that hangs delays its own pages only', async () => {
    const { open, chat, channels, clock } = await world();
    chat.answer = () => new Promise(() => undefined);
    const outbox = open({ caps: { burst: Number.POSITIVE_INFINITY, everyMs: 0 } });
    for (let n = 0; n < 40; n += 1) {
      await outbox.put(aPage(`slow-${n}`, { to: { channel: 'chat', value: `room-${n % 20}` } }));
      await outbox.put(aPage(`fast-${n}`, { to: { channel: 'other', value: `person-${n}` } }));
    }
    await outbox.tick();
    await expect.poll(() => (channels.get('other') as FakeChannel).sent.length).toBe(40);
    expect(chat.sent).toHaveLength(8);
    await outbox.put(aPage('late', { to: { channel: 'pd' } }));
    await outbox.tick();
    await expect.poll(() => (channels.get('pd') as FakeChannel).sent.length).toBe(1);
    await clock.advance(31_000);
    await expect.poll(async () => (await outbox.read('slow-0'))?.attempts).toMatchObject([{ state: 'transient', why: 'not finished within 30 s' }]);
    await outbox.close();
  });
});

describe('over real sockets', () => {
  it('a service that never answers is left after its time, and the next one has its page long before', async () => {
    const { store, open } = await world();
    const service: Service = {
      problems: () => [],
      accept: () => ({ status: 204 }),
      denied: { status: 401 },
      rejected: { status: 410 },
      shown: () => '',
    };
    const [hanging, well] = [await startHttpFake(service), await startHttpFake(service)];
    onTestFinished(async () => {
      await Promise.all([hanging.close(), well.close()]);
    });
    hanging.fault = 'hang';
    const redact = (text: string): string => text;
    const deps = { secret: () => Promise.reject(new Error('none')), redact, clock: systemClock, root: '.', environment: {} };
    // Far from what a busy machine takes for the other one.
    const timeoutsMs: Readonly<Record<string, number>> = { hanging: 4000, well: 120_000 };
    const urls: Readonly<Record<string, string>> = { hanging: hanging.url, well: well.url };
    const outbox = open({
      store,
      clock: systemClock,
      channel: async (name) =>
        await openChannel({ name, type: 'webhook', options: { url: urls[name] } }, { ...deps, ...defined({ timeoutMs: timeoutsMs[name] }) }),
    });
    await outbox.put(aPage('slow', { to: { channel: 'hanging' } }));
    await outbox.put(aPage('fast', { to: { channel: 'well' } }));
    await outbox.tick();
    await expect.poll(async () => (await outbox.read('fast'))?.state).toBe('accepted');
    expect(await outbox.read('slow')).toMatchObject({ state: 'queued', attempts: [{ state: 'started' }] });
    await outbox.idle();
    expect(await outbox.read('slow')).toMatchObject({ state: 'queued', attempts: [{ state: 'transient' }] });
    await outbox.close();
  });
});

describe('storms', () => {
  it('500 pages to one person within a minute come as a handful of messages, and every page is accounted for', async () => {
    const { open, chat, clock, channels } = await world();
    const outbox = open();
    const pd = channels.get('pd') as FakeChannel;
    for (let second = 0; second < 60; second += 1) {
      const at = clock.now().toISOString();
      for (let n = 0; n < (second < 20 ? 25 : 0); n += 1) {
        const severity = n === 7 ? 'sev1' : 'sev3';
        await outbox.put(aPage(`p${second}-${n}`, { at, incident: { severity, title: `Damage ${second}-${n}` } }));
      }
      if (second < 20) await outbox.put(aPage(`s${second}`, { at, to: { channel: 'pd' } }));
      await turn(outbox);
      await clock.advance(1000);
    }
    await turn(outbox);
    const messages = chat.sent.map(({ page }) => page);
    console.log(`storm: ${messages.length} messages: ${messages.map(({ subject }) => subject).join(' | ')}`);
    expect(messages.length).toBeLessThanOrEqual(6);
    expect(pd.sent).toHaveLength(20);
    for (let second = 0; second < 20; second += 1)
      for (let n = 0; n < 25; n += 1) expect(await outbox.read(`p${second}-${n}`)).toMatchObject({ state: 'accepted' });
    const last = messages.at(-1);
    expect(last).toMatchObject({ kind: 'bundle', incident: { severity: 'sev1' } });
    expect(last?.text.split('\n').filter((line) => line.includes('Damage'))).toHaveLength(20);
    expect(last?.text).toMatch(/and \d+ more/);
    expect(new Set(messages.map(({ key }) => key)).size).toBe(messages.length);
  });

  it('a bundle is tried again under its key, and its failure is the failure of its members', async () => {
    const { open, chat, clock } = await world();
    chat.answer = () => transient();
    const outbox = open({ caps: { burst: 1, everyMs: 60_000 } });
    for (const key of ['a', 'b', 'c']) await outbox.put(aPage(key));
    await turn(outbox);
    await clock.advance(5000);
    chat.answer = () => ({ state: 'permanent', why: 'gone' });
    await turn(outbox);
    expect(chat.sent.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const [first, second] = chat.sent.map(({ page }) => page);
    expect(first).toEqual(second);
    expect((await outbox.deadLetters()).map(({ page, bundle }) => [page.key, bundle])).toEqual(['a', 'b', 'c'].map((key) => [key, first?.key]));
    await clock.advance(3_600_000);
    await turn(outbox);
    expect(await outbox.read(first?.key ?? '')).toBeUndefined();
  });

  it('the sign of a killed process that sent pages is taken away by the next one that sends', async () => {
    const { open, store } = await world();
    const locks = join(store.location, 'locks');
    await mkdir(locks, { recursive: true });
    const gone = { by: 'maya', purpose: 'sending pages', since: '2026-11-22T07:00:00.000Z', pid: 999_999_999, host: hostname(), token: 'gone' };
    await writeFile(join(locks, 'outbox-0011223344556677.lock'), JSON.stringify({ ...gone, holder: 'outbox-0011223344556677' }));
    const outbox = open();
    await outbox.put(aPage('a'));
    await turn(outbox);
    expect((await store.locks()).filter(({ alive }) => !alive)).toEqual([]);
    await outbox.close();
    expect(await store.locks()).toEqual([]);
  });

  it('what is left of the caps survives a restart, and nobody waits longer than the interval', async () => {
    const { open, chat, clock } = await world();
    const outbox = open();
    for (const key of ['a', 'b', 'c']) await outbox.put(aPage(key));
    await turn(outbox);
    expect(chat.sent).toHaveLength(3);
    await outbox.close();
    const next = open();
    await next.put(aPage('d'));
    await next.put(aPage('e'));
    await turn(next);
    expect(chat.sent).toHaveLength(3);
    await clock.advance(60_000);
    await turn(next);
    expect(chat.sent.map(({ page }) => page.kind)).toEqual(['alert', 'alert', 'alert', 'bundle']);
    expect(await next.read('d')).toMatchObject({ state: 'accepted', bundle: chat.sent.at(-1)?.page.key });
  });
});
