import { RunbackError, suggest } from '../lib/index.js';
import type { SecretRef } from '../workspace/index.js';
import type { SyncController } from './controller.js';

/** What a driver is given. */
export interface DriverDeps {
  /** Name of the sync in runback.yml. */
  readonly name: string;
  /** The sync's own settings, checked by the driver. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Resolves all secrets of the sync by their names. */
  readonly credentials: () => Promise<Record<string, string>>;
  /** Resolves a reference that stands in the driver's own settings. */
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Takes secrets out of any text that leaves a driver; before it is shortened. */
  readonly redact: (text: string) => string;
  /** Folder relative paths start from. */
  readonly cwd: string;
  /** Environment for programs that a driver starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: import('../lib/index.js').Clock;
}

const DRIVERS: Readonly<Record<string, (deps: DriverDeps) => Promise<SyncController>>> = {
  http: async (deps) => (await import('./drivers/http.js')).httpController(deps),
  command: async (deps) => (await import('./drivers/command.js')).commandController(deps),
};

/** Makes the controller of one sync. Throws `file-invalid` for an unknown controller or settings that do not fit it. */
export async function openController(kind: string, deps: DriverDeps): Promise<SyncController> {
  const driver = Object.hasOwn(DRIVERS, kind) ? DRIVERS[kind] : undefined;
  if (!driver) {
    const near = suggest(kind, Object.keys(DRIVERS));
    throw new RunbackError('file-invalid', `runback.yml: syncs.${deps.name}.controller: there is no controller "${kind}"`, {
      why: `Known are ${Object.keys(DRIVERS).join(' and ')}.`,
      next: near ? `Did you mean "${near}"?` : 'The controllers http and command fit any system that can be called.',
    });
  }
  try {
    return await driver(deps);
  } catch (error) {
    if (error instanceof Error && error.name === 'ZodError' && 'issues' in error) {
      const issues = error.issues as { path: PropertyKey[]; message: string }[];
      throw new RunbackError('file-invalid', `runback.yml: the settings of sync ${deps.name} do not fit the controller "${kind}"`, {
        why: issues.map((issue) => `syncs.${deps.name}.${issue.path.join('.')}: ${issue.message}`).join('; '),
        next: 'Correct runback.yml; docs/syncs.md shows an example of each controller.',
        cause: error,
      });
    }
    throw error;
  }
}
