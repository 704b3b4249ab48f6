import { onTestFinished } from 'vitest';

import type { Escalation } from '../../src/escalation/index.js';
import { Incidents } from '../../src/incidents/index.js';
import { type Channel, type Delivery, openOutbox, type Outbox, type Page } from '../../src/notify/index.js';
import { temporaryStore } from '../support/store.js';
import { ESCALATION, HandClock, MINUTE } from './support.js';

/**
 * Three severities with a policy each; the first level of each tells `ops` (read by people) and `pager` (keeps an alert
 * of its own).
 */
export const THREE_POLICIES: Escalation = {
  ...ESCALATION,
  channels: { ...ESCALATION.channels, pager: { name: 'pager', type: 'pagerduty', options: {} } },
  severities: {
    sev1: { means: 'Worse', policy: 'top', quietHours: 'ignore', ackExpiresMs: 600 * MINUTE },
    sev2: { means: 'Bad', policy: 'middle', quietHours: 'ignore', ackExpiresMs: 600 * MINUTE },
    sev3: { means: 'Milder', policy: 'low', quietHours: 'ignore', ackExpiresMs: 600 * MINUTE },
  },
  policies: {
    top: policy('person:lee'),
    middle: policy('person:maya'),
    low: { repeat: 0, levels: [level([])], exhausted: { notify: ['person:lee'], everyMs: 60 * MINUTE } },
  },
  caps: { burst: 0, everyMs: 0 },
};

function level(people: readonly `person:${string}`[]): Escalation['policies'][string]['levels'][number] {
  return { notify: [...people, 'channel:ops', 'channel:pager'], ackWithinMs: 30 * MINUTE, vendors: [] };
}

function policy(first: `person:${string}`): Escalation['policies'][string] {
  return {
    repeat: 0,
    levels: [level([first]), { notify: ['person:lee'], ackWithinMs: 30 * MINUTE, vendors: [] }],
    exhausted: { notify: ['person:lee'], everyMs: 60 * MINUTE },
  };
}

export type AlertState = 'none' | 'rings' | 'quiet';

/**
 * A service that keeps an alert of each incident, as PagerDuty and Opsgenie do: one that is triggered again while it is
 * open is counted up and rings for nobody; what is said of an alert that is not there is passed over.
 */
export class Pager {
  readonly #alerts = new Map<string, AlertState>();
  rang = 0;
  /** The alert of an incident. */
  of(incident: string): AlertState {
    return this.#alerts.get(incident) ?? 'none';
  }
  take({ kind, anew, incident: { id } }: Page): void {
    const before = kind === 'resolved' || anew === true ? 'none' : this.of(id);
    const rings = kind === 'alert' && before === 'none';
    if (rings) this.rang += 1;
    this.#alerts.set(id, rings ? 'rings' : kind === 'acknowledged' && before === 'rings' ? 'quiet' : before);
  }
}

/**
 * Incidents with the real outbox, whose channels keep what they are sent. `answer` decides how a service takes a page;
 * `between` runs before its end is written down.
 */
export async function paged(escalation: Escalation = THREE_POLICIES) {
  const clock = new HandClock(Date.parse('2026-11-25T15:00:00Z'));
  const { store } = await temporaryStore(clock);
  const sent: Page[] = [];
  const pager = new Pager();
  const attempts = new Map<string, number>();
  const service: { answer: (page: Page) => Delivery | Promise<Delivery>; between: () => Promise<void> } = {
    answer: () => ({ state: 'accepted', receipt: {} }),
    between: () => Promise.resolve(),
  };
  const channel = (name: string): Channel => ({
    name,
    type: escalation.channels[name]?.type ?? 'webhook',
    send: async (page, { attempt }) => {
      const delivery = await service.answer(page);
      if (delivery.state === 'accepted') sent.push(page);
      if (delivery.state === 'accepted') attempts.set(page.key, attempt);
      if (delivery.state === 'accepted' && page.to.channel === 'pager') pager.take(page);
      return delivery;
    },
    close: () => Promise.resolve(),
  });
  /** A process: incidents and outbox of its own over the same state. */
  const open = (): { readonly incidents: Incidents; readonly outbox: Outbox } => {
    let incidents: Incidents | undefined;
    const outbox = openOutbox({
      store,
      clock,
      by: 'test',
      caps: escalation.caps,
      channel: (name) => Promise.resolve(channel(name)),
      wanted: async (page) => (await incidents?.wanted(page)) ?? true,
      after: async (page) => (await incidents?.after(page)) ?? [],
      beforeSettled: async (record) => {
        await incidents?.pageSettles(record);
        await service.between();
      },
      afterSettled: async (record) => await incidents?.pageSettles(record),
      damaged: async (key) => await incidents?.damaged(key),
    });
    onTestFinished(() => outbox.close());
    incidents = new Incidents({ store, clock, escalation, outbox });
    return { incidents, outbox };
  };
  const { incidents, outbox } = open();
  /** Does what is due now, and what that makes due. */
  const settle = async (): Promise<void> => {
    for (;;) {
      await outbox.tick();
      await outbox.idle();
      if ((await incidents.tick()).looked === 0) return;
    }
  };
  let shown = 0;
  return {
    incidents,
    outbox,
    clock,
    store,
    pager,
    service,
    /** The attempt with which a page was taken, by key. */
    attempts,
    open,
    settle,
    /** Lets time pass in steps. */
    wait: async (ms: number, step = MINUTE): Promise<void> => {
      for (let passed = 0; passed < ms; passed += step) {
        clock.forward(Math.min(step, ms - passed));
        await settle();
      }
    },
    /** What channels took since the last time, in no order: `Maya Ortiz alert`. */
    told: (): readonly string[] => {
      const fresh = sent.slice(shown).map(({ to, kind }) => `${to.name ?? to.channel} ${kind}`);
      shown = sent.length;
      return fresh.sort();
    },
  };
}
