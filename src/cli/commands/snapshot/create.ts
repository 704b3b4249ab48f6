import { defined, EXIT, newId, RunbackError } from '../../../lib/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import { whilePaused } from '../../flows/restores/while-paused.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { takenText } from '../../views/snapshot.js';

/** `runback snapshot create` */
export const createVerb: CommandSpec = {
  verb: 'create',
  summary: 'Read platforms into a new snapshot; changes nothing on them',
  details: 'Exit 3 if a wanted object type could not be read, or may be incomplete: the snapshot says which and why.',
  options: [
    { flags: '--platform <name>', description: 'platform to read; all of them if not given', kind: 'platform', repeat: true },
    { flags: '--object <type>', description: 'only this object type', repeat: true },
    { flags: '--pause-syncs', description: 'pause the syncs that write there until it is done, then resume them' },
    { flags: '--note <text>', description: 'what it is for' },
  ],
  examples: ['runback snapshot create --platform hubspot --note "before the import"'],
  run: create,
};

async function create({ input, session, live, call, interrupts, clock }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const names = input.someOf('platform') ?? Object.keys(opened.workspace.config.platforms);
  if (names.length === 0)
    throw new RunbackError('usage', 'runback.yml names no platform yet', {
      state: 'Nothing was read.',
      next: 'Add one to runback.yml, then: runback doctor',
    });
  await opened.authorise('snapshot');
  if (input.flag('pause-syncs')) await opened.authorise('pause-syncs');
  live.start(`Opening ${names.join(', ')}`);
  const platforms = await Promise.all(names.map((name) => opened.openPlatform(name, call)));
  const objects = input.someOf('object');
  const note = input.text('note');
  const request = { platforms, by: opened.by, ...defined({ objects, note }) };
  const catalog = await opened.catalog();
  const make = (): Promise<SnapshotSummary> => catalog.create(request, { ...call, signal: interrupts.signal });
  const summary = input.flag('pause-syncs') ? await whilePaused(opened, names, newId('snapshot-pause', clock), call, make) : await make();
  return { data: summary, text: (style) => takenText(summary, style), ...(summary.gaps.length > 0 ? { exit: EXIT.partial } : {}) };
}
