import { type CallOptions, defined, RunbackError, suggest } from '../lib/index.js';
import type { DriverDeps, SyncController } from './controller.js';
import { countedSync } from './counted.js';
import type { FoundSync } from './described/list.js';
import type { ControllerDescription } from './descriptions/form.js';

const DRIVERS: Readonly<Record<string, (deps: DriverDeps) => Promise<SyncController>>> = {
  http: async (deps) => (await import('./drivers/http.js')).httpController(deps),
  command: async (deps) => (await import('./drivers/command.js')).commandController(deps),
};

/** Makes the controller of one sync. Throws `file-invalid` for an unknown controller or settings that do not fit it. */
export async function openController(kind: string, deps: DriverDeps): Promise<SyncController> {
  const driver = Object.hasOwn(DRIVERS, kind) ? DRIVERS[kind] : undefined;
  try {
    const controller = driver === undefined ? await described(kind, deps) : await driver(deps);
    return deps.calls === undefined ? controller : countedSync(controller, deps.name, deps.calls);
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

/** A tool that can be asked which syncs it has. */
export interface ListingTool {
  /** `controller:` of its syncs. */
  readonly kind: string;
  /** For people. */
  readonly name: string;
  /** Absent where each has its own address. */
  readonly url?: string;
  /** Names of its credentials, in the order in which they are asked for. */
  readonly credentials: readonly string[];
  /** The connector of the platform that its automations are a part of. */
  readonly automationOf?: string;
}

/** The shipped tools that can be asked which syncs they have, by name. */
export async function listingTools(): Promise<readonly ListingTool[]> {
  const { loadController, shippedControllers } = await import('./descriptions/load.js');
  const tools: ListingTool[] = [];
  for (const kind of await shippedControllers()) {
    const says = await loadController(kind, '.');
    if (says?.list === undefined) continue;
    const { name, url, auth, automation_of: automationOf } = says;
    tools.push({ kind, name, credentials: credentialsOf(auth), ...defined({ url, automationOf }) });
  }
  return tools;
}

function credentialsOf(auth: ControllerDescription['auth']): readonly string[] {
  switch (auth.kind) {
    case 'none':
      return [];
    case 'header':
      return [auth.credential];
    case 'basic':
      return [...(auth.user === undefined ? [] : [auth.user]), auth.password];
    case 'client-credentials':
      return [auth.id, auth.secret];
  }
}

/** Asks a tool which syncs it has; changes nothing. `deps.options` holds its `url`. Throws `usage` and what asking throws. */
export async function listSyncs(kind: string, deps: DriverDeps, options?: CallOptions): Promise<readonly FoundSync[]> {
  const { loadController } = await import('./descriptions/load.js');
  const says = await loadController(kind, deps.cwd);
  if (says === undefined) throw new RunbackError('usage', `There is no controller "${kind}"`, { state: 'Nothing was requested.' });
  return await (await import('./drivers/described.js')).syncsOf(says, deps, options);
}

/** The connector of the platform that a controller is an automation of; undefined for what is none, and for what is not known. */
export async function automationOf(kind: string, folder: string): Promise<string | undefined> {
  if (Object.hasOwn(DRIVERS, kind)) return undefined;
  const { loadController } = await import('./descriptions/load.js');
  return (await loadController(kind, folder))?.automation_of;
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
