import { HISTORY, pruneHistory } from '../../backups/index.js';
import { EXIT } from '../../lib/index.js';
import { removeLeftDrills } from '../flows/drills/drills.js';
import { logFiles } from '../session/log-files.js';
import type { CommandContext, CommandSpec, Outcome } from '../shell/command.js';
import { historyText } from '../views/history.js';

async function prune(context: CommandContext): Promise<Outcome> {
  const { input, session, live, interrupts } = context;
  const opened = await session();
  const { store, clock, by, workspace } = opened;
  const { history: keep = {}, restores } = workspace.config;
  const dry = input.flag('dry-run');
  live.start('Reading what was done');
  const deps = { store, clock, by, keep, logs: logFiles(opened.logDir), planMaxAge: restores.plan_max_age, signal: interrupts.signal };
  const judged = await pruneHistory(deps, dry);
  live.stop();
  if (!dry) await removeLeftDrills(context);
  const kept = HISTORY.filter((kind) => keep[kind] === undefined);
  return {
    data: { dryRun: dry, history: judged, kept },
    text: (style) => historyText(judged, kept, dry, style),
    ...(judged.some(({ deleted }) => deleted === false) ? { exit: EXIT.partial } : {}),
  };
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Delete old plans, investigations, runs, restores and logs, as `history` in runback.yml says',
    details:
      'Age counts from the newest of each kind, and the three newest stay. So does whatever something open refers to, a plan that a restore is undone with, an investigation that a plan was made of, and a restore that created records again. Snapshots are not touched: that is `runback backup prune`. What killed drills, restore tests and rehearsals have left on this machine goes too. Exit 3 if something could not be deleted.',
    options: [{ flags: '--dry-run', description: 'only say it: nothing is deleted' }],
    examples: ['runback prune --dry-run'],
    run: prune,
  },
];
