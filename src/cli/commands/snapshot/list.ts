import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotList } from '../../views/snapshot.js';

/** `runback snapshot list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Snapshots, newest first', run: list };

async function list({ session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const { snapshots, ignored } = await catalog.survey();
  const exposures = await catalog.exposures();
  return { data: { snapshots, ignored, exposures }, text: (style) => snapshotList(snapshots, { ignored, exposures }, style) };
}
