import { z } from 'zod';

import { defined } from '../../lib/index.js';
import type { HttpAnswer } from '../../lib/index.js';
import type { Channel, Delivery, Page } from '../channel.js';
import { addressOption, type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption } from '../driver.js';
import { HttpSender, member } from '../http-sender.js';
import { bytesOf, fit, oneLine } from '../text.js';
import { KIND_WORDS, linksOf, subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({
  routing_key: secretOption.describe('Integration key of a service (Events API v2).'),
  url: addressOption.default('https://events.pagerduty.com').describe('https://events.eu.pagerduty.com for accounts in the EU.'),
});

/** Limits of the Events API v2: developer.pagerduty.com/docs/events-api-v2-overview. */
const SUMMARY = 1024;
const DEDUP_KEY = 255;
const MOST_BYTES = 512 * 1024;
const DETAIL = 20_000;
const FACTS = 100;
const SEVERITIES: Readonly<Record<string, string>> = { sev1: 'critical', sev2: 'error', sev3: 'warning', sev4: 'info' };

/**
 * PagerDuty, by events. One alert an incident: every event of it has the same `dedup_key`. By the documents of the
 * Events API v2, a trigger for an alert that is open only adds a line to its log and rings for nobody, also while it is
 * acknowledged: PagerDuty's own policy goes on with what is triggered. Once it is resolved, a trigger makes a new one,
 * which rings.
 */
export function pagerdutyChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let opened: { readonly sender: HttpSender; readonly routingKey: string } | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      opened ??= { routingKey: await deps.secret(options.routing_key), sender: new HttpSender('PagerDuty', options.url, deps) };
      const { routingKey, sender } = opened;
      const took = (answer: HttpAnswer): Delivery =>
        answer.status === 202 && member(answer.body, 'status') === 'success'
          ? { state: 'accepted', receipt: { status: 'success', dedup_key: member(answer.body, 'dedup_key') ?? '' } }
          : sender.nonsense(answer);
      if (page.anew) {
        // A trigger for an alert that is acknowledged rings for nobody.
        const body = { routing_key: routingKey, dedup_key: dedupKey(page), event_action: 'resolve' };
        const closed = await sender.post({ path: '/v2/enqueue', body }, signal, took);
        if (closed.state !== 'accepted') return closed;
      }
      const whole = eventOf(page, attempt, routingKey, FACTS, DETAIL);
      const body = bytesOf(JSON.stringify(whole)) <= MOST_BYTES ? whole : eventOf(page, attempt, routingKey, 20, 2000);
      return await sender.post({ path: '/v2/enqueue', body }, signal, took);
    },
    close: async () => await opened?.sender.close(),
  });
}

function eventOf(page: Page, attempt: number, routingKey: string, facts: number, most: number): Record<string, unknown> {
  const event = { routing_key: routingKey, dedup_key: dedupKey(page) };
  if (page.kind === 'acknowledged') return { ...event, event_action: 'acknowledge' };
  if (page.kind === 'resolved') return { ...event, event_action: 'resolve' };
  return {
    ...event,
    event_action: 'trigger',
    client: 'runback',
    ...defined({ client_url: page.links.incident }),
    links: linksOf(page).map(({ title, url }) => ({ href: url, text: title })),
    payload: {
      summary: fit(subjectOf(page), SUMMARY),
      source: 'runback',
      severity: page.kind === 'alert' || page.kind === 'bundle' ? (SEVERITIES[page.incident.severity] ?? 'error') : 'info',
      timestamp: page.at,
      component: fit(oneLine(page.incident.id), 200),
      class: KIND_WORDS[page.kind],
      custom_details: {
        incident: fit(oneLine(page.incident.title), 500),
        severity: page.incident.severity,
        means: fit(oneLine(page.incident.means), 500),
        text: fit(page.text, most),
        facts: Object.fromEntries(page.facts.slice(0, facts).map(([label, value]) => [fit(oneLine(label), 100), fit(oneLine(value), most / 10)])),
        page: page.key,
        attempt,
      },
    },
  };
}

/** The incident; what is not about its alert has its own, so that it neither opens nor reopens it. */
function dedupKey(page: Page): string {
  const own = page.kind === 'test' || page.kind === 'bundle' || page.kind === 'follow-up';
  return fit(own ? page.key : page.incident.id, DEDUP_KEY);
}
