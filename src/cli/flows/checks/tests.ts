import { join } from 'node:path';

import type { IntegrationTest, TestFile } from '../../../checks/index.js';
import type { Identity, Platform } from '../../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';

/** Where tests of an integration are in a workspace. */
export const testsFolder = ({ workspace }: Session): string => join(workspace.root, 'tests');

/** The test that an id, or the beginning of one, means. Throws `not-found`, `ambiguous`, `file-invalid`. */
export async function findTest(files: readonly TestFile[], wanted: string): Promise<IntegrationTest> {
  const file = byPrefix(wanted, files, ({ id }) => id, { what: 'test', list: 'runback test list' });
  if (file.test !== undefined) return file.test;
  const { loadTest } = await import('../../../checks/index.js');
  return await loadTest(file.path);
}

/** Opens a platform that a test may write to. Throws `stage-refused` for production, and for what may be production. */
export async function openForTest(session: Session, name: string, call: CallOptions): Promise<Platform> {
  const { guardStage } = await import('../../../stages/index.js');
  const platform = await session.openPlatform(name, call);
  const identify = async (config: PlatformConfig): Promise<Identity> => await identityOf(session, config.name, call);
  await guardStage(platform, session.platformConfig(name), session.workspace.config, { secret: session.secret, identify, call });
  return platform;
}

/** Who a platform says it is; nothing else is asked. */
export async function identityOf(session: Session, name: string, call: CallOptions): Promise<Identity> {
  const connector = await session.openBeside(name);
  try {
    return await connector.identify(call);
  } finally {
    await connector.close();
  }
}

/** The mapping that a test names. Throws `not-found`, `file-invalid`. */
export async function mappingOf(
  { workspace }: Session,
  { document, file }: { readonly document: { readonly mapping: string }; readonly file: string },
): Promise<Mapping> {
  const { loadMapping, mappingFiles } = await import('../../../mappings/index.js');
  const files = await mappingFiles(join(workspace.root, 'mappings'));
  const found = files.find((each) => (each.mapping?.id ?? each.id) === document.mapping);
  if (found === undefined)
    throw new RunbackError('not-found', `There is no mapping ${document.mapping}, which ${file} names`, {
      why: files.length === 0 ? 'The workspace has no mappings.' : `There are: ${files.map(({ id, mapping }) => mapping?.id ?? id).join(', ')}.`,
      state: 'Nothing was started.',
    });
  return found.mapping ?? (await loadMapping(found.path));
}
