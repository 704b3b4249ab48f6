import { isRunbackError, mayCarrySecrets, messageOf, RunbackError } from '../../lib/index.js';
import { type PlatformConfig, SECRET_REF, type SecretRef, shownRef, type WorkspaceConfig } from '../../workspace/index.js';
import type { LoadTest } from '../document/load.js';
import type { IntakeRequest } from './connection.js';
import type { Submission } from './facts.js';

type Submit = LoadTest['document']['load']['submit'];

/** Where submissions go, with its secrets in place. Throws what resolving throws, and `usage` for an address that is none. */
export async function intakeOf({ url, method, headers, json }: Submit, secret: (ref: SecretRef) => Promise<string>): Promise<IntakeRequest> {
  const resolved = async (value: string): Promise<string> => (SECRET_REF.test(value) ? await secret(value as SecretRef) : value);
  const address = await resolved(url);
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new RunbackError('usage', `What ${url} leads to is no address`, {
      why: 'An address of the intake begins with https:// or http://.',
      state: 'Nothing was submitted.',
    });
  const target = new URL(address);
  const secretRef = [url, ...Object.values(headers)].find((value) => SECRET_REF.test(value));
  if (secretRef !== undefined && !mayCarrySecrets(target))
    throw new RunbackError('usage', 'The connection to the intake is not encrypted', {
      why: `Its address begins with http:// on another machine, and ${shownRef(secretRef)} is a secret that would be sent there.`,
      state: 'Nothing was submitted.',
      next: 'Use its https:// address.',
    });
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) given[name.toLowerCase()] = await resolved(value);
  const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
  return { url: target, method, headers: { 'content-type': type, 'user-agent': 'runback', ...given } };
}

/** The body of each submission. */
export function bodiesOf({ json, form = {} }: Submit, submissions: readonly Submission[]): readonly Buffer[] {
  return submissions.map((submission) => {
    const filled = (text: string): string =>
      text.replaceAll(/\{(address|mark|n)\}/gu, (_, name: string) =>
        name === 'address' ? submission.person : name === 'mark' ? submission.nonce : String(submission.n),
      );
    if (json !== undefined) return Buffer.from(JSON.stringify(deep(json, filled)));
    return Buffer.from(new URLSearchParams(Object.entries(form).map(([name, value]): [string, string] => [name, filled(value)])).toString());
  });
}

function deep(value: unknown, filled: (text: string) => string): unknown {
  if (typeof value === 'string') return filled(value);
  if (Array.isArray(value)) return value.map((each) => deep(each, filled));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, deep(each, filled)]));
}

/** What the guard asks for. */
export interface IntakeGuard {
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** The account of a platform, as it says itself. Throws where it cannot be asked. */
  readonly accountOf: (config: PlatformConfig) => Promise<string>;
}

/**
 * Nothing is ever submitted to production. Throws `stage-refused` where the intake is at the address of a platform that is declared
 * as production, or names its account, and where that cannot be told.
 */
export async function refuseProduction({ url }: IntakeRequest, { platforms }: WorkspaceConfig, guard: IntakeGuard): Promise<void> {
  const words = wordsOf(url);
  for (const config of Object.values(platforms)) {
    const { name, environment } = config;
    if (environment !== 'production') continue;
    const account = config.account ?? (await askedOf(config, guard));
    if (words.includes(account)) throw refused(name, `Its address names account ${account}, which is that of ${name}. It is production.`);
    const own = config.url === undefined ? undefined : await addressOf(config.url, guard);
    if (own?.host === url.host) throw refused(name, `It is at ${url.host}, where ${name} is. It is production.`);
  }
}

/** What stands in an address between its separators. */
const wordsOf = (url: URL): readonly string[] => `${url.hostname}/${url.pathname}/${url.search}`.split(/[^A-Za-z0-9_-]+/u);

async function askedOf(config: PlatformConfig, { accountOf }: IntakeGuard): Promise<string> {
  try {
    return await accountOf(config);
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    throw refused(
      config.name,
      `It cannot be told apart from ${config.name}, which is production, whose account runback.yml does not name, and which cannot be asked: ${messageOf(error)}`,
    );
  }
}

async function addressOf(declared: string, { secret }: IntakeGuard): Promise<URL | undefined> {
  try {
    const text = SECRET_REF.test(declared) ? await secret(declared as SecretRef) : declared;
    return URL.canParse(text) ? new URL(text) : undefined;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    // Not known here: it leads nowhere from here.
    return undefined;
  }
}

function refused(name: string, why: string): RunbackError {
  return new RunbackError('stage-refused', 'Nothing can be submitted there', {
    why,
    state: 'Nothing was submitted.',
    next: 'Name the intake of a sandbox or of a staging account.',
    data: { platform: name },
  });
}
