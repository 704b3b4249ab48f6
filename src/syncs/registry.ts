import { RunbackError, suggest } from '../lib/index.js';
import type { DriverDeps, SyncController } from './controller.js';

const DRIVERS: Readonly<Record<string, (deps: DriverDeps) => Promise<SyncController>>> = {
  http: async (deps) => (await import('./drivers/http.js')).httpController(deps),
  command: async (deps) => (await import('./drivers/command.js')).commandController(deps),
};

/** Makes the controller of one sync. Throws `file-invalid` for an unknown controller or settings that do not fit it. */
export async function openController(kind: string, deps: DriverDeps): Promise<SyncController> {
  const driver = Object.hasOwn(DRIVERS, kind) ? DRIVERS[kind] : undefined;
  try {
    return driver === undefined ? await described(kind, deps) : await driver(deps);
  } catch (error) {
    if (error instanceof Error && error.name === 'ZodError' && 'issues' in error) {
      const issues = error.issues as { path: PropertyKey[]; message: string }[];
      throw new RunbackError('file-invalid', `runback.yml: the settings of sync ${deps.name} do not match the controller "${kind}"`, {
        why: issues.map((issue) => `syncs.${deps.name}.${issue.path.join('.')}: ${issue.message}`).join('; '),
        next: 'Correct runback.yml; docs/syncs.md shows an example of each controller.',
        cause: error,
      });
    }
    throw error;
  }
}

/** A controller that a file tells about: one of the workspace, or one that ships with runback. */
async function described(kind: string, deps: DriverDeps): Promise<SyncController> {
  const { loadController, shippedControllers } = await import('./descriptions/load.js');
  const says = await loadController(kind, deps.cwd);
  if (says !== undefined) return (await import('./drivers/described.js')).describedSync(kind, says, deps);
  const known = [...Object.keys(DRIVERS), ...(await shippedControllers())];
  const near = suggest(kind, known);
  throw new RunbackError('file-invalid', `runback.yml: syncs.${deps.name}.controller: there is no controller "${kind}"`, {
    why: `Known are ${known.join(', ')}, and files of the workspace that end with .yml.`,
    next: near ? `Did you mean "${near}"?` : 'The controllers http and command work with any system that can be called.',
  });
}
