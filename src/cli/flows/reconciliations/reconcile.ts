import { rm } from 'node:fs/promises';

import type { Reconciled } from '../../../checks/index.js';
import { defined } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
import type { Session } from '../../session/session.js';
import { temporaryFolder } from '../../session/temporary.js';
import type { CommandContext } from '../../shell/command.js';
import { chosenMappings } from '../mappings/mapping-files.js';

/** The one mapping that a word means. Throws `not-found`, `ambiguous`, `file-invalid`. */
export async function oneMapping(session: Session, word: string, cwd: string): Promise<Mapping> {
  const { chosen } = await chosenMappings(session, [word], cwd);
  const [mapping] = chosen;
  if (mapping === undefined) throw new TypeError('a mapping was chosen');
  return mapping;
}

/** Reconciles both sides of a mapping; see `reconcile` of the checks. */
export async function reconcileNow(
  { call, live }: CommandContext,
  session: Session,
  mapping: Mapping,
  snapshots: readonly string[] | undefined,
): Promise<Reconciled> {
  const { reconcile } = await import('../../../checks/index.js');
  const [left, right] = mapping.sides;
  live.start(`Opening ${[...new Set([left.platform, right.platform])].join(' and ')}`);
  const first = await session.openPlatform(left.platform, call);
  const second = left.platform === right.platform ? first : await session.openPlatform(right.platform, call);
  const catalog = await session.catalog();
  let folder: string | undefined;
  try {
    const join = { scratch: async (): Promise<string> => (folder ??= await temporaryFolder('runback-reconcile-')) };
    const deps = { store: session.store, clock: session.clock, catalog, platforms: [first, second] as const, join };
    return await reconcile({ mapping, by: session.by, ...defined({ snapshots }) }, deps, call);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
