import { createHash } from 'node:crypto';

import mailchimp from '@mailchimp/mailchimp_marketing';
import { afterEach } from 'vitest';

import { type MailchimpSandbox, type MailchimpSandboxOptions, startMailchimpSandbox } from '../../../src/sandbox/index.js';
import { standing } from '../../contracts/sandbox/platform.js';

export const LIST = '8a1f0c2d3e';
export const MEMBERS = `members-${LIST}`;
export const TAGS = `tags-${LIST}`;
export const PERSON = { kind: 'person', id: '7' } as const;
export const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;
export const hash = (email: string): string => createHash('md5').update(email.toLowerCase()).digest('hex');

/** An answer with its body parsed, or as it is where it is no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any; // oxlint-disable-line typescript/no-explicit-any -- whatever the vendor answers
}

/** A sandbox, Mailchimp's own npm client for it, and a plain way to call it. */
export interface Bench {
  readonly sandbox: MailchimpSandbox;
  readonly clock: ReturnType<typeof standing>;
  readonly client: InstanceType<typeof mailchimp.constructor>;
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** Starts a sandbox that is stopped after the test. `path` of a call is below `/3.0`, or the whole of an address. */
export async function bench(options: MailchimpSandboxOptions = {}): Promise<Bench> {
  const clock = standing();
  const sandbox = await startMailchimpSandbox({ clock, ...options });
  started.push(sandbox);
  const client = new mailchimp.constructor();
  client.setConfig({ apiKey: sandbox.token, server: 'us21' });
  client.basePath = `${sandbox.url}/3.0`;
  return {
    sandbox,
    clock,
    client,
    call: async (method, path, body, headers = {}) => {
      const response = await fetch(path.startsWith('http') ? path : `${sandbox.url}/3.0${path}`, {
        method,
        headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
      return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
    },
  };
}

/** What a call of the client that Mailchimp refuses says. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly status: number; readonly body: any }> /* oxlint-disable-line typescript/no-explicit-any */ {
  try {
    await call;
  } catch (error) {
    const { status, response } = error as { readonly status: number; readonly response?: { readonly body?: unknown; readonly text?: string } };
    // The client reads JSON of problems too.
    return { status, body: Object.keys(response?.body ?? {}).length > 0 ? response?.body : (JSON.parse(response?.text ?? 'null') as unknown) };
  }
  throw new Error('It was not refused');
}

/** Mails in the outbox: to whom, and what set them off. */
export const mails = (sandbox: MailchimpSandbox): readonly (readonly [string | null, string])[] =>
  sandbox.effects().flatMap((each) => (each.kind === 'mail' ? [[each.to, each.automation] as const] : []));

const started: MailchimpSandbox[] = [];
afterEach(async () => {
  for (const sandbox of started.splice(0)) await sandbox.stop();
});
