import { z } from 'zod';

import type { HttpAnswer } from '../../lib/index.js';
import type { Channel, Delivery, Page } from '../channel.js';
import { addressOption, type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption } from '../driver.js';
import { HttpSender, member } from '../http-sender.js';
import { clean, fit, oneLine } from '../text.js';
import { KIND_WORDS, plainText, subjectOf } from '../wording.js';

const REGIONS = { us: 'https://api.opsgenie.com', eu: 'https://api.eu.opsgenie.com' } as const;

const optionsSchema = z.strictObject({
  api_key: secretOption.describe('Key of an API integration.'),
  region: z.enum(['us', 'eu']).default('us'),
  url: addressOption.optional().describe('Another address, such as that of Jira Service Management: https://api.atlassian.com/jsm/ops/integration.'),
});

/** Limits of the Alert API: docs.opsgenie.com/docs/alert-api. */
const ALIAS = 512;
const MESSAGE = 130;
const DESCRIPTION = 15_000;
const NOTE = 25_000;
const DETAILS = 8000;
const TAG = 50;
const PRIORITIES: Readonly<Record<string, string>> = { sev1: 'P1', sev2: 'P2', sev3: 'P3', sev4: 'P4' };

/** Opsgenie, and what speaks its Alert API. One alert an incident, by alias: creating it again only counts it up. */
export function opsgenieChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let sender: HttpSender | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      sender ??= new HttpSender('Opsgenie', options.url ?? REGIONS[options.region], deps, {
        headers: { authorization: `GenieKey ${await deps.secret(options.api_key)}` },
      });
      const http = sender;
      const took = (answer: HttpAnswer): Delivery => {
        const id = member(answer.body, 'requestId');
        return answer.status === 202 && id !== undefined ? { state: 'accepted', receipt: { requestId: id } } : http.nonsense(answer);
      };
      if (page.anew) {
        // Creating an alert that is acknowledged only counts it up.
        const note = 'Nobody has acknowledged it now: it is opened again.';
        const closed = await http.post(actOn(aliasOf(page), 'close', note), signal, took);
        if (closed.state !== 'accepted') return closed;
      }
      return await http.post(requestOf(page, attempt), signal, took);
    },
    close: async () => await sender?.close(),
  });
}

interface Request {
  readonly path: string;
  readonly body: unknown;
}

const BY = { source: 'runback', user: 'runback' };

function aliasOf(page: Page): string {
  const own = page.kind === 'test' || page.kind === 'bundle' || page.kind === 'follow-up';
  return fit(own ? page.key : page.incident.id, ALIAS);
}

function actOn(alias: string, act: 'acknowledge' | 'close', note: string): Request {
  return { path: `/v2/alerts/${encodeURIComponent(alias)}/${act}?identifierType=alias`, body: { ...BY, note: fit(note, NOTE) } };
}

function requestOf(page: Page, attempt: number): Request {
  const alias = aliasOf(page);
  const act = page.kind === 'acknowledged' ? 'acknowledge' : page.kind === 'resolved' ? 'close' : undefined;
  if (act) return actOn(alias, act, `${subjectOf(page)}\n\n${plainText(page, attempt)}`);
  return {
    path: '/v2/alerts',
    body: {
      ...BY,
      alias,
      message: fit(subjectOf(page), MESSAGE),
      description: fit(plainText(page, attempt), DESCRIPTION, { escape: asText }),
      priority: page.kind === 'alert' || page.kind === 'bundle' ? (PRIORITIES[page.incident.severity] ?? 'P3') : 'P5',
      entity: fit(oneLine(page.incident.id), ALIAS),
      tags: ['runback', KIND_WORDS[page.kind], page.incident.severity].map((tag) => fit(oneLine(tag), TAG)),
      details: detailsOf(page, attempt),
    },
  };
}

/** Key and value pairs as far as they fit into what all of them may have together. */
function detailsOf(page: Page, attempt: number): Record<string, string> {
  const details: [string, string][] = [];
  let room = DETAILS;
  for (const [label, value] of [['page', page.key], ['attempt', String(attempt)], ...page.facts] as const) {
    const [name, text] = [fit(oneLine(label), 100), fit(oneLine(value), 1000)];
    room -= name.length + text.length;
    if (room < 0) break;
    details.push([name, text]);
  }
  return Object.fromEntries(details);
}

/** Descriptions are shown as HTML. */
function asText(character: string): string {
  return character === '<' ? '&lt;' : character === '>' ? '&gt;' : character === '&' ? '&amp;' : clean(character);
}
