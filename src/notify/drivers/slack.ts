import { z } from 'zod';

import type { Channel, Page } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption } from '../driver.js';
import { HttpSender } from '../http-sender.js';
import { fit, oneLine } from '../text.js';
import { linksOf, repeatNote, subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({ url: secretOption.describe('Reference to the incoming webhook; whoever has its address can post.') });

/** Limits of Block Kit: docs.slack.dev/reference/block-kit/blocks. */
const HEADER = 150;
const SECTION = 3000;
const FIELD = 2000;
const FIELDS = 10;
const FIELD_SECTIONS = 4;

/** Only these three are markup: docs.slack.dev/messaging/formatting-message-text. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escape = (character: string): string => ENTITIES[character] ?? character;

/** A Slack channel, by incoming webhook. The webhook belongs to one channel; it takes no idempotency key, so the key is shown. */
export function slackChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let sender: HttpSender | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      sender ??= new HttpSender('Slack', await deps.secret(options.url), deps);
      const http = sender;
      return await http.post({ body: messageOf(page, attempt) }, signal, (answer) =>
        typeof answer.body === 'string' && answer.body.trim() === 'ok' ? { state: 'accepted', receipt: { answer: 'ok' } } : http.nonsense(answer),
      );
    },
    close: async () => await sender?.close(),
  });
}

function messageOf(page: Page, attempt: number): unknown {
  const markup = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
  const note = repeatNote(attempt);
  const text = fit(page.text.trim(), SECTION, { escape });
  const fields = page.facts
    .slice(0, FIELDS * FIELD_SECTIONS)
    .map(([label, value]) => markup(`*${fit(oneLine(label), 200, { escape })}*\n${fit(oneLine(value), FIELD - 300, { escape })}`));
  const links = linksOf(page).flatMap(({ title, url }) => (url.length > 1200 ? [] : [`<${url.replaceAll('&', '&amp;')}|${title}>`]));
  const foot = [page.incident.id, page.incident.severity, page.key].map((part) => fit(oneLine(part), 200, { escape }));
  return {
    text: fit(`${page.incident.severity}: ${subjectOf(page)}`, SECTION, { escape }),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: fit(subjectOf(page), HEADER), emoji: false } },
      ...(note === undefined ? [] : [{ type: 'context', elements: [markup(note)] }]),
      ...(text === '' ? [] : [{ type: 'section', text: markup(text) }]),
      ...chunks(fields, FIELDS).map((some) => ({ type: 'section', fields: some })),
      ...(links.length === 0 ? [] : [{ type: 'section', text: markup(links.join('  ·  ')) }]),
      { type: 'context', elements: [markup(foot.join(' · '))] },
    ],
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
