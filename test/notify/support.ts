import type { Clock } from '../../src/lib/index.js';
import type { Channel, Delivery, Page, SendOptions } from '../../src/notify/index.js';

/** A clock that moves only when told to; sleepers wake on the way. */
export interface FakeClock extends Clock {
  /** Moves on, waking each sleeper at its time, and lets what they do come to rest. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(start = '2026-03-02T09:00:00.000Z'): FakeClock {
  let now = Date.parse(start);
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => new Date(now),
    monotonicMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        now = Math.max(now, next.at);
        sleepers.delete(next);
        next.wake();
        await Promise.resolve();
      }
      now = end;
    },
  };
}

/** A page, plain unless told otherwise. */
export function aPage(
  key: string,
  more: Partial<Omit<Page, 'incident' | 'to'>> & { incident?: Partial<Page['incident']>; to?: Partial<Page['to']> } = {},
): Page {
  const { incident, to, ...rest } = more;
  return {
    key,
    kind: 'alert',
    incident: {
      id: `inc-${key}`,
      title: 'E-mail addresses overwritten',
      severity: 'sev1',
      means: 'Customer data is being corrupted or lost',
      openedAt: '2026-03-02T08:59:00.000Z',
      ...incident,
    },
    to: { channel: 'chat', medium: 'channel', ...to },
    subject: 'sev1: E-mail addresses overwritten',
    text: 'Several hundred contacts got the same address.\nThe import is still running.',
    facts: [
      ['Platform', 'hubspot (production)'],
      ['Records', '512'],
    ],
    links: { incident: 'https://runback.example.com/i/1', acknowledge: 'https://runback.example.com/i/1/ack?t=a&b=c' },
    at: '2026-03-02T09:00:00.000Z',
    ...rest,
  };
}

/** A channel that a test answers for. What it got, in order. */
export interface FakeChannel extends Channel {
  readonly sent: { readonly page: Page; readonly attempt: number }[];
  answer: (page: Page, options: SendOptions) => Delivery | Promise<Delivery>;
}

export function fakeChannel(name: string, type = 'webhook'): FakeChannel {
  const channel: FakeChannel = {
    name,
    type,
    sent: [],
    answer: () => ({ state: 'accepted', receipt: { id: '1' } }),
    async send(page, options) {
      channel.sent.push({ page, attempt: options.attempt });
      return await channel.answer(page, options);
    },
    close: () => Promise.resolve(),
  };
  return channel;
}
