import { onTestFinished } from 'vitest';

import { type DaemonDeps, runDaemon } from '../../src/daemon/index.js';
import type { Escalation } from '../../src/escalation/index.js';
import { ackToken, Incidents, type Incident } from '../../src/incidents/index.js';
import { type Clock, systemClock } from '../../src/lib/index.js';
import type { Attempt, Outbox, Page, PageRecord } from '../../src/notify/index.js';
import type { Store } from '../../src/store/index.js';
import { temporaryStore } from '../support/store.js';

const MINUTE = 60_000;

/** Two levels: Maya by mail and a channel, then Lee; nobody is told anything twice. */
export const POLICY: Escalation = {
  version: 1,
  timezone: 'UTC',
  people: {
    maya: { name: 'Maya Ortiz', email: 'maya@example.com', contact: [{ kind: 'email', afterMs: 0 }] },
    lee: { name: 'Lee <b>Park</b>', email: 'lee@example.com', contact: [{ kind: 'email', afterMs: 0 }] },
  },
  schedules: {},
  channels: {
    mail: { name: 'mail', type: 'email', options: {} },
    ops: { name: 'ops', type: 'slack', options: {} },
  },
  authority: { operator: { may: ['pause-syncs', 'plan'], limits: {}, approvals: 1, selfApproval: true, expiresMs: 60 * MINUTE } },
  approvals: { inPerson: true, unauthenticated: true },
  severities: {
    sev1: { means: 'Customer data is being corrupted or lost', policy: 'all', quietHours: 'ignore', ackExpiresMs: 240 * MINUTE },
    sev3: { means: 'Degraded, nothing lost', policy: 'all', quietHours: 'ignore', ackExpiresMs: 240 * MINUTE },
  },
  policies: {
    all: {
      repeat: 0,
      levels: [
        { notify: ['person:maya', 'channel:ops'], ackWithinMs: 5 * MINUTE, grants: 'operator', vendors: [] },
        { notify: ['person:lee'], ackWithinMs: 5 * MINUTE, vendors: [] },
      ],
      exhausted: { notify: ['person:lee'], everyMs: 15 * MINUTE },
    },
  },
  vendors: {},
  caps: { burst: 100, everyMs: 1000 },
};

/** A clock that runs, and that a test can set forward. */
export interface MovableClock extends Clock {
  forward(ms: number): void;
}

export function movableClock(): MovableClock {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    monotonicMs: () => performance.now() + ahead,
    sleep: systemClock.sleep,
    forward: (ms) => (ahead += ms),
  };
}

/** An outbox in memory. Each page ends as `end` says; while `hold` is set, attempts stay under way. */
export class MemoryOutbox implements Outbox {
  readonly records = new Map<string, PageRecord>();
  readonly letters: PageRecord[] = [];
  readonly sent: Page[] = [];
  ticks = 0;
  end: (page: Page) => Attempt['state'] = () => 'accepted';
  hold: Promise<void> | undefined;
  settles: (record: PageRecord) => Promise<void> = async () => {};
  #underWay: Promise<unknown> = Promise.resolve();
  readonly #begun = new Set<string>();

  constructor(private readonly clock: Clock) {}

  async put(page: Page): Promise<void> {
    if (!this.records.has(page.key)) this.records.set(page.key, { page, state: 'queued', attempts: [] });
  }

  async tick(): Promise<void> {
    this.ticks += 1;
    for (const [key, { state, page }] of this.records) {
      if (state !== 'queued' || this.#begun.has(key)) continue;
      this.#begun.add(key);
      this.#underWay = Promise.all([this.#underWay, this.#send(page)]);
    }
  }

  async #send(page: Page): Promise<void> {
    await this.hold;
    this.sent.push(page);
    const state = this.end(page);
    const attempt: Attempt = { n: 1, at: this.clock.now().toISOString(), state, ...(state === 'permanent' ? { why: 'No such <mailbox>' } : {}) };
    const record: PageRecord = { page, state: state === 'permanent' ? 'failed' : 'accepted', attempts: [attempt] };
    await this.settles(record);
    this.records.set(page.key, record);
    await this.settles(record);
    if (record.state === 'failed') this.letters.push(record);
  }

  async idle(): Promise<void> {
    await this.#underWay;
  }

  async read(key: string): Promise<PageRecord | undefined> {
    return this.records.get(key);
  }

  async forget(key: string): Promise<void> {
    this.records.delete(key);
  }

  async deadLetters(): Promise<readonly PageRecord[]> {
    return this.letters;
  }

  async dismiss(key: string): Promise<void> {
    const at = this.letters.findIndex(({ page }) => page.key === key);
    if (at >= 0) this.letters.splice(at, 1);
  }

  async close(): Promise<void> {}
}

export interface World {
  readonly store: Store;
  readonly dir: string;
  readonly clock: MovableClock;
  readonly incidents: Incidents;
  readonly outbox: MemoryOutbox;
  readonly lines: string[];
  open(title: string, severity?: string): Promise<Incident>;
  /** A daemon in this process; ended with the test. */
  start(more?: Partial<DaemonDeps>): Started;
}

export interface Started {
  /** Address of the status page. */
  readonly url: Promise<string>;
  /** Rejects where the daemon ended with an error. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** A workspace with a real store, a incidents with a policy (unless told otherwise), and an outbox in memory. */
export async function makeWorld({ policy = true }: { readonly policy?: boolean } = {}): Promise<World> {
  const clock = movableClock();
  const { store, dir } = await temporaryStore(clock);
  const outbox = new MemoryOutbox(clock);
  const links = { base: 'http://127.0.0.1:4862', token: await ackToken(store) };
  const incidents = new Incidents({ store, clock, escalation: policy ? POLICY : undefined, outbox: policy ? outbox : undefined, links });
  outbox.settles = incidents.pageSettles;
  const lines: string[] = [];
  return {
    store,
    dir,
    clock,
    incidents,
    outbox,
    lines,
    open: (title, severity = 'sev1') => incidents.open({ title, severity, platforms: ['hubspot'], source: 'cli' }, 'sam'),
    start: (more = {}) => {
      const stopping = new AbortController();
      let listening: (url: string) => void = () => {};
      const url = new Promise<string>((resolve) => (listening = resolve));
      const ended = runDaemon({
        store,
        clock,
        incidents,
        outbox: policy ? outbox : undefined,
        signal: stopping.signal,
        by: 'maya',
        log: (line) => lines.push(line),
        http: { port: 0, listening },
        runs: async () => [],
        pauses: async () => [],
        ...more,
      });
      ended.catch(() => undefined);
      const stop = async (): Promise<void> => {
        stopping.abort();
        await ended.catch(() => undefined);
      };
      onTestFinished(stop);
      const answers = Promise.race([url, ended.then(() => 'ended')]);
      answers.catch(() => undefined);
      return { url: answers, ended, stop };
    },
  };
}

/** Waits until something is so; gives up after five minutes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 300_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it never came to be');
    await systemClock.sleep(10);
  }
}

/** The path of the acknowledge link in the last page about an incident to a person or channel. */
export function ackPath({ outbox }: World, id: string, to: string): string {
  const page = outbox.sent.findLast(
    ({ incident, kind, to: { person, channel } }) => incident.id === id && kind === 'alert' && (person ?? channel) === to,
  );
  return new URL(page?.links.acknowledge ?? 'about:blank').pathname;
}
