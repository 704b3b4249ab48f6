import type { Investigation } from '../../investigations/index.js';
import { defined, EXIT, RunbackError } from '../../lib/index.js';
import { chooseGroups } from '../flows/investigations/choose-groups.js';
import { START_OPTIONS, startOf } from '../flows/investigations/investigation-start.js';
import { findInvestigation, planOfGroups, runInvestigation } from '../flows/investigations/investigation.js';
import { findPlan } from '../flows/restores/restore.js';
import type { Session } from '../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../shell/command.js';
import { OVERWRITE, type OutputFile, outputFile } from '../shell/output-file.js';
import { investigationText } from '../views/investigation.js';
import { planOutcome } from './restore/outcome.js';

async function investigate(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const shown = input.text('show');
  if (shown !== undefined) refuseWithShow(input);
  refuseWithoutTo(input);
  const file = await outputFile(context);
  const opened = await session();
  const investigation =
    shown === undefined
      ? await runInvestigation(context, opened, {
          platform: platformOf(context, opened),
          base: input.text('base'),
          damaged: input.text('damaged'),
          objects: input.someOf('object'),
          everything: input.flag('everything'),
          ...defined({ start: await startOf(context) }),
        })
      : await findInvestigation(opened, shown);
  live.stop();
  if (file !== undefined) return await touched(context, opened, investigation, file);
  if (context.interactive && shown === undefined && investigation.header.groups.length > 0)
    return await chooseAndPlan(context, opened, investigation);
  return found(investigation);
}

/** Not everything could be compared, or seen: that nothing was found is no proof. */
function isPartly({ notCompared, reading: { untold = 0, cut = 0 } }: Investigation['header']): boolean {
  return notCompared.length > 0 || untold > 0 || cut > 0;
}

/** What was found, as text and data: exit 2 where something is damage or a question, 3 where not all could be compared or seen. */
function found(investigation: Investigation): Outcome {
  const { header, digest, location } = investigation;
  const isOpen = header.groups.some(({ verdict }) => verdict === 'damage' || verdict === 'ask');
  return {
    data: { ...header, digest, location },
    text: (style) => investigationText(investigation, style),
    ...(isOpen ? { exit: EXIT.differences } : isPartly(header) ? { exit: EXIT.partial } : {}),
  };
}

/** Whom the damage touched, and what else happened to them, as a file. */
async function touched(context: CommandContext, opened: Session, investigation: Investigation, file: OutputFile): Promise<Outcome> {
  const { input, live, call } = context;
  const { touchingGroups, writeTouched } = await import('../flows/investigations/touched.js');
  const { touchedText } = await import('../views/touched-words.js');
  const groups = touchingGroups(investigation, input.list('group').map(groupNumber));
  const { id, platform: name } = investigation.header;
  const personal = input.flag('personal');
  live.start(`Looking at what else happened on ${name}`);
  const platform = await opened.openPlatform(name, call);
  const written = await writeTouched(opened, platform, investigation, groups, { file, personal }, call);
  live.stop();
  const { path } = file;
  return {
    data: { investigation: id, path, personal, ...written },
    text: (style) => touchedText({ path, personal, ...written }, style),
  };
}

function groupNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new RunbackError('usage', `--group takes the number of a group, not "${text}"`, {
    state: 'Nothing was written.',
    next: 'runback investigate --show latest',
  });
}

/** What says something about a file that nobody asked for. */
function refuseWithoutTo(input: CommandContext['input']): void {
  const one = input.text('to') !== undefined ? undefined : input.flag('personal') ? 'personal' : input.list('group').length > 0 ? 'group' : undefined;
  if (one === undefined) return;
  throw new RunbackError('usage', `--${one} without --to means nothing`, {
    why: 'It says what the file of --to holds.',
    state: 'Nothing was started.',
    next: 'runback investigate --show latest --to touched.csv',
  });
}

/** Options that an investigation is made with. */
const MAKING = ['platform', 'base', 'damaged', 'object', 'record', 'field', 'value', 'at', 'since'] as const;

/** One that is shown again was made with its own. Throws `usage`. */
function refuseWithShow(input: CommandContext['input']): void {
  const one = input.flag('everything') ? 'everything' : MAKING.find((name) => input.list(name).length > 0);
  if (one === undefined) return;
  throw new RunbackError('usage', `--show and --${one} exclude each other`, {
    why: '--show shows an investigation as it was made.',
    state: 'Nothing was started.',
    next: 'runback investigate --show latest',
  });
}

/** The only platform of the workspace needs no name. Throws `usage`. */
function platformOf({ input }: CommandContext, { workspace }: Session): string {
  const named = input.text('platform');
  if (named !== undefined) return named;
  const names = Object.keys(workspace.config.platforms);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new RunbackError('usage', '--platform is missing', {
    why: `runback.yml has ${names.join(', ') || 'no platform'}.`,
    state: 'Nothing was started.',
    next: `runback investigate --platform ${only ?? '<name>'}`,
  });
}

/** Shows what was found, lets a person take and leave groups, and makes a plan of those. */
async function chooseAndPlan(context: CommandContext, opened: Session, investigation: Investigation): Promise<Outcome> {
  const { numbers, deleteCreated } = await chooseGroups(context, investigation);
  if (numbers.length === 0) return { ...found(investigation), text: () => 'No group was taken, so no plan was made. Nothing was changed.' };
  const plan = await planOfGroups(context, opened, investigation, numbers, { deleteCreated });
  context.live.stop();
  return planOutcome(opened, await findPlan(opened, plan.header.id), plan);
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'What happened: find the damage, its writers and its beginning',
    details:
      'Compares an earlier snapshot with the present state, asks the platform who wrote what, and groups the changes by writer, field, kind and time. Each group is damage, a question for you, without a sign, or ordinary work, with the reasons. Start from whatever you have: a record, a field, a value, a time, a snapshot, or nothing but the platform; the whole group is found either way. Changes nothing on the platform. Exit 2 if something is damage or a question, 3 if nothing is but not everything could be compared, or the history has gaps.',
    options: [
      { flags: '--platform <name>', description: 'platform to look at (default: the only one)', kind: 'platform' },
      { flags: '--base <snapshot>', description: 'state to compare with (default: the oldest snapshot of the last 8 days)', kind: 'snapshot' },
      { flags: '--damaged <snapshot>', description: 'present state (default: taken now)', kind: 'snapshot' },
      { flags: '--object <type>', description: 'only this object type', repeat: true },
      ...START_OPTIONS,
      { flags: '--everything', description: 'ask for the history of every changed record, not of samples' },
      { flags: '--show <investigation>', description: 'show an earlier one again: its id, or latest' },
      { flags: '--to <file>', description: 'CSV file to write: whom the damage touched, what else happened to them, whom to tell', kind: 'file' },
      { flags: '--group <n>', description: 'with --to: only this group (default: all that are damage)', repeat: true },
      OVERWRITE,
      { flags: '--personal', description: 'with --to: with names, addresses and subjects' },
    ],
    examples: [
      'runback investigate --platform hubspot',
      'runback investigate --record 51',
      'runback investigate --value "Valued Customer"',
      'runback investigate --show latest --to touched.csv',
      'runback restore plan --investigation latest',
    ],
    run: investigate,
  },
];
