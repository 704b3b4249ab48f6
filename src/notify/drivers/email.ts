import type { Transporter } from 'nodemailer';
import { z } from 'zod';

import { isLoopback, messageOf, RunbackError } from '../../lib/index.js';
import type { Channel, Delivery, Page } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf, secretOption, TIMEOUT_MS, valueOf } from '../driver.js';
import { fit, oneLine } from '../text.js';
import { plainText, subjectOf } from '../wording.js';

/** An address with nothing in it that a header or the SMTP dialogue could take for its own. */
const ADDRESS = /^[^\s<>()[\]\\,;:"@\p{Cc}]+@[^\s<>()[\]\\,;:"@\p{Cc}]+$/u;
const address = z.string().regex(ADDRESS, 'expected one e-mail address');

const optionsSchema = z.strictObject({
  host: z.string().min(1).describe('SMTP server.'),
  port: z.number().int().min(1).max(65_535).optional().describe('Default 465 with tls: implicit, else 587.'),
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls').describe('`starttls` is required, not only tried.'),
  user: z.string().optional(),
  password: secretOption.optional(),
  from: address,
  from_name: z.string().default('Runback'),
  to: address.optional().describe('Where pages to the channel itself go: a mailing list.'),
});

/** Unfolded header lines are kept below 998 octets by RFC 5322; phones show far less. */
const SUBJECT = 200;
const TEXT = 100_000;

/**
 * E-mail over SMTP. The Message-ID is made of the page's key, so every attempt is the same message to whoever looks at
 * ids, and all mails of an incident answer one message that never was: their common thread.
 */
export function emailChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  let transporter: Transporter | undefined;
  const domain = options.from.slice(options.from.lastIndexOf('@') + 1);

  const open = async (): Promise<Transporter> => {
    const [{ createTransport }, password] = await Promise.all([
      import('nodemailer'),
      options.password === undefined ? undefined : deps.secret(options.password),
    ]);
    if (password !== undefined && options.tls === 'none' && !isLoopback(options.host))
      throw new RunbackError('file-invalid', `its password would go to ${options.host} without encryption`, {
        why: 'With tls: none anyone on the network could read it. Use starttls or implicit; none works only on this machine.',
      });
    const timeout = deps.timeoutMs ?? TIMEOUT_MS;
    return createTransport({
      host: options.host,
      port: options.port ?? (options.tls === 'implicit' ? 465 : 587),
      secure: options.tls === 'implicit',
      requireTLS: options.tls === 'starttls',
      ignoreTLS: options.tls === 'none',
      ...(password === undefined ? {} : { auth: { user: options.user ?? options.from, pass: password } }),
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      dnsTimeout: timeout,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };

  return channelOf(config, deps, {
    async send(page, { attempt }) {
      const to = page.to.value === undefined ? options.to : await valueOf(page.to.value, deps);
      if (to === undefined) return { state: 'permanent', why: `no address: channel ${config.name} has no "to", and the page names none` };
      if (!ADDRESS.test(to)) return { state: 'permanent', why: 'the e-mail address is not one' };
      transporter ??= await open();
      const root = `<incident-${idPart(page.incident.id)}@${domain}>`;
      try {
        const info: unknown = await transporter.sendMail({
          messageId: `<${idPart(page.key)}@${domain}>`,
          inReplyTo: root,
          references: [root],
          date: deps.clock.now(),
          from: { name: oneLine(options.from_name), address: options.from },
          to: { name: fit(oneLine(page.to.name ?? ''), 100), address: to },
          envelope: { from: options.from, to: [to] },
          subject: fit(subjectOf(page), SUBJECT),
          text: fit(`${plainText(page, attempt)}\n`, TEXT),
          headers: headersOf(page, attempt),
        });
        return { state: 'accepted', receipt: receiptOf(info) };
      } catch (error) {
        return failureOf(error);
      }
    },
    close: () => Promise.resolve(transporter?.close()),
  });
}

function headersOf(page: Page, attempt: number): Record<string, string> {
  return {
    // RFC 3834: no answering machine answers it.
    'Auto-Submitted': 'auto-generated',
    'X-Runback-Page': page.key,
    'X-Runback-Incident': fit(oneLine(page.incident.id), 100),
    'X-Runback-Attempt': String(attempt),
    ...(page.kind === 'alert' || page.kind === 'bundle' ? { Importance: 'high' } : {}),
  };
}

/** Keys and ids as the left part of a Message-ID: no second @, nothing that ends it. */
function idPart(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9._~+-]/g, (character) => `=${character.codePointAt(0)?.toString(16) ?? ''}`).slice(0, 200);
}

function receiptOf(info: unknown): Record<string, string> {
  const { response, messageId } = info as { readonly response?: unknown; readonly messageId?: unknown };
  return { ...(typeof response === 'string' ? { response: oneLine(response) } : {}), ...(typeof messageId === 'string' ? { messageId } : {}) };
}

/**
 * SMTP says by the first digit whether trying again helps (RFC 5321, 4.2.1). Without an answer it does, but for TLS
 * that is refused.
 */
function failureOf(error: unknown): Delivery {
  const { responseCode, code, originalCode } = error as { readonly responseCode?: unknown; readonly code?: unknown; readonly originalCode?: unknown };
  const why = `the mail server did not accept it: ${oneLine(messageOf(error))}`;
  if (typeof responseCode === 'number' && responseCode >= 400) return { state: responseCode >= 500 ? 'permanent' : 'transient', why };
  // What TLS itself says is kept beside the code for "the connection failed".
  const hopeless = [code, originalCode].some(
    (one) =>
      typeof one === 'string' &&
      /^(ETLS|EAUTH|EENVELOPE|EMESSAGE)$|CERT|SIGNED|LEAF_SIGNATURE|ERR_TLS|ERR_SSL|HOSTNAME_MISMATCH|INVALID_CA/.test(one),
  );
  return { state: hopeless ? 'permanent' : 'transient', why };
}
