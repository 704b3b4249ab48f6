import type { BadSync } from '../../../drills/index.js';
import type { Score } from '../../../stages/index.js';
import type { CommandContext } from '../../shell/command.js';
import { count, counted, facts } from '../../views/text/format.js';
import type { Style } from '../../views/text/style.js';

/** The backup of the night before: taken, and every byte of it read again. */
export async function nightlySnapshot(context: CommandContext, folder: string): Promise<void> {
  const { live, call } = context;
  const opened = await context.session(folder);
  live.start("Taking last night's snapshot");
  const platform = await opened.openPlatform('hubspot', call);
  const request = { platforms: [platform], by: 'nightly', note: 'nightly backup' };
  const catalog = await opened.catalog();
  const { id, rows } = await catalog.create(request, call);
  await catalog.verify(id, call);
  live.stop();
  live.print(`${context.style.glyph.done} Last night's snapshot: ${count(rows)} records and links, verified`);
}

/** Lets the story go wrong, and says what happened. */
export function tellDamage(story: BadSync, say: (text: string) => void): void {
  const done = story.goWrong();
  const edits = story.colleagueWorks();
  say(
    `\nThis morning the sync "CRM to marketing platform" goes wrong. It writes "Valued Customer" over ${counted(done.overwritten, 'first names')}, empties ${counted(done.emptied, 'phone numbers')}, cuts ${counted(done.linksCut, 'contacts')} off their company and creates ${counted(done.duplicates, 'duplicates')}. It is still running.`,
  );
  say(
    `In the meantime a colleague, who does not know, makes ${counted(edits, 'edits')} by hand, some on the damaged records. And the sync also writes loyalty_points, correctly: those must stay.\n`,
  );
}

/** No damage is left, and nothing that was right is lost. */
export const isRepaired = ({ damagedLeft, innocentChanged, legitimateLost }: Score): boolean => damagedLeft + innocentChanged + legitimateLost === 0;

/** How the account compares with what it should hold, cell by cell. `more`: further facts. */
export function scoreText(score: Score, style: Style, more: readonly (readonly [string, string])[] = []): string {
  const kept = score.legitimateEdits === 0 ? 100 : ((score.legitimateEdits - score.legitimateLost) / score.legitimateEdits) * 100;
  const mark = (good: boolean, text: string): string => `${good ? style.glyph.done : style.glyph.failed} ${text}`;
  return [
    style.chalk.bold("Compared cell by cell with the sandbox's own records:"),
    facts(
      [
        ['damaged cells left', mark(score.damagedLeft === 0, `${count(score.damagedLeft)} of ${count(score.damagedCells)}`)],
        ['innocent cells changed', mark(score.innocentChanged === 0, `${count(score.innocentChanged)} of ${count(score.innocentCells)}`)],
        ['legitimate edits kept', mark(score.legitimateLost === 0, `${kept.toFixed(kept === 100 ? 0 : 2)} % of ${count(score.legitimateEdits)}`)],
        ...more,
      ],
      style,
    ),
    ...score.examples.map((example) => `  ${example}`),
  ].join('\n');
}
