import { z } from 'zod';

import { type Clock, isRunbackError, messageOf, mismatchWords, RunbackError } from '../lib/index.js';
import type { SecretRef } from '../workspace/index.js';
import type { Channel, Delivery, Page, SendOptions } from './channel.js';

/** A channel as escalation.yml has it. */
export interface ChannelConfig {
  readonly name: string;
  /** Which driver. */
  readonly type: string;
  /** Everything else; the driver checks it. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What drivers are given. */
export interface ChannelDeps {
  /** Resolves a reference and makes its secret known to the redactor. Throws `secret-missing`. */
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Takes secrets out of any text that leaves a driver. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  /** Folder that programs start in. */
  readonly root: string;
  /** What of the environment programs may find. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Longest time one request may take. Default 15 s. */
  readonly timeoutMs?: number;
  /** The controlling terminal. Default `/dev/tty`. */
  readonly terminal?: string;
}

/** Longest time one request may take where nothing else is said. */
export const TIMEOUT_MS = 15_000;

const REFERENCE = /^(env|file|command|keychain):./;
const SHOWN = 300;

/** An option that holds a secret: only ever a reference to it. */
export const secretOption = z
  .string()
  .regex(REFERENCE, 'expected a reference such as env:NAME or file:PATH; the secret itself must not be in the file')
  .transform((ref) => ref as SecretRef);

/** An option for an address of a service, for tests and proxies. */
export const addressOption = z.url({ protocol: /^https?$/ });

/** The options of a channel, checked. Throws `file-invalid` naming the channel and the keys. */
export function optionsOf<S extends z.ZodType>(config: ChannelConfig, schema: S): z.output<S> {
  const parsed = schema.safeParse(config.options, { error: mismatchWords });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `channels.${[config.name, ...issue.path].map(String).join('.')}: ${issue.message}`);
  throw new RunbackError('file-invalid', `escalation.yml: the settings of channel ${config.name} do not match the type "${config.type}"`, {
    why: problems.join('; '),
    state: 'Nothing was sent.',
    next: 'Correct escalation.yml; docs/channels.md lists the settings of each channel.',
    data: { channel: config.name, problems },
  });
}

/** What an option says: the secret that a reference leads to, or the text itself. */
export async function valueOf(text: string, deps: ChannelDeps): Promise<string> {
  return REFERENCE.test(text) ? await deps.secret(text as SecretRef) : text;
}

/**
 * Makes a channel of a driver's `send`, and keeps the promises that all drivers share: nothing is thrown but the
 * signal's reason, also where what it waits for does not listen to the signal; every word that leaves is redacted and
 * short.
 */
export function channelOf(
  config: ChannelConfig,
  deps: ChannelDeps,
  driver: { readonly send: (page: Page, options: SendOptions) => Promise<Delivery>; readonly close?: () => Promise<void> },
): Channel {
  const shown = (text: string): string => deps.redact(text).slice(0, SHOWN);
  return {
    name: config.name,
    type: config.type,
    async send(page, options) {
      options.signal.throwIfAborted();
      try {
        const ended = await unlessAborted(driver.send(page, options), options.signal);
        if (ended.state !== 'accepted') return { ...ended, why: shown(ended.why) };
        const receipt = Object.entries(ended.receipt).map(([name, value]): [string, string] => [name, shown(value)]);
        return { state: 'accepted', receipt: Object.fromEntries(receipt) };
      } catch (error) {
        if (options.signal.aborted) throw options.signal.reason;
        const why = isRunbackError(error) ? `${error.message}${error.why === undefined ? '' : `: ${error.why}`}` : messageOf(error);
        return { state: 'permanent', why: shown(`channel ${config.name} cannot be used: ${why}`), ...needsOf(error) };
      }
    },
    close: async () => await driver.close?.(),
  };
}

/** What a secret that leads nowhere is called by whoever has to set it. */
function needsOf(error: unknown): { readonly needs?: readonly string[] } {
  const ref = isRunbackError(error, 'secret-missing') ? error.data?.['ref'] : undefined;
  return typeof ref === 'string' ? { needs: [ref.replace(/^env:/u, '')] } : {};
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  // Whichever of the two comes second has nobody to listen to it.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
