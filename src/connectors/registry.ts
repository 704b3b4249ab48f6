import { type CallOptions, didYouMean, RunbackError } from '../lib/index.js';
import type { PlatformConfig, SecretRef } from '../workspace/index.js';
import { checked } from './checked.js';
import type { Connector, Identity, PlatformSchema } from './connector.js';
import { counted } from './counted.js';
import type { Driver, DriverDeps } from './driver.js';
import type { Platform } from './platform.js';
import type { Scratch } from './scratch.js';
import { guarded, type Writes } from './under-lock.js';
import { withholding } from './withheld.js';

/** The only place that imports drivers, and only when one is used. */
const DRIVERS: Readonly<Record<string, () => Promise<Driver>>> = {
  hubspot: () => import('./hubspot/index.js'),
  mailchimp: () => import('./mailchimp/index.js'),
  postgres: () => import('./postgres/index.js'),
  rest: () => import('./rest/index.js'),
  salesforce: () => import('./salesforce/index.js'),
};

/** Connectors whose platform knows no difference between null, `''` and an empty set: they give null for all three. */
const EMPTY_IS_NULL: ReadonlySet<string> = new Set(['hubspot', 'mailchimp', 'salesforce']);

/**
 * Whether null, `''` and an empty set are one value to a connector, by its name in a snapshot. Snapshots of earlier
 * versions hold what the platform happened to answer.
 */
export function emptyIsNull(connector: string | undefined): boolean {
  return connector !== undefined && EMPTY_IS_NULL.has(connector);
}

/** Names that `connector:` in runback.yml may have. */
export function connectorNames(): readonly string[] {
  return Object.keys(DRIVERS).sort();
}

/** What a platform is opened with. */
export interface OpeningDeps extends DriverDeps {
  /** What has to hold where something is written to it. */
  readonly writes: Writes;
}

/**
 * Opens a platform and checks that it is the account and environment that were declared, before any other request
 * (guarantee G23). Nothing is written to it but as `writes` says. Throws `usage` for an unknown connector, `wrong-account`, `wrong-environment`, and whatever
 * `identify` throws.
 */
export async function openPlatform(config: PlatformConfig, deps: OpeningDeps, options: CallOptions = {}): Promise<Platform> {
  const connector = await opened(config, deps);
  try {
    const identity = await connector.identify(options);
    guard(config, identity);
    const unnamed = config.account === undefined && identity.environment === undefined;
    const { name, environment, objects, never_store } = config;
    const platform: Platform = {
      name,
      connector: guarded(connector, deps.writes, () => platform),
      identity,
      environment,
      ...(unnamed ? { unnamed } : {}),
      objects,
      ...(never_store && { neverStore: never_store }),
      close: () => connector.close(),
    };
    return platform;
  } catch (error) {
    await connector.close();
    throw error;
  }
}

/**
 * Asks a platform who it is, and nothing else, before anything is declared of it. Throws as {@link openPlatform},
 * except where the account is another.
 */
export async function identifyPlatform(config: PlatformConfig, deps: DriverDeps, options: CallOptions = {}): Promise<Identity> {
  const connector = await opened(config, deps);
  try {
    return await connector.identify(options);
  } finally {
    await connector.close();
  }
}

/**
 * Opens another place of the kind of a platform, to read from it: the one at `url` (a reference to its address), or the same
 * once more. Nothing is declared of it, so that nothing is checked; calls to the same platform are told. Close it.
 */
export async function openBeside(config: PlatformConfig, deps: DriverDeps, url?: SecretRef): Promise<Connector> {
  const elsewhere = url === undefined ? config : { ...config, url, credentials: {} };
  const held = checked(await (await driverOf(config)).openConnector(elsewhere, deps));
  return url === undefined && deps.calls !== undefined ? counted(held, config.name, deps.calls) : held;
}

/**
 * Makes empty object types after a description, where the driver can; else undefined. Asks the platform nothing else:
 * that it is no production has been checked before. Throws as {@link Scratch} says.
 */
export async function openScratch(
  config: PlatformConfig,
  deps: DriverDeps,
  schema: PlatformSchema,
  options: CallOptions = {},
): Promise<Scratch | undefined> {
  return await (await driverOf(config)).openScratch?.(config, deps, schema, options);
}

/** Every driver is held to the contract, and its calls are told where somebody counts them. */
async function opened(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  const held = checked(await (await driverOf(config)).openConnector(config, deps));
  return withholding(deps.calls === undefined ? held : counted(held, config.name, deps.calls), config);
}

async function driverOf(config: PlatformConfig): Promise<Driver> {
  const load = Object.hasOwn(DRIVERS, config.connector) ? DRIVERS[config.connector] : undefined;
  if (load === undefined)
    throw new RunbackError(
      'usage',
      `Platform ${config.name} has the unknown connector "${config.connector}"${didYouMean(config.connector, connectorNames())}`,
      {
        why: `There are: ${connectorNames().join(', ')}.`,
        state: 'Nothing was read or written.',
        next: `Correct "connector:" of ${config.name} in runback.yml.`,
      },
    );
  return await load();
}

function guard(config: PlatformConfig, identity: Identity): void {
  const untouched = { state: 'Nothing else was read, and nothing was written.' };
  const data = { platform: config.name, account: identity.account, environment: identity.environment ?? null, address: identity.address };
  if (config.account === undefined && config.environment === 'production')
    throw new RunbackError('wrong-account', `Platform ${config.name} is declared as production but names no account`, {
      ...untouched,
      why: `Runback writes to a production platform only when it can check which one it is. ${identity.address} says it is account ${identity.account} (${identity.label}).`,
      next: `If that is right, put this under ${config.name} in runback.yml:  account: ${JSON.stringify(identity.account)}`,
      data,
    });
  if (config.account !== undefined && config.account !== identity.account)
    throw new RunbackError('wrong-account', `Platform ${config.name} is not the account that was declared`, {
      ...untouched,
      why: `runback.yml declares account ${config.account}; ${identity.address} says it is account ${identity.account} (${identity.label}).`,
      next: `Check the address and the credentials of ${config.name}. Change "account:" in runback.yml only if the platform itself moved.`,
      data: { ...data, declared: config.account },
    });
  if (identity.environment !== undefined && identity.environment !== config.environment)
    throw new RunbackError('wrong-environment', `Platform ${config.name} is not the environment that was declared`, {
      ...untouched,
      why: `runback.yml declares ${config.environment}; ${identity.address} says that account ${identity.account} (${identity.label}) is ${identity.environment}.`,
      next: `Check the address and the credentials of ${config.name}, or correct "environment:" in runback.yml.`,
      data: { ...data, declared: config.environment },
    });
}
