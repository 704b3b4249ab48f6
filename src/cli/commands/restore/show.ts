import { RunbackError } from '../../../lib/index.js';
import type { ConflictChoice, Plan } from '../../../restores/index.js';
import { looksBy, openPlanOf } from '../../flows/restores/looks.js';
import { meansSet } from '../../flows/restores/plan-sets.js';
import { findPlan, restoreDeps } from '../../flows/restores/restore.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, type OutputFile, outputFile } from '../../shell/output-file.js';
import { counted } from '../../views/text/format.js';
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
    { flags: '--against <plan>', description: 'another plan of the platform: what this one writes more, fewer or otherwise' },
    { flags: '--to <file>', description: 'a page for someone who decides: .html or .md; .csv: every change', kind: 'file' },
    OVERWRITE,
    { flags: '--personal', description: 'with --to: with values of records, names and addresses' },
    { flags: '--lines', description: 'with --json: every line as an event' },
  ],
  examples: ['runback restore show latest --to plan.html', 'runback restore show latest --against plan-20261129'],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  const { input, session, event, globals } = context;
  if (input.flag('personal') && input.text('to') === undefined) throw together('--personal without --to', 'It says what the file may hold.');
  if (input.text('against') !== undefined && input.text('to') !== undefined)
    throw together('--against with --to', 'What differs between two plans is shown on the screen, or as --json.');
  const file = await outputFile(context);
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
  if (file !== undefined) return await written(context, opened, read, file);
  const other = input.text('against');
  if (other !== undefined) return await against(opened, read, await findPlan(opened, other));
  if (globals.json && input.flag('lines')) for await (const line of read.lines()) event({ type: 'line', ...line });
  return planOutcome(opened, read, read);
}

function together(what: string, why: string): RunbackError {
  return new RunbackError('usage', `${what} means nothing`, {
    why,
    state: 'Nothing was written.',
    next: 'runback restore show latest --to plan.html --personal',
  });
}

async function written({ input }: CommandContext, opened: Session, read: Plan, file: OutputFile): Promise<Outcome> {
  const { writePlan } = await import('../../flows/restores/plan-page.js');
  const personal = input.flag('personal');
  const { lines, kind } = await writePlan(openPlanOf(opened, read), read, file, personal);
  const { path } = file;
  const hint = personal ? 'It holds personal data.' : 'Values, names and addresses are placeholders; --personal puts them in.';
  return {
    data: { plan: read.header.id, hash: read.hash, path, ...(kind === 'csv' ? { lines } : {}), personal },
    text: (style) => `${style.glyph.done} ${path}${kind === 'csv' ? `: ${counted(lines, 'lines')}` : ''}\n  ${hint}`,
  };
}

async function against(opened: Session, read: Plan, other: Plan): Promise<Outcome> {
  const { comparePlans } = await import('../../../restores/index.js');
  const { plansText } = await import('../../views/restores/plans.js');
  const compared = await comparePlans(read, other);
  const looks = await looksBy(
    await opened.catalog(),
    read,
    compared.differences.flatMap(({ examples }) => examples),
  );
  return {
    data: { plan: read.header.id, against: other.header.id, ...compared },
    text: (style) => plansText(read.header.id, other.header.id, compared, style, looks),
  };
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
