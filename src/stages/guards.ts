import { identifyPlatform, type Platform } from '../connectors/index.js';
import { type CallOptions, isRunbackError, messageOf, RunbackError } from '../lib/index.js';
import type { PlatformConfig, WorkspaceConfig } from '../workspace/index.js';
import { type ResolveSecret, secretsOf, shareSecret } from './credentials.js';

/** What guards ask for. */
export interface GuardDeps {
  readonly secret: ResolveSecret;
  readonly identify: (config: PlatformConfig, call: CallOptions) => ReturnType<typeof identifyPlatform>;
  readonly call: CallOptions;
}

/**
 * Nothing is ever staged in production. Refused (`stage-refused`), with nothing written, is a platform
 * - that is declared as production, or that neither says its environment itself nor has its account named;
 * - whose account or credentials are those of any production platform of the workspace, as declared or as that
 *   platform says itself. Each is asked who it is; asking changes nothing.
 * A production platform that cannot be asked and whose account is not named cannot be told apart from anything: then it
 * is refused too. `platform` is open, so its account and environment were checked against the declaration by now.
 * Gives what could not be looked at, in words.
 */
export async function guardStage(
  platform: Platform,
  config: PlatformConfig,
  workspace: WorkspaceConfig,
  deps: GuardDeps,
): Promise<readonly string[]> {
  const { name, identity } = platform;
  if (platform.environment === 'production' || identity.environment === 'production')
    throw refusedStage(name, `It is production: ${identity.label} at ${identity.address}.`);
  if (platform.unnamed === true) throw refusedStage(name, 'Neither runback.yml names its account, nor does it say itself which environment it is.');
  const unseen: string[] = [];
  const own = await secretsOf(config, deps.secret);
  for (const other of Object.values(workspace.platforms)) {
    if (other.environment !== 'production') continue;
    if (shareSecret(await secretsOf(other, deps.secret), own))
      throw refusedStage(name, `It has the same credentials as ${other.name}, which is production.`);
    if (other.connector !== config.connector) continue;
    if (other.account !== undefined && other.account === identity.account)
      throw refusedStage(name, `It is account ${identity.account}, which is that of ${other.name}, which is production.`);
    const seen = await askedOf(other, deps);
    if (typeof seen === 'string') {
      if (other.account === undefined)
        throw refusedStage(name, `It cannot be told apart from ${other.name}, which is production and cannot be asked: ${seen}`);
      unseen.push(`${other.name}, which is production, could not be asked who it is: ${seen}`);
      continue;
    }
    if (seen.account === identity.account)
      throw refusedStage(name, `Account ${identity.account} answers for ${other.name} too, which is production.`);
  }
  return unseen;
}

async function askedOf(config: PlatformConfig, { identify, call }: GuardDeps): Promise<Awaited<ReturnType<typeof identifyPlatform>> | string> {
  try {
    return await identify(config, call);
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    return messageOf(error);
  }
}

/** A stage that is, or may be, production. */
export function refusedStage(name: string, why: string): RunbackError {
  return new RunbackError('stage-refused', `Nothing can be staged on ${name}`, {
    why,
    state: 'Nothing was written.',
    next: 'Name another platform: a sandbox or a staging account of its own, with credentials of its own.',
    data: { platform: name },
  });
}
