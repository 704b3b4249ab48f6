import { resolve } from 'node:path';

import type { Others, TwiceDecision } from '../../../checks/index.js';
import type { Platform } from '../../../connectors/index.js';
import { defined } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import type { Asker } from '../../prompts/asker.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { twiceFacts, twiceText } from '../../views/checks/twice.js';
import type { Style } from '../../views/text/style.js';
import { type KnownSides, knownSides } from './known-twice.js';

/** Groups that a person is asked about, one after the other. */
const MOST_ASKED = 20;

interface Deciding {
  readonly id: string;
  readonly mapping: Mapping;
  readonly platforms: readonly [Platform, Platform];
}

type Group = readonly [readonly string[], readonly string[]];

/** What is decided about records that match twice: by the file of `--answers`, by the person at the terminal, or nothing. */
export async function decideTwice(
  context: CommandContext,
  { store }: Session,
  { id, mapping, platforms }: Deciding,
): Promise<readonly TwiceDecision[]> {
  const { keptDifferences, readDecisions } = await import('../../../checks/index.js');
  const file = context.input.text('answers');
  if (file !== undefined) return await readDecisions(resolve(context.stdio.cwd, file), mapping);
  if (!context.interactive) return [];
  const groups: Group[] = [];
  for await (const one of keptDifferences(store, id)) if (one.class === 'twice') groups.push(one.keys);
  if (groups.length === 0) return [];
  const asked = groups.slice(0, MOST_ASKED);
  context.live.start('Reading the records that match twice');
  const known = await knownSides(asked, mapping, platforms, context.call);
  const asker = await context.asker('--answers');
  const decisions: TwiceDecision[] = [];
  for (const group of asked) {
    const decision = await askAbout(asker, group, { mapping, known, style: context.style });
    if (decision !== undefined) decisions.push(decision);
  }
  return decisions;
}

interface Asking {
  readonly mapping: Mapping;
  readonly known: KnownSides;
  readonly style: Style;
}

async function askAbout(asker: Asker, group: Group, asking: Asking): Promise<TwiceDecision | undefined> {
  const keys: string[] = [];
  for (const side of [0, 1] as const) {
    const key = group[side].length === 1 ? group[side][0] : await askSide(asker, group, side, asking);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  const [left = '', right = ''] = keys;
  return { keys: [left, right], others: await askOthers(asker, asking.mapping) };
}

async function askSide(asker: Asker, group: Group, side: SideIndex, { mapping, known, style }: Asking): Promise<string | undefined> {
  const other = side === 0 ? 1 : 0;
  const { sides } = mapping;
  const named = (of: SideIndex, key: string): string => twiceText(sides[of].object, key, known[of]);
  return await asker.choose<string | undefined>({
    message: `Which record of ${sides[side].name} belongs to ${group[other].map((key) => named(other, key)).join(' or ')} of ${sides[other].name}?`,
    choices: [
      ...group[side].map((key) => {
        const page = known[side].records.get(key)?.look.page;
        return {
          value: key,
          name: named(side, key),
          ...defined({ beside: twiceFacts(group[side], key, known[side], style), description: page }),
        };
      }),
      { value: undefined, name: 'Leave them all', description: 'merge them on the platform, or correct the field that they are matched by' },
    ],
  });
}

async function askOthers(asker: Asker, { inactive }: Mapping): Promise<Others> {
  const canBeInactive = inactive[0] !== undefined || inactive[1] !== undefined;
  return await asker.choose<Others>({
    message: 'What about the others?',
    choices: [
      { value: 'leave', name: 'Leave them as they are' },
      ...(canBeInactive ? [{ value: 'inactive' as const, name: 'Make them inactive, as the mapping says' }] : []),
      { value: 'delete', name: 'Delete them', description: 'part of the plan: nothing is deleted before it is applied' },
    ],
    default: 'leave',
  });
}
