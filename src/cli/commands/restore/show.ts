import { RunbackError } from '../../../lib/index.js';
import type { ConflictChoice } from '../../../restores/index.js';
import { openPlanOf } from '../../flows/looks.js';
import { meansSet } from '../../flows/plan-sets.js';
import { findPlan, restoreDeps } from '../../flows/restore.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { planOutcome } from './outcome.js';
import { showBoth } from './plan-set.js';
import { PLAN } from './words.js';

/** `runback restore show` */
export const showVerb: CommandSpec = {
  verb: 'show',
  summary: 'A plan: what it writes, old and new, and its conflicts',
  args: [{ ...PLAN, optional: true }],
  options: [
    { flags: '--browse', description: 'search and page through every change' },
    { flags: '--decide', description: 'decide the conflicts one by one; makes a new plan' },
    {
      flags: '--choose <decision>',
      description: '<conflict id or code>=keep or =restore; makes a new plan. Of a set: <difference>=<platform>, =restore or =keep',
      repeat: true,
    },
    { flags: '--lines', description: 'with --json: every line as an event' },
  ],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  const { input, session, event, globals } = context;
  const opened = await session();
  const wanted = input.argument('plan') ?? 'latest';
  if (meansSet(wanted)) return await showBoth(context, opened, Object.fromEntries(input.list('choose').map(chosenOf)));
  const read = await findPlan(opened, wanted);
  const choices = input.list('choose').map(choiceOf);
  if (choices.length > 0) return decided(context, opened, read.header.id, read.header.platform, Object.fromEntries(choices));
  if (input.flag('decide')) {
    const asker = await context.asker('--choose <conflict>=<keep|restore>');
    const { decideConflictsByHand } = await import('../../prompts/conflicts.js');
    const next = await decideConflictsByHand(openPlanOf(opened, read), {
      asker,
      style: context.style,
      print: (text) => context.live.print(text),
      decide: async (id, made) => {
        const { decideConflicts } = await import('../../../restores/index.js');
        return decideConflicts(id, made, opened.by, await restoreDeps(opened, read.header.platform, context));
      },
    });
    const after = await findPlan(opened, next ?? read.header.id);
    return planOutcome(opened, after, after);
  }
  if (input.flag('browse')) {
    const { browsePlan } = await import('../../prompts/plan-browser.js');
    await browsePlan(openPlanOf(opened, read), {
      asker: await context.asker('no --browse'),
      style: context.style,
      print: (text) => context.live.print(text),
    });
  }
  if (globals.json && input.flag('lines')) for await (const line of read.lines()) event({ type: 'line', ...line });
  return planOutcome(opened, read, read);
}

async function decided(
  context: CommandContext,
  opened: Session,
  id: string,
  platform: string,
  choices: Readonly<Record<string, ConflictChoice>>,
): Promise<Outcome> {
  const { decideConflicts } = await import('../../../restores/index.js');
  const next = await decideConflicts(id, choices, opened.by, await restoreDeps(opened, platform, context));
  return planOutcome(opened, await findPlan(opened, next.header.id), next);
}

/** A decision on a difference of a set: the name of a platform, `restore` or `keep`. */
function chosenOf(text: string): readonly [string, string] {
  const cut = text.lastIndexOf('=');
  if (cut > 0 && cut < text.length - 1) return [text.slice(0, cut), text.slice(cut + 1)];
  throw new RunbackError('usage', `--choose takes <difference>=<platform>, =restore or =keep, not "${text}"`, {
    why: 'A difference is named by its id or its code (in-set).',
    state: 'Nothing was started.',
    next: 'runback restore show <set>',
  });
}

function choiceOf(text: string): readonly [string, ConflictChoice] {
  const cut = text.lastIndexOf('=');
  const value = text.slice(cut + 1);
  if (cut > 0 && (value === 'keep' || value === 'restore')) return [text.slice(0, cut), value];
  throw new RunbackError('usage', `--choose takes <conflict>=keep or <conflict>=restore, not "${text}"`, {
    why: 'A conflict is named by its id or its code (edited-since).',
    state: 'Nothing was started.',
    next: 'runback restore show --json --lines',
  });
}
