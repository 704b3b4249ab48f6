import { createHash } from 'node:crypto';

import { afterEach } from 'vitest';

import { checked, type Connector, type MutationResult, type RecordBatch } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/mailchimp/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../src/records/index.js';
import { type MailchimpSandbox, type MailchimpSandboxOptions, startMailchimpSandbox } from '../../../src/sandbox/index.js';
import type { PlatformConfig, SecretRef } from '../../../src/workspace/index.js';
import { SharedClock } from '../hubspot-support.js';

export const LIST = '8a1f0c2d3e';
export const MEMBERS = `members-${LIST}`;
export const PERSON = { kind: 'person', id: '7' } as const;
export const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;

export const hash = (email: string): string => createHash('md5').update(email.toLowerCase()).digest('hex');

/** The id of the contact with this address or hash; also of one in the archive. */
export function contactOf(sandbox: MailchimpSandbox, name: string): string {
  const { contactId } = sandbox.member(LIST, name) ?? {};
  if (contactId === undefined) throw new Error(`no member ${name}`);
  return contactId;
}

/** What a sandbox is reached by. */
export function configOf(sandbox: MailchimpSandbox, more: Partial<PlatformConfig> = {}): PlatformConfig {
  return {
    name: 'mail',
    connector: 'mailchimp',
    environment: 'sandbox',
    url: sandbox.url,
    credentials: { token: 'env:TOKEN' as unknown as SecretRef },
    limits: {},
    options: {},
    ...more,
  };
}

export async function connect(sandbox: MailchimpSandbox, clock: SharedClock, more: Partial<PlatformConfig> = {}): Promise<Connector> {
  const connector = await openConnector(configOf(sandbox, more), { secret: async () => await Promise.resolve(sandbox.token), clock });
  return checked(connector);
}

/** A sandbox, a connector on it, and the schema of its members; all closed after the test. */
export interface Bench {
  readonly sandbox: MailchimpSandbox;
  readonly clock: SharedClock;
  readonly connector: Connector;
  readonly schema: ObjectSchema;
}

export async function bench(options: MailchimpSandboxOptions = {}, more: Partial<PlatformConfig> = {}): Promise<Bench> {
  const clock = new SharedClock();
  const sandbox = await startMailchimpSandbox({ clock, ...options });
  const connector = await connect(sandbox, clock, more);
  opened.push({ sandbox, connector });
  return { sandbox, clock, connector, schema: await schemaOf(connector) };
}

export async function schemaOf(connector: Connector): Promise<ObjectSchema> {
  connector.settingsMayHaveChanged?.();
  const [schema] = (await connector.describe([MEMBERS])).objects;
  if (schema === undefined) throw new Error('the members are not described');
  return schema;
}

export async function all(batches: AsyncIterable<RecordBatch>): Promise<PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

/** The record of one member, or undefined. */
export async function read({ connector, schema }: Pick<Bench, 'connector' | 'schema'>, key: string): Promise<PlatformRecord | undefined> {
  const [record] = await all(connector.read({ schema, keys: [key] }));
  return record;
}

/** Each result in one word: its status, or why it was refused. */
export const words = (results: readonly MutationResult[]): string[] =>
  results.map((each) => (each.status === 'rejected' ? each.reason : each.status));

const opened: { readonly sandbox: MailchimpSandbox; readonly connector: Connector }[] = [];
afterEach(async () => {
  for (const { sandbox, connector } of opened.splice(0)) {
    await connector.close();
    await sandbox.stop();
  }
});
