import { openPlatform, type Platform, underLockIn } from '../../connectors/index.js';
import type { CallOptions, Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { PlatformConfig, SecretRef, Workspace } from '../../workspace/index.js';

/** What a parity check works with. */
export interface ParityDeps {
  readonly workspace: Workspace;
  readonly store: Store;
  /** Person or job. */
  readonly by: string;
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

/** What platforms are opened with. Of all of them, only the test environment is written to, by whoever holds its lock. */
export const driverDeps = ({ workspace, store, secret, clock, environment, redact }: ParityDeps): Parameters<typeof openPlatform>[1] => ({
  secret,
  clock,
  folder: workspace.root,
  environment,
  redact,
  writes: underLockIn(store),
});

/** The entry of a platform that parity.yml names: it was looked up when the file was read. */
export function configOf({ workspace }: Pick<ParityDeps, 'workspace'>, name: string): PlatformConfig {
  return workspace.config.platforms[name] as PlatformConfig;
}

/** Opens a platform, its account and environment checked first; gives what `work` gives, and closes it. */
export async function withPlatform<T>(name: string, deps: ParityDeps, call: CallOptions, work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await openPlatform(configOf(deps, name), driverDeps(deps), call);
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}
