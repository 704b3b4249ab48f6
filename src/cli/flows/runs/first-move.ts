import type { FoundByMonitor, Incident } from '../../../incidents/index.js';
import type { Start } from '../../../investigations/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { pauseText } from '../../views/sync.js';
import { visible } from '../../views/text/visible.js';
import { isUsable } from '../investigations/investigation.js';

/** Where a search for what happened starts. */
export interface Search {
  readonly platform: string;
  /** Id of a snapshot from before. */
  readonly base?: string;
  readonly start?: Start;
  /** Id of an investigation whose groups are chosen from again. */
  readonly investigation?: string;
}

type Move = 'pause' | 'search' | 'runbook';

/**
 * What is done first about what a monitor found: the syncs that write there are one key away from being paused, and the search for what
 * happened knows where and when. Undefined where the runbook comes next.
 */
export async function firstMove(context: CommandContext, session: Session, incident: Incident): Promise<Search | undefined> {
  const { id, found } = incident;
  if (found === undefined) return await continued(context, incident);
  const asker = await context.asker(commandsFor(id, found).join('\n'));
  const base = await baseBefore(session, found);
  let { syncs } = found;
  for (;;) {
    const move = await asker.choose<Move>({ message: 'What first?', choices: movesOf(found, syncs, base !== undefined) });
    if (move === 'runbook') return undefined;
    if (move === 'search' && found.platform !== undefined && base !== undefined)
      return { platform: found.platform, base, start: { sinceMs: Date.parse(found.from) } };
    await pause(context, session, { id, syncs });
    syncs = [];
  }
}

/** Where an investigation is on record: its groups again, or a new look. */
async function continued(context: CommandContext, { id, platforms, links }: Incident): Promise<Search | undefined> {
  const [platform] = platforms;
  const investigation = links.findLast(({ kind }) => kind === 'investigation')?.id;
  if (platform === undefined || investigation === undefined) return undefined;
  const asker = await context.asker(`runback investigate --show ${investigation}`);
  const move = await asker.choose<Move | 'groups'>({
    message: 'What first?',
    choices: [
      { value: 'groups', name: 'Choose from the groups that were found', description: `${investigation}, linked to ${id}` },
      { value: 'search', name: `Find out again what happened on ${visible(platform)}`, description: 'Compares it as it is now; changes nothing.' },
      { value: 'runbook', name: 'Choose a runbook' },
    ],
  });
  if (move === 'runbook') return undefined;
  return move === 'groups' ? { platform, investigation } : { platform };
}

function movesOf(
  { platform, from }: FoundByMonitor,
  syncs: readonly string[],
  canSearch: boolean,
): { readonly value: Move; readonly name: string; readonly description?: string }[] {
  return [
    ...(syncs.length === 0
      ? []
      : [
          {
            value: 'pause' as const,
            name: `Pause ${syncs.map((name) => visible(name)).join(', ')}`,
            description: 'Nothing more is written by it until you resume it.',
          },
        ]),
    ...(platform === undefined || !canSearch
      ? []
      : [
          {
            value: 'search' as const,
            name: `Find out what happened on ${visible(platform)} since ${from.slice(0, 16).replace('T', ' ')} UTC`,
            description: 'Compares it with an earlier snapshot, and asks who wrote what; changes nothing.',
          },
        ]),
    { value: 'runbook', name: 'Choose a runbook' },
  ];
}

/** The newest snapshot that was begun before what was found did. */
async function baseBefore(session: Session, { platform, from }: FoundByMonitor): Promise<string | undefined> {
  const snapshots = (await (await session.catalog()).list()).filter(isUsable);
  return snapshots.findLast(({ startedAt, platforms }) => startedAt <= from && platforms.some(({ name }) => name === platform))?.id;
}

function commandsFor(id: string, { syncs, platform, from }: FoundByMonitor): readonly string[] {
  return [
    ...(syncs.length === 0 ? [] : [`runback sync pause ${syncs.join(' ')} --reason ${id}`]),
    ...(platform === undefined ? [] : [`runback investigate --platform ${platform} --since ${from}`]),
  ];
}

async function pause(
  { live, style, call }: CommandContext,
  session: Session,
  { id, syncs }: { readonly id: string; readonly syncs: readonly string[] },
): Promise<void> {
  await session.authorise('pause-syncs');
  live.start('Pausing');
  const controllers = await session.syncs();
  const record = await controllers.pause(
    { by: session.by, holder: `person:${session.by}`, reason: `incident ${id}`, names: syncs, incidents: [id] },
    call,
  );
  live.stop();
  live.print(`${style.glyph.done} Paused\n${pauseText(record, style)}\n  Back to the earlier state: runback sync resume ${record.id}`);
}
