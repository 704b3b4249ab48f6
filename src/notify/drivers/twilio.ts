import { z } from 'zod';

import type { HttpAnswer } from '../../lib/index.js';
import type { Channel, Delivery, Page } from '../channel.js';
import { addressOption, type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption, valueOf } from '../driver.js';
import { HttpSender, member } from '../http-sender.js';
import { escapeMarkup, fit, oneLine } from '../text.js';
import { linksOf, subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({
  account: z.union([z.string().regex(/^AC[0-9a-f]{32}$/i, 'expected the account SID: AC and 32 hexadecimal digits'), secretOption]),
  token: secretOption.describe('Auth token of the account.'),
  from: z.string().min(1).describe('Number that messages and calls come from, E.164, or a reference to it.'),
  url: addressOption.default('https://api.twilio.com'),
});

/** Body of a message: twilio.com/docs/messaging/api/message-resource. */
const BODY = 1600;
/**
 * A text longer than this costs a message more for every 70 to 160 characters, and nobody reads it on a lock screen.
 */
const TEXT = 480;
/** The `Twiml` parameter: twilio.com/docs/voice/api/call-resource. */
const TWIML = 4000;
/**
 * What is said once, as it goes over the line: 4096 characters of one byte, and no more than 4500 once it is
 * URL-encoded (twilio.com/docs/api/errors/13521). A character beyond ASCII counts for six to twelve.
 */
const SPOKEN = 4000;
const WORDS = 1200;
const E164 = /^\+[1-9]\d{6,14}$/;
/** Answered too many requests, or the queue of the number is full: twilio.com/docs/api/errors. */
const FOR_NOW = new Set(['20429', '21611', '30001']);

/** Text messages and calls by Twilio. It takes no idempotency key; a repeated message says so in its text. */
export function twilioChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let opened: { readonly sender: HttpSender; readonly from: string } | undefined;

  const open = async (): Promise<{ readonly sender: HttpSender; readonly from: string }> => {
    const [account, token, from] = await Promise.all([valueOf(options.account, deps), deps.secret(options.token), valueOf(options.from, deps)]);
    const authorization = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`;
    const url = `${options.url.replace(/\/$/, '')}/2010-04-01/Accounts/${encodeURIComponent(account)}`;
    return { from, sender: new HttpSender('Twilio', url, deps, { headers: { authorization } }) };
  };

  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      const to = page.to.value === undefined ? undefined : (await valueOf(page.to.value, deps)).replaceAll(/[\s().-]/g, '');
      if (to === undefined || !E164.test(to)) return { state: 'permanent', why: 'the phone number is missing or not of the form +15551234567' };
      opened ??= await open();
      const { sender, from } = opened;
      const voice = page.to.medium === 'voice';
      const fields = { To: to, From: from, ...(voice ? { Twiml: twimlOf(page, attempt) } : { Body: bodyOf(page, attempt) }) };
      const raw = { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(fields).toString() };
      const accepted = (answer: HttpAnswer): Delivery => {
        const sid = member(answer.body, 'sid');
        return answer.status === 201 && sid !== undefined
          ? { state: 'accepted', receipt: { sid, status: member(answer.body, 'status') ?? '' } }
          : sender.nonsense(answer);
      };
      const path = voice ? '/Calls.json' : '/Messages.json';
      return await sender.post({ path, raw }, signal, accepted, ({ body }) => (FOR_NOW.has(member(body, 'code') ?? '') ? 'transient' : undefined));
    },
    close: async () => await opened?.sender.close(),
  });
}

function bodyOf(page: Page, attempt: number): string {
  const head = `${attempt > 1 ? '(again) ' : ''}${fit(subjectOf(page), 200)}`;
  const links = linksOf(page).map(({ title, url }) => `${title}: ${url}`);
  const foot = [...links, fit(oneLine(page.incident.id), 100)].filter((line) => line.length <= 500);
  const text = fit(page.text.trim(), TEXT);
  return fit([head, text, ...foot].filter((line) => line !== '').join('\n'), BODY);
}

/** Said twice: whoever is woken by it misses the first half. */
function twimlOf(page: Page, attempt: number): string {
  const words = [
    `This is Runback.${attempt > 1 ? ' You may have heard this before.' : ''}`,
    fit(oneLine(subjectOf(page)), 200),
    fit(oneLine(page.text), 300),
    'To acknowledge it, open the link in your message or e-mail, or use the command line.',
  ].join(' ');
  const said = fit(fit(words, SPOKEN, { size: (text) => encodeURIComponent(text).length }), WORDS, { escape: escapeMarkup });
  const twiml = `<Response><Say>${said}</Say><Pause length="1"/><Say>Once more. ${said}</Say></Response>`;
  return twiml.length <= TWIML ? twiml : `<Response><Say>${said}</Say></Response>`;
}
