import { createHmac } from 'node:crypto';

import { z } from 'zod';

import { RunbackError } from '../../lib/index.js';
import { SECRET_REF } from '../../workspace/index.js';
import type { Channel, Page } from '../channel.js';
import { addressOption, type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption, valueOf } from '../driver.js';
import { HttpSender } from '../http-sender.js';
import { clean, fit, oneLine } from '../text.js';

const optionsSchema = z.strictObject({
  url: z.union([addressOption, secretOption]).describe('Where pages are posted, or a reference to it.'),
  secret: secretOption.optional().describe('Reference to the signing secret, whsec_ and base64. Without one, nothing is signed.'),
});

/** Most of a text that is sent: the scheme asks for bodies below 20 KB. */
const TEXT = 8000;
const FACTS = 50;

/**
 * Any service that takes a POST, by the Standard Webhooks scheme (github.com/standard-webhooks/standard-webhooks):
 * `webhook-id` is the key of the page, the same for every attempt.
 */
export function webhookChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let opened: { readonly sender: HttpSender; readonly key: Buffer | undefined } | undefined;
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      opened ??= {
        key: options.secret === undefined ? undefined : keyOf(await deps.secret(options.secret)),
        sender: new HttpSender(`Webhook ${config.name}`, await valueOf(options.url, deps), deps, { open: !SECRET_REF.test(options.url) }),
      };
      const text = JSON.stringify(bodyOf(page, attempt));
      const seconds = String(Math.floor(deps.clock.now().getTime() / 1000));
      const headers: Record<string, string> = { 'webhook-id': page.key, 'webhook-timestamp': seconds };
      if (opened.key) {
        const signature = createHmac('sha256', opened.key).update(`${page.key}.${seconds}.${text}`).digest('base64');
        headers['webhook-signature'] = `v1,${signature}`;
      }
      return await opened.sender.post({ raw: { type: 'application/json', text }, headers }, signal, ({ status }) => ({
        state: 'accepted',
        receipt: { status: String(status) },
      }));
    },
    close: async () => await opened?.sender.close(),
  });
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length < 16)
    throw new RunbackError('secret-missing', 'The signing secret of the webhook is not a valid secret', {
      why: 'It is shorter than 16 bytes, or not base64.',
      next: 'Make one: echo whsec_$(openssl rand -base64 32)',
    });
  return key;
}

function bodyOf(page: Page, attempt: number): unknown {
  const { person, name, medium, channel } = page.to;
  return {
    type: `page.${page.kind}`,
    timestamp: page.at,
    data: {
      key: page.key,
      attempt,
      drill: page.drill === true,
      incident: { ...page.incident, title: fit(oneLine(page.incident.title), 500), means: fit(oneLine(page.incident.means), 500) },
      // Without the address itself, which may be a reference to somebody's number.
      to: { channel, person, name: name === undefined ? undefined : clean(name), medium },
      subject: fit(oneLine(page.subject), 500),
      text: fit(page.text, TEXT),
      facts: page.facts.slice(0, FACTS).map(([label, value]) => ({ label: fit(oneLine(label), 100), value: fit(oneLine(value), 200) })),
      links: page.links,
    },
  };
}
