import { type CallOptions, isRunbackError } from '../../../lib/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import { testsFolder } from '../checks/tests.js';
import { mappingsFolder } from '../mappings/mapping-files.js';
import { proposeMonitors, type Unwatched, type Watchable } from '../monitors/proposals.js';

/**
 * What of a workspace nobody watches. With `call`, platforms are asked what they can tell; without it, or where one does not answer,
 * only what every platform can is proposed.
 */
export async function unwatchedIn(session: Session, call?: CallOptions): Promise<readonly Unwatched[]> {
  const { config } = session.workspace;
  const { platforms, syncs, backups, watching } = config;
  const told: Watchable['platforms'][number][] = [];
  for (const platform of Object.values(platforms)) told.push(await toldOf(session, platform, call));
  const jobs = Object.values(backups.jobs).map(({ name, target }) => ({ name, hasTarget: target !== undefined }));
  const { mappings, tried } = await mappedIn(session);
  return proposeMonitors({ platforms: told, syncs: Object.keys(syncs), jobs, mappings }, watching, tried);
}

async function toldOf(
  session: Session,
  { name, objects = [] }: PlatformConfig,
  call: CallOptions | undefined,
): Promise<Watchable['platforms'][number]> {
  const least = { name, objects, counts: false, quota: false };
  if (call === undefined) return least;
  try {
    const { connector } = await session.openPlatform(name, call);
    return { ...least, counts: connector.count !== undefined, quota: connector.dailyQuota !== undefined };
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    return least;
  }
}

/** The mappings, and those of them that the test of a monitor is about. What cannot be read is left to `mapping lint`. */
async function mappedIn(session: Session): Promise<{ readonly mappings: readonly string[]; readonly tried: ReadonlySet<string> }> {
  const [{ mappingFiles }, { testFiles }] = await Promise.all([import('../../../mappings/index.js'), import('../../../checks/index.js')]);
  const mappings = (await mappingFiles(mappingsFolder(session))).flatMap(({ mapping }) => mapping?.id ?? []);
  const watched = new Set((session.workspace.config.watching?.monitors ?? []).flatMap((monitor) => (monitor.kind === 'trial' ? [monitor.test] : [])));
  const tests = await testFiles(testsFolder(session));
  return { mappings, tried: new Set(tests.flatMap(({ test }) => (test !== undefined && watched.has(test.id) ? (test.document.mapping ?? []) : []))) };
}
