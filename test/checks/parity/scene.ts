import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { HubSpotSandbox, SalesforceSandbox } from '../../../src/sandbox/index.js';
import { type Finished, jsonLines, runback } from '../../cli/support/child.js';
import { temporaryFolder } from '../../support/store.js';

/** A platform of runback.yml, with its secrets by variable. */
export interface Entry {
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** A workspace with a test environment, `stage`, and the production that it stands for, `crm`. */
export interface ParityScene {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes parity.yml: one check, `crm`. */
  parity(check?: Readonly<Record<string, unknown>>): Promise<void>;
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs `parity check --json` and gives the result of the only check. */
  check(...args: readonly string[]): Promise<{ readonly code: number | null; readonly result: Checked; readonly stdout: string }>;
}

/** What tests look at of a result. */
export interface Checked {
  readonly verdict: string;
  readonly because?: string;
  readonly apart: readonly { readonly what: string; readonly is: string }[];
  readonly items: readonly {
    readonly item: string;
    readonly status: string;
    readonly test?: string;
    readonly production?: string;
    readonly why?: string;
  }[];
  readonly counts: readonly { readonly area: string; readonly same: number }[];
  readonly none: readonly string[];
  readonly unneeded: readonly string[];
  readonly leak: {
    readonly status: string;
    readonly marked: readonly { readonly object: string; readonly key: string; readonly field: string }[];
    readonly sightings: readonly { readonly platform: string; readonly object: string; readonly field: string; readonly from: string }[];
    readonly window: { readonly from: string; readonly to: string };
    readonly read: readonly {
      readonly platform: string;
      readonly objects: readonly { readonly object: string; readonly records: number; readonly why?: string }[];
    }[];
  };
}

/** `more`: further platforms. */
export async function parityScene(entries: Readonly<Record<string, Entry>>): Promise<ParityScene> {
  const folder = await temporaryFolder();
  const env = Object.assign({}, ...Object.values(entries).map((one) => one.env)) as Record<string, string>;
  const platforms = Object.fromEntries(Object.entries(entries).map(([name, { config }]) => [name, config]));
  await writeFile(join(folder, 'runback.yml'), JSON.stringify({ version: 1, platforms }));
  const run = async (...args: readonly string[]): Promise<Finished> => await runback(['--workspace', folder, ...args], { cwd: folder, env });
  return {
    folder,
    env,
    parity: async (check = {}) =>
      await writeFile(
        join(folder, 'parity.yml'),
        JSON.stringify({ version: 1, checks: { crm: { test: 'stage', production: 'crm', leak: { settle: '0s' }, ...check } } }),
      ),
    run,
    check: async (...args) => {
      const { code, stdout, stderr } = await run('--json', 'parity', 'check', ...args);
      const last = jsonLines(stdout).at(-1) as { readonly data?: { readonly checks: readonly Checked[] } };
      const result = last.data?.checks[0];
      if (result === undefined) throw new Error(`no result: ${stdout}${stderr}`);
      return { code, result, stdout };
    },
  };
}

/** The entry of a HubSpot sandbox. `url`: another address that leads to it. */
export function hubspotEntry(name: string, sandbox: HubSpotSandbox, more: Readonly<Record<string, unknown>> = {}): Entry {
  const variable = `${name.toUpperCase()}_TOKEN`;
  return {
    env: { [variable]: sandbox.token },
    config: {
      connector: 'hubspot',
      environment: sandbox.accountType === 'STANDARD' ? 'production' : 'sandbox',
      account: sandbox.account,
      url: sandbox.url,
      credentials: { token: `env:${variable}` },
      objects: ['contacts', 'companies', 'deals'],
      ...more,
    },
  };
}

/** The entry of a Salesforce sandbox, signed in with its session. */
export function salesforceEntry(name: string, sandbox: SalesforceSandbox, environment: string, more: Readonly<Record<string, unknown>> = {}): Entry {
  const variable = `${name.toUpperCase()}_TOKEN`;
  return {
    env: { [variable]: sandbox.token },
    config: {
      connector: 'salesforce',
      environment,
      account: sandbox.account,
      url: sandbox.url,
      credentials: { token: `env:${variable}` },
      objects: ['Account', 'Contact', 'Opportunity'],
      ...more,
    },
  };
}

/** Requests that change nothing although they are no GET: who the token is, searches, reads of many records. */
const READING = /^POST \/(?:oauth\/v2\/private-apps\/get\/access-token-info|crm\/(?:v3|v4)\/.*\/(?:search|batch\/read)|services\/oauth2\/token)$/u;

/** Requests to a sandbox by which something may have been written. */
export const writesTo = ({ counts }: Pick<HubSpotSandbox | SalesforceSandbox, 'counts'>): readonly string[] =>
  Object.keys(counts().byEndpoint).filter((call) => !call.startsWith('GET ') && !READING.test(call));
