import { z } from 'zod';

import { chunksOf } from '../../lib/index.js';
import type { Channel, Page } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption } from '../driver.js';
import { HttpSender } from '../http-sender.js';
import { fit, oneLine } from '../text.js';
import { linksOf, repeatNote, subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({ url: secretOption.describe('Reference to the incoming webhook; anyone who has its address can post.') });

/** Limits of Block Kit: docs.slack.dev/reference/block-kit/blocks. */
const HEADER = 150;
const SECTION = 3000;
const FIELD = 2000;
const FIELDS = 10;
const FIELD_SECTIONS = 4;
/**
 * All blocks together: Slack's documents name no limit, and it refuses from about 11,000 characters on
 * (`msg_blocks_too_long`; slackapi/bolt-js issues 2509 and 2867), for good. So there is room left.
 */
const BLOCKS = 10_000;
/** Text and value of a fact, from what is allowed down to what always fits. */
const SIZES: readonly (readonly [text: number, value: number, facts: number])[] = [
  [SECTION, FIELD - 300, FIELDS * FIELD_SECTIONS],
  [SECTION, 300, 20],
  [2000, 150, 20],
  [500, 80, 10],
];

/** Only these three are markup: docs.slack.dev/messaging/formatting-message-text. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escape = (character: string): string => ENTITIES[character] ?? character;

/**
 * A Slack channel, by incoming webhook. The webhook belongs to one channel; it takes no idempotency key, so the key is
 * shown.
 */
export function slackChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let sender: HttpSender | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      sender ??= new HttpSender('Slack', await deps.secret(options.url), deps);
      const http = sender;
      const sizes = SIZES.map((size) => messageOf(page, attempt, size));
      const body = sizes.find(({ blocks }) => JSON.stringify(blocks).length <= BLOCKS) ?? sizes.at(-1);
      return await http.post({ body }, signal, (answer) =>
        typeof answer.body === 'string' && answer.body.trim() === 'ok' ? { state: 'accepted', receipt: { answer: 'ok' } } : http.nonsense(answer),
      );
    },
    close: async () => await sender?.close(),
  });
}

function messageOf(
  page: Page,
  attempt: number,
  [most, value, facts]: (typeof SIZES)[number],
): { readonly text: string; readonly blocks: readonly unknown[] } {
  const markup = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
  const note = repeatNote(attempt);
  const text = fit(page.text.trim(), most, { escape });
  const fields = page.facts
    .slice(0, facts)
    .map(([label, said]) => markup(`*${fit(oneLine(label), Math.min(200, value), { escape })}*\n${fit(oneLine(said), value, { escape })}`));
  const links = linksOf(page)
    .map(({ title, url }) => `<${url.replaceAll('&', '&amp;')}|${title}>`)
    .filter((link) => link.length <= 1400);
  const foot = [page.incident.id, page.incident.severity, page.key].map((part) => fit(oneLine(part), 200, { escape }));
  return {
    text: fit(`${page.incident.severity}: ${subjectOf(page)}`, SECTION, { escape }),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: fit(subjectOf(page), HEADER), emoji: false } },
      ...(note === undefined ? [] : [{ type: 'context', elements: [markup(note)] }]),
      ...(text === '' ? [] : [{ type: 'section', text: markup(text) }]),
      ...chunksOf(fields, FIELDS).map((some) => ({ type: 'section', fields: some })),
      ...(links.length === 0 ? [] : [{ type: 'section', text: markup(links.join('  ·  ')) }]),
      { type: 'context', elements: [markup(foot.join(' · '))] },
    ],
  };
}
