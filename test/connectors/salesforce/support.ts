import { checked, type Connector } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/salesforce/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../src/records/index.js';
import { type SalesforceSandbox, type SalesforceSandboxOptions, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import type { PlatformConfig, SecretRef } from '../../../src/workspace/index.js';
import { SharedClock } from '../hubspot-support.js';

export const PERSON = { kind: 'person', id: '7' } as const;

/** A custom object without fields that have to be filled in, with a reference to an account. */
export const VISIT = {
  name: 'Visit__c',
  autoNumber: true,
  fields: [
    { name: 'Text__c', type: 'string' as const, length: 255 },
    { name: 'Other__c', type: 'string' as const, length: 255 },
    { name: 'Code__c', type: 'string' as const, length: 80, unique: true, externalId: true },
    { name: 'Account__c', type: 'reference' as const, to: ['Account'], onDelete: 'clear' as const },
  ],
};

/** The configuration of a platform on a sandbox, with a session that was given unless others are named. */
export function configOf(sandbox: Pick<SalesforceSandbox, 'url'>, more: Partial<PlatformConfig> = {}): PlatformConfig {
  return {
    name: 'crm',
    connector: 'salesforce',
    environment: 'sandbox',
    url: sandbox.url,
    credentials: { token: 'env:TOKEN' as SecretRef },
    limits: {},
    modified: {},
    options: {},
    ...more,
  } as PlatformConfig;
}

/** A sandbox and connectors on it, which share a clock. */
export interface Bench {
  readonly sandbox: SalesforceSandbox;
  readonly clock: SharedClock;
  /** Opens a connector, held to the contract. `secrets`: by the reference that names them. */
  open(more?: Partial<PlatformConfig>, secrets?: Readonly<Record<string, string>>): Promise<Connector>;
  stop(): Promise<void>;
}

export async function openBench(options: SalesforceSandboxOptions = {}): Promise<Bench> {
  const clock = new SharedClock();
  const sandbox = await startSalesforceSandbox({ clock, limits: { perDay: 1_000_000 }, ...options });
  const opened: Connector[] = [];
  return {
    sandbox,
    clock,
    open: async (more = {}, secrets = {}) => {
      const secret = async (ref: SecretRef): Promise<string> => await Promise.resolve(secrets[ref] ?? sandbox.token);
      const connector = checked(await openConnector(configOf(sandbox, more), { secret, clock }));
      opened.push(connector);
      return connector;
    },
    stop: async () => {
      for (const connector of opened) await connector.close();
      await sandbox.stop();
    },
  };
}

/** The description of one object type. */
export async function schemaOf(connector: Connector, object: string): Promise<ObjectSchema> {
  const schema = (await connector.describe([object])).objects.find((each) => each.object === object);
  if (schema === undefined) throw new Error(`${object} is not described`);
  return schema;
}

/** All records that a read gives. */
export async function recordsOf(batches: ReturnType<Connector['read']>): Promise<readonly PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of batches) records.push(...batch.records);
  return records;
}
