import { defined, parseDuration, RunbackError } from '../../../lib/index.js';
import { incidentsNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { pauseText } from '../../views/sync.js';
import { NAMES } from './words.js';

/** `runback sync pause` */
export const pauseVerb: CommandSpec = {
  verb: 'pause',
  summary: 'Pause syncs, wait for work in flight, remember which were running',
  args: [NAMES],
  options: [
    { flags: '--writes-to <platform>', description: 'every sync that writes there, or reacts to what is written there', kind: 'platform' },
    { flags: '--all', description: 'every sync' },
    { flags: '--drain <duration>', description: 'longest wait for work in flight: 30s, 5m' },
    { flags: '--cancel-running', description: 'end what is still in flight after the wait, where the controller can' },
    { flags: '--reason <text>', description: 'why, for people who find them paused' },
  ],
  examples: ['runback sync pause --writes-to hubspot --reason "wrong e-mails"'],
  run: pause,
};

async function pause({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const open = await session();
  const names = input.words('names');
  const writesTo = input.text('writes-to');
  if (names.length === 0 && writesTo === undefined && !input.flag('all'))
    throw new RunbackError('usage', 'Say which syncs: names, --writes-to <platform>, or --all', {
      state: 'Nothing was paused.',
      next: 'runback sync list',
    });
  if (writesTo !== undefined) open.platformConfig(writesTo);
  const drain = input.text('drain');
  await open.authorise('pause-syncs');
  const incidents = await incidentsNow(open, writtenBy(open, names, writesTo));
  live.start('Pausing');
  const record = await (
    await open.syncs()
  ).pause(
    {
      by: open.by,
      holder: `person:${open.by}`,
      reason: input.text('reason') ?? 'paused by hand',
      ...defined({ incidents }),
      ...(names.length === 0 ? {} : { names }),
      ...defined({ writesTo }),
      ...(input.flag('cancel-running') ? { cancelLate: true } : {}),
      ...(drain === undefined ? {} : { drainMs: parseDuration(drain) }),
    },
    call,
  );
  return {
    data: record,
    text: (style) => `${style.glyph.done} Paused\n${pauseText(record, style)}\n\nBack to the earlier state: runback sync resume ${record.id}`,
  };
}

/** The platforms that the syncs write to which are paused: of those named, of those that write to one, or of all. */
function writtenBy({ workspace }: Session, names: readonly string[], writesTo: string | undefined): readonly string[] {
  const all = Object.values(workspace.config.syncs);
  const meant = all.filter(
    ({ name, writes_to, reacts_to = [] }) =>
      names.includes(name) ||
      (writesTo !== undefined && [...writes_to, ...reacts_to].includes(writesTo)) ||
      (names.length === 0 && writesTo === undefined),
  );
  return meant.flatMap(({ writes_to }) => writes_to);
}
