import type { Incident } from '../../../incidents/index.js';
import { isRunbackError, shellWord } from '../../../lib/index.js';
import type { Runbook } from '../../../runbooks/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { pauseText } from '../../views/sync.js';
import { count, counted, table } from '../../views/text/format.js';
import { visible } from '../../views/text/visible.js';
import { wrap } from '../../views/text/width.js';
import { writtenBy } from '../investigations/written-by.js';

type Way = 'pause' | 'evidence' | 'history' | 'file' | 'done';

const LOOK_BACK_MS = 24 * 3_600_000;
const SHOWN = 12;

/**
 * True where a runbook wants a snapshot from before the damage, and the workspace has none of the incident's platform.
 */
export async function lacksSnapshot(session: Session, { platforms }: Incident, { document }: Runbook): Promise<boolean> {
  if (!Object.values(document.inputs ?? {}).some(({ type }) => type === 'snapshot')) return false;
  const snapshots = await (await session.catalog()).list();
  return !snapshots.some(({ objects }) => objects.some(({ platform }) => platforms.length === 0 || platforms.includes(platform)));
}

/**
 * Without a snapshot from before there is nothing to compare with, and still much to do: stop what writes, keep the
 * present state, see in the platform's own history who wrote what, and look for an export. Offers these until the
 * person has had enough.
 */
export async function withoutSnapshot(context: CommandContext, session: Session, incident: Incident): Promise<void> {
  const { live, style } = context;
  const asker = await context.asker('nothing');
  const name = await platformOf(context, session, incident);
  if (name === undefined) return;
  const words =
    "There is no snapshot from before the damage. Do the first two now: stop what writes, and keep the current state before anyone cleans up. Then the platform's own history may tell what stood there before.";
  live.print(`\n${style.glyph.warning} ${wrap(words, style.width - 2).join('\n  ')}`);
  const done = new Set<Way>();
  for (;;) {
    const way = await asker.choose<Way>({
      message: 'What next?',
      choices: (
        [
          { value: 'pause', name: 'Stop the syncs', beside: `those that write to ${visible(name)}; runback remembers which were running` },
          { value: 'evidence', name: 'Keep the evidence', beside: 'a snapshot of the current state; it only reads' },
          {
            value: 'history',
            name: 'See who wrote what',
            beside: "the platform's own history of the last day, and how to roll back from it; it only reads",
          },
          { value: 'file', name: 'Use an export', beside: 'a CSV file that someone exported before the damage can be the base' },
          { value: 'done', name: 'That is all for now', beside: 'the incident stays open; runback respond continues it' },
        ] as const
      ).filter(({ value }) => !done.has(value)),
    });
    if (way === 'done') return;
    try {
      await WAYS[way](context, session, name, incident.id);
      done.add(way);
    } catch (error) {
      live.stop();
      if (!isRunbackError(error) || error.code === 'interrupted') throw error;
      live.print(`${style.glyph.failed} ${wrap(visible([error.message, error.why].filter(Boolean).join('. ')), style.width - 2).join('\n  ')}`);
    }
  }
}

async function platformOf(context: CommandContext, session: Session, { platforms }: Incident): Promise<string | undefined> {
  const names = platforms.length > 0 ? platforms : Object.keys(session.workspace.config.platforms);
  const [first, ...others] = names;
  if (first === undefined || others.length === 0) return first;
  const asker = await context.asker('nothing');
  return await asker.choose({ message: 'Which platform first?', choices: names.map((value) => ({ value, name: visible(value) })) });
}

type Work = (context: CommandContext, session: Session, platform: string, incident: string) => Promise<void>;

const WAYS: Readonly<Record<Exclude<Way, 'done'>, Work>> = {
  pause: async ({ live, style, call }, session, platform, incident) => {
    await session.authorise('pause-syncs');
    live.start('Pausing');
    const why = { reason: 'an incident without a snapshot', incidents: [incident] };
    const request = { writesTo: platform, by: session.by, holder: `person:${session.by}`, ...why };
    const record = await (await session.syncs()).pause(request, call);
    live.stop();
    if (record.entries.length === 0)
      live.print(`${style.glyph.warning} runback.yml lists no sync that writes to ${visible(platform)}: stop it in its own tool.`);
    else live.print(`${style.glyph.done} Paused\n${pauseText(record, style)}\n  Back to the earlier state: runback sync resume ${record.id}`);
  },
  evidence: async ({ live, style, call }, session, platform) => {
    live.start('Keeping the evidence');
    const request = { platforms: [await session.openPlatform(platform, call)], by: session.by, note: 'the damage' };
    const { id, rows } = await (await session.catalog()).create(request, call);
    live.stop();
    live.print(`${style.glyph.done} Kept: ${count(rows)} records and links in ${id}`);
  },
  file: async ({ live, style }, session, platform) => {
    const { objects } = session.platformConfig(platform);
    const words = `A CSV file with the ids of the records ("All contacts" of HubSpot, a mail with last week's list) says what they were. Look at what runback makes of it, then import it without --dry-run, and plan with it. It is no copy of everything: nothing is deleted or linked because of it. Of a database, a pg_dump that is restored into another schema does as well: --from-schema instead of FILE.`;
    const command = `runback snapshot import FILE --platform ${visible(platform)} --object ${visible(objects?.[0] ?? 'contacts')} --dry-run`;
    live.print(`${wrap(words, style.width - 2).join('\n')}\n\n  ${command}\n`);
    await Promise.resolve();
  },
  history: async ({ live, style, call, clock }, session, platform) => {
    live.start('Checking with the platform who wrote what');
    const opened = await session.openPlatform(platform, call);
    const since = new Date(clock.now().getTime() - LOOK_BACK_MS);
    const groups = await writtenBy(opened, { since }, call);
    live.stop();
    if (groups === undefined) {
      live.print(`${style.glyph.warning} ${visible(platform)} keeps no history of its fields: what stood there before cannot be told.`);
      return;
    }
    const rows = groups
      .slice(0, SHOWN)
      .map(({ writer, object, field, records, value, times, earlier }) => [
        visible(writer),
        visible(field === undefined ? object : `${object} ${field}`),
        count(records),
        field === undefined ? 'deleted' : `${value} (${counted(times, 'times')})`,
        count(earlier),
      ]);
    const columns = [
      { title: 'Who', shrink: true },
      { title: 'Field', shrink: true },
      { title: 'Records', align: 'right' as const },
      { title: 'Wrote most often', shrink: true },
      { title: 'Old value known', align: 'right' as const },
    ];
    live.print(groups.length === 0 ? 'Nothing was written in the last 24 hours.' : table(columns, rows, style));
    if (groups.length > rows.length) live.print(`  ... and ${counted(groups.length - rows.length, 'more fields')}`);
    const [first] = groups;
    if (first === undefined) return;
    const words =
      'Once you know who did the damage, and when it began, a plan can put back what stood there before. It writes nothing until you apply it:';
    const command = `runback restore plan --platform ${visible(platform)} --from-history --since TIME --suspect ${shellWord(visible(first.writer))}`;
    live.print(`\n${wrap(words, style.width).join('\n')}\n\n  ${command}\n`);
  },
};
