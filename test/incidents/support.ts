import type { Escalation, Policy, Severity } from '../../src/escalation/index.js';
import { Incidents } from '../../src/incidents/index.js';
import type { Clock } from '../../src/lib/index.js';
import type { Outbox, Page, PageRecord } from '../../src/notify/index.js';
import { temporaryStore } from '../support/store.js';

/** A clock that tests move. */
export class HandClock implements Clock {
  constructor(private time: number) {}
  now(): Date {
    return new Date(this.time);
  }
  monotonicMs(): number {
    return this.time;
  }
  /** Time does not pass by waiting: only an abort ends a sleep. */
  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
  forward(ms: number): void {
    this.time += ms;
  }
  set(at: Date): void {
    this.time = at.getTime();
  }
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const severity = (policy: string, more: Partial<Severity> = {}): Severity => ({
  means: 'Customer data is being corrupted',
  policy,
  quietHours: 'ignore',
  ackExpiresMs: 4 * HOUR,
  ...more,
});

const critical: Policy = {
  repeat: 1,
  levels: [
    { notify: ['person:maya', 'channel:ops'], ackWithinMs: 5 * MINUTE, grants: 'operator', vendors: [] },
    { notify: ['person:lee'], ackWithinMs: 10 * MINUTE, grants: 'lead', vendors: ['hubspot'] },
  ],
  exhausted: { notify: ['person:lee'], everyMs: 15 * MINUTE },
};

/** Maya (e-mail, then SMS after 2 minutes) and a channel; then Lee. */
export const ESCALATION: Escalation = {
  version: 1,
  timezone: 'America/New_York',
  people: {
    maya: {
      name: 'Maya Ortiz',
      email: 'maya@example.com',
      phone: 'env:MAYA_PHONE',
      contact: [
        { kind: 'email', afterMs: 0 },
        { kind: 'sms', afterMs: 2 * MINUTE },
      ],
    },
    lee: { name: 'Lee Park', email: 'lee@example.com', contact: [{ kind: 'email', afterMs: 0 }] },
  },
  schedules: {},
  channels: {
    mail: { name: 'mail', type: 'email', options: {} },
    phone: { name: 'phone', type: 'twilio', options: {} },
    ops: { name: 'ops', type: 'slack', options: {} },
  },
  authority: {},
  approvals: { inPerson: true, unauthenticated: true },
  severities: {
    sev1: severity('critical', { updateEveryMs: 30 * MINUTE }),
    sev2: severity('critical'),
    sev3: severity('business', { quietHours: 'hold' }),
  },
  policies: {
    critical,
    business: {
      repeat: 0,
      levels: [{ notify: ['channel:ops'], ackWithinMs: 4 * HOUR, vendors: [] }],
      exhausted: { notify: ['person:lee'], everyMs: 24 * HOUR },
    },
  },
  vendors: { hubspot: { account: { portal: '62515' }, caseFields: [] } },
  caps: { burst: 3, everyMs: MINUTE },
};

/** An outbox in memory: what is put stays until a test says how it ends. */
export class HandOutbox implements Outbox {
  readonly records = new Map<string, PageRecord>();
  readonly seen: Page[] = [];
  put(page: Page): Promise<void> {
    if (!this.records.has(page.key)) {
      this.records.set(page.key, { page, state: 'queued', attempts: [] });
      this.seen.push(page);
    }
    return Promise.resolve();
  }
  settle(key: string, state: 'accepted' | 'failed', why?: string): void {
    const record = this.records.get(key);
    if (!record) throw new Error(`no page ${key}`);
    const end = state === 'accepted' ? { state, receipt: {} } : { state: 'permanent' as const, why: why ?? 'no such address' };
    this.records.set(key, { ...record, state, attempts: [{ n: 1, at: record.page.at, ...end }] });
  }
  read(key: string): Promise<PageRecord | undefined> {
    return Promise.resolve(this.records.get(key));
  }
  forget(key: string): Promise<void> {
    this.records.delete(key);
    return Promise.resolve();
  }
  tick(): Promise<void> {
    return Promise.resolve();
  }
  idle(): Promise<void> {
    return Promise.resolve();
  }
  deadLetters(): Promise<readonly PageRecord[]> {
    return Promise.resolve([]);
  }
  dismiss(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Incidents in a store of their own, on a clock that the test moves. */
export async function room(escalation: Escalation | undefined = ESCALATION): Promise<{
  readonly incidents: Incidents;
  readonly clock: HandClock;
  readonly outbox: HandOutbox;
  /** The same state as another process sees it. */
  readonly again: () => Incidents;
  /** Whom pages went to since the last time: `email Maya Ortiz alert`. */
  readonly told: () => readonly string[];
  /** Moves the clock in steps of a minute and ticks after each. */
  readonly wait: (ms: number) => Promise<void>;
}> {
  const clock = new HandClock(Date.parse('2026-11-25T15:00:00Z'));
  const { store } = await temporaryStore(clock);
  const outbox = new HandOutbox();
  const make = (): Incidents => new Incidents({ store, clock, escalation, outbox });
  const incidents = make();
  let shown = 0;
  return {
    incidents,
    clock,
    outbox,
    again: make,
    told: () => {
      const fresh = outbox.seen.slice(shown).map(({ to, kind }) => `${to.medium} ${to.name ?? to.channel} ${kind}`);
      shown = outbox.seen.length;
      return fresh;
    },
    wait: async (ms) => {
      for (let passed = 0; passed < ms; passed += MINUTE) {
        clock.forward(Math.min(MINUTE, ms - passed));
        // A new incidents each time: what is known is what is on disk.
        while ((await make().tick()).looked > 0);
      }
    },
  };
}
