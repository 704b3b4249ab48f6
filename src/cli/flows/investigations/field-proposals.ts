import type { Platform } from '../../../connectors/index.js';
import type { FieldProposals, KnownSync, NoProposals } from '../../../investigations/index.js';
import { defined } from '../../../lib/index.js';
import type { SyncConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';

/** Declared syncs that write to a platform, as investigations know them. */
export function knownSyncs(syncs: Readonly<Record<string, SyncConfig>>, platform: string): readonly KnownSync[] {
  return Object.values(syncs)
    .filter((sync) => sync.writes_to.includes(platform))
    .map(({ name, writes_as: writesAs, fields }) => ({ name, writesAs, ...defined({ fields }) }));
}

/** What the history of an open platform proposes as `fields` of its syncs. Changes nothing. */
export async function proposalsOf(
  { live, call, clock }: CommandContext,
  platform: Platform,
  syncs: readonly KnownSync[],
): Promise<FieldProposals | NoProposals> {
  const { readProposals } = await import('../../../investigations/index.js');
  live.start(`Looking at who writes to ${platform.name}`);
  try {
    return await readProposals(platform, syncs, clock, call);
  } finally {
    live.stop();
  }
}

/** The same of every platform of a workspace. */
export async function allProposals(context: CommandContext, session: Session): Promise<readonly (FieldProposals | NoProposals)[]> {
  const { platforms, syncs } = session.workspace.config;
  const found: (FieldProposals | NoProposals)[] = [];
  for (const name of Object.keys(platforms))
    found.push(await proposalsOf(context, await session.openPlatform(name, context.call), knownSyncs(syncs, name)));
  return found;
}
