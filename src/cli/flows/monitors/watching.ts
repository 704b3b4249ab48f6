import { join } from 'node:path';

import { RunbackError } from '../../../lib/index.js';
import type { MonitorSettings, Watching, Workspace } from '../../../workspace/index.js';

/** What runback.yml watches. Throws `not-found` where it watches nothing. */
export async function requireWatching(workspace: Workspace): Promise<Watching> {
  const platform = Object.keys(workspace.config.platforms)[0] ?? 'hubspot';
  const watching = await watchingIn(workspace);
  if (watching !== undefined) return watching;
  throw new RunbackError('not-found', 'runback.yml has no monitors', {
    why: 'A monitor says what is measured again and again, and what is wrong with it.',
    state: 'Nothing was measured.',
    next: `Have some proposed: runback doctor --monitors\nOr add one to runback.yml: monitors: { quota: { forecast: ${platform}.daily } }`,
  });
}

/** The same; undefined where nothing is watched. Monitors of a mapping or a test have the platforms that its file names. */
export async function watchingIn({ config, root }: Pick<Workspace, 'config' | 'root'>): Promise<Watching | undefined> {
  const { watching } = config;
  if (watching === undefined) return undefined;
  const byFile = watching.monitors.some(({ platforms }) => platforms.length === 0);
  if (!byFile) return watching;
  const platforms = await platformsOfFiles(root);
  return { ...watching, monitors: watching.monitors.map((monitor) => withPlatforms(monitor, platforms)) };
}

function withPlatforms(monitor: MonitorSettings, byMapping: PlatformsOfFiles): MonitorSettings {
  if (monitor.platforms.length > 0) return monitor;
  if (monitor.kind === 'mapping' || monitor.kind === 'differences') return { ...monitor, platforms: byMapping.mappings.get(monitor.mapping) ?? [] };
  if (monitor.kind === 'trial') return { ...monitor, platforms: byMapping.mappings.get(byMapping.tests.get(monitor.test) ?? '') ?? [] };
  return monitor;
}

interface PlatformsOfFiles {
  readonly mappings: ReadonlyMap<string, readonly string[]>;
  /** By test its mapping. */
  readonly tests: ReadonlyMap<string, string>;
}

async function platformsOfFiles(root: string): Promise<PlatformsOfFiles> {
  const [{ mappingFiles }, { testFiles }] = await Promise.all([import('../../../mappings/index.js'), import('../../../checks/index.js')]);
  const [mappings, tests] = await Promise.all([mappingFiles(join(root, 'mappings')), testFiles(join(root, 'tests'))]);
  return {
    mappings: new Map(mappings.map(({ id, mapping }) => [mapping?.id ?? id, [...new Set(mapping?.sides.map(({ platform }) => platform))]])),
    tests: new Map(tests.flatMap(({ test }) => (test?.document.mapping === undefined ? [] : [[test.id, test.document.mapping] as const]))),
  };
}
