import { z } from 'zod';

import type { Channel, Delivery, Page } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption } from '../driver.js';
import { HttpSender } from '../http-sender.js';
import { bytesOf, fit, oneLine } from '../text.js';
import { linksOf, repeatNote, subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({
  url: secretOption.describe('Reference to the address of the workflow "post to a channel when a webhook request is received".'),
});

/** 28 KB by Microsoft's documents for webhooks; clients were refused from about 21 KB on, so there is room left. */
const MOST_BYTES = 20_000;
const FACTS = 30;
const TEXTS = [8000, 4000, 1000, 200];

/**
 * A Microsoft Teams channel, by workflow. The card is made of text runs, which know no markup: nothing in a page can
 * become a link or a mention. The workflow takes no idempotency key, so the key is shown.
 */
export function teamsChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let sender: HttpSender | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      sender ??= new HttpSender('Teams', await deps.secret(options.url), deps);
      const text = TEXTS.map((most) => JSON.stringify(messageOf(page, attempt, most))).find((json) => bytesOf(json) <= MOST_BYTES);
      if (text === undefined) return { state: 'permanent', why: 'the page does not fit into a card' };
      return await sender.post({ raw: { type: 'application/json', text } }, signal, ({ status, body }) => outcomeOf(status, body));
    },
    close: async () => await sender?.close(),
  });
}

/** Older webhooks answer 200 and say in the text what went wrong behind them. */
function outcomeOf(status: number, body: unknown): Delivery {
  const failed = typeof body === 'string' ? /HTTP error (\d{3})/i.exec(body) : null;
  if (failed === null) return { state: 'accepted', receipt: { status: String(status) } };
  const behind = Number(failed[1]);
  return { state: behind === 429 || behind >= 500 ? 'transient' : 'permanent', why: `Teams accepted it and then failed with status ${behind}` };
}

function messageOf(page: Page, attempt: number, most: number): unknown {
  const note = repeatNote(attempt);
  const part = Math.max(60, Math.floor(most / 20));
  const run = (text: string, more: object = {}) => ({ type: 'TextRun', text, ...more });
  const block = (inlines: readonly unknown[], more: object = {}) => ({ type: 'RichTextBlock', inlines, ...more });
  const lines = fit(page.text.trim(), most)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 60);
  const facts = page.facts
    .slice(0, FACTS)
    .map(([label, value]) =>
      block([run(`${fit(oneLine(label), 60)}: `, { weight: 'Bolder' }), run(fit(oneLine(value), part) || '-')], { spacing: 'Small' }),
    );
  const foot = [page.incident.id, page.incident.severity, page.key].map((text) => fit(oneLine(text), 150)).join(' · ');
  const body = [
    block([run(fit(subjectOf(page), 200), { size: 'Large', weight: 'Bolder' })]),
    ...(note === undefined ? [] : [block([run(note, { italic: true })])]),
    ...lines.map((line) => block([run(line)], { spacing: 'Small' })),
    ...facts,
    block([run(foot, { isSubtle: true, size: 'Small' })]),
  ];
  const actions = linksOf(page).flatMap(({ title, url }) => (url.length > 1200 ? [] : [{ type: 'Action.OpenUrl', title, url }]));
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body,
          ...(actions.length === 0 ? {} : { actions }),
        },
      },
    ],
  };
}
