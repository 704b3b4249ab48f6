import type { Investigation, KeptGroup } from '../../../investigations/index.js';
import type { CommandContext } from '../../shell/command.js';
import { choiceLine } from '../../views/investigation-words.js';
import { investigationText } from '../../views/investigation.js';
import { counted } from '../../views/text/format.js';
import { wrap } from '../../views/text/width.js';

/** Groups that are always offered: what comes behind them can still be named with --group. */
const OFFERED = 12;

/** What a person took. */
export interface ChosenByHand {
  readonly numbers: readonly number[];
  /** Records that were created are among it: to take them is to delete them, and the list says so. */
  readonly deleteCreated: boolean;
}

/** Shows what was found, and lets a person take and leave groups; what is damage is marked, all else is left. */
export async function chooseGroups(context: CommandContext, investigation: Investigation): Promise<ChosenByHand> {
  const { live, style } = context;
  const { groups, start } = investigation.header;
  live.print(investigationText(investigation, style));
  const offered = groups.filter(
    ({ n, verdict }, i) => verdict === 'damage' || verdict === 'ask' || i < OFFERED || start?.groups.includes(n) === true,
  );
  const hidden = groups.length - offered.length;
  if (hidden > 0)
    live.print(
      wrap(
        `${counted(hidden, 'more groups')} without a sign of damage ${hidden === 1 ? 'is' : 'are'} not in this list: runback investigate --show ${investigation.header.id} --json`,
        style.width,
      ).join('\n'),
    );
  const asker = await context.asker('--no-input');
  const chosen = await asker.several<KeptGroup>({
    message: 'Which groups are damage?',
    choices: offered.map((group) => ({
      value: group,
      name: choiceLine(group, style),
      ...(group.verdict === 'damage' ? { checked: true } : {}),
    })),
  });
  const numbers = chosen.map(({ n }) => n);
  const deleteCreated = chosen.some(({ label }) => label === 'created');
  if (numbers.length > 0) live.print(`\nThe same again:\n  ${sameAgain(investigation.header.id, numbers, deleteCreated)}`);
  return { numbers, deleteCreated };
}

/** The command that plans the same groups without a terminal. */
function sameAgain(id: string, numbers: readonly number[], deleteCreated: boolean): string {
  const groups = numbers.map((n) => ` --group ${n}`).join('');
  return `runback restore plan --investigation ${id}${groups}${deleteCreated ? ' --delete-created' : ''}`;
}
