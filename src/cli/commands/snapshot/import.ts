import { resolve } from 'node:path';

import { defined, isZone, readMoment, RunbackError } from '../../../lib/index.js';
import { type Encoding, ENCODINGS, type ExaminedFile, fileToImport, type ImportRequest, requireUsable } from '../../../snapshots/index.js';
import { typedMoment } from '../../flows/moments.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import type { Input } from '../../shell/input.js';
import { examinedText, importedText } from '../../views/import.js';

const NOTHING = 'Nothing was imported, and nothing was changed on any platform.';

/** `runback snapshot import` */
export const importVerb: CommandSpec = {
  verb: 'import',
  summary: 'Make a snapshot of a CSV file that someone exported, for when there is no other',
  details:
    'The platform is asked what its fields are, and nothing is changed on it. What the file does not hold counts as not known: a plan made from it deletes, links and unlinks nothing, and never creates a record unasked. It is never latest or latest-verified: name it by its id. Without --dry-run it shows what it understood and asks; without a terminal it imports.',
  args: [{ name: 'file', description: 'CSV file with one row a record, and a header', kind: 'file' }],
  options: [
    { flags: '--platform <name>', description: 'platform that the records are of', kind: 'platform', required: true },
    { flags: '--object <type>', description: 'object type of the records: contacts, public.leads', required: true },
    { flags: '--taken-at <time>', description: 'when the file was exported; the earlier one if you are not sure' },
    { flags: '--key <column>', description: 'column with the id; once for each part of a key', repeat: true },
    { flags: '--map <column=field>', description: 'field of a column, by its name in the API; "COLUMN=" leaves it out', repeat: true },
    {
      flags: '--empty <what>',
      description: 'an empty cell says nothing (keep, the default) or that the field is empty (clear)',
      choices: ['keep', 'clear'],
    },
    { flags: '--encoding <name>', description: 'default: by its mark, else utf-8', choices: ENCODINGS },
    { flags: '--delimiter <character>', description: 'default: the commonest of , ; tab and | in the header' },
    { flags: '--decimal <character>', description: 'what stands before the fraction of a number', choices: ['.', ','] },
    { flags: '--dates <order>', description: 'what comes first in 03/04/2026', choices: ['day-first', 'month-first'] },
    { flags: '--zone <zone>', description: 'zone of times that name none (default: that of the workspace)' },
    { flags: '--skip-bad-cells', description: 'cells that cannot be understood say nothing' },
    { flags: '--dry-run', description: 'only show what would be imported' },
    { flags: '--note <text>', description: 'what it is' },
  ],
  examples: ['runback snapshot import all.csv --platform hubspot --object contacts'],
  run: importCsv,
};

async function importCsv(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call, globals, interrupts, style } = context;
  const opened = await session();
  const name = input.required('platform');
  opened.platformConfig(name);
  const isDry = input.flag('dry-run');
  const request = await requestOf(context);
  const given = input.text('taken-at');
  // Before anything long: a time that cannot be is known now.
  const told = given === undefined ? undefined : await exportedAt(context, given);
  if (!isDry) await opened.authorise('snapshot');
  live.start(`Opening ${name}`);
  const platform = await opened.openPlatform(name, call);
  const { examined, take } = await fileToImport(request, platform, { ...call, signal: interrupts.signal });
  const skipBadCells = input.flag('skip-bad-cells');
  live.stop();
  if (isDry) {
    const data = { dryRun: true, file: slim(examined) };
    try {
      requireUsable(examined, skipBadCells);
    } catch (error) {
      if (!(error instanceof RunbackError)) throw error;
      return { data, text: (to) => examinedText(examined, request.object, to), error };
    }
    return { data, text: (to) => examinedText(examined, request.object, to) };
  }
  if (!globals.json) live.print(examinedText(examined, request.object, style));
  requireUsable(examined, skipBadCells);
  const takenAt = told ?? (await askExported(context));
  if (context.interactive && !globals.yes) await requireYes(context);
  live.start(`Importing ${examined.file}`);
  const wanted = { takenAt, skipBadCells, by: opened.by, ...defined({ note: input.text('note') }) };
  const snapshot = await take(wanted, await opened.catalog(), { ...call, signal: interrupts.signal });
  return { data: { snapshot, file: slim(examined) }, text: (to) => importedText(snapshot, to) };
}

/** What was understood, without all that the platform says of each field. */
function slim({ columns: { key, mapped, left }, ...examined }: ExaminedFile): unknown {
  const columns = {
    key: key.map(({ column }) => column),
    mapped: mapped.map(({ column, field: { name, type } }) => ({ column, field: name, type })),
    left,
  };
  return { ...examined, columns };
}

async function exportedAt(context: CommandContext, text: string): Promise<Date> {
  return await typedMoment(context, text, { option: 'taken-at', direction: 'past', only: true, state: NOTHING });
}

async function askExported(context: CommandContext): Promise<Date> {
  const asker = await context.asker('--taken-at');
  const message = 'When was this file exported? (such as yesterday 18:00, or 3d; the earlier one if you are not sure)';
  const zone = await (await context.session()).zone();
  const validate = (text: string): true | string => {
    const read = readMoment(text, { now: context.clock.now(), zone });
    return read.ok || `Not valid: ${read.problem}. ${read.why ?? ''}`.trimEnd();
  };
  return await exportedAt(context, await asker.text({ message, validate }));
}

async function requireYes(context: CommandContext): Promise<void> {
  const asker = await context.asker('--yes');
  if (await asker.confirm({ message: 'Import it like this?', default: true })) return;
  throw new RunbackError('person-needed', 'Not imported', {
    why: 'You said no.',
    state: NOTHING,
    next: 'Say what a column is with --map "COLUMN=field".',
  });
}

async function requestOf({ input, session, stdio }: CommandContext): Promise<ImportRequest> {
  const file = input.required('file');
  const zone = input.text('zone') ?? (await (await session()).zone());
  if (zone !== undefined && !isZone(zone))
    throw new RunbackError('usage', `--zone ${zone} is not a known time zone`, { state: NOTHING, next: '--zone Europe/Berlin' });
  const [encoding, delimiter, decimal, dates] = ['encoding', 'delimiter', 'decimal', 'dates'].map((name) => input.text(name));
  if (delimiter !== undefined && delimiter.replace('\\t', '\t').length !== 1)
    throw new RunbackError('usage', `--delimiter takes one character, not ${JSON.stringify(delimiter)}`, { state: NOTHING });
  return {
    path: resolve(stdio.cwd, file),
    object: input.required('object'),
    columns: { key: input.list('key'), map: mapOf(input) },
    cells: defined({ zone, decimal: decimal as '.' | ',' | undefined, dates: dates as 'day-first' | 'month-first' | undefined }),
    ...defined({ encoding: encoding as Encoding | undefined, delimiter: delimiter?.replace('\\t', '\t') }),
    emptyClears: input.text('empty') === 'clear',
  };
}

function mapOf(input: Input): ReadonlyMap<string, string> {
  return new Map(
    input.list('map').map((text) => {
      const at = text.lastIndexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1).trim()];
      throw new RunbackError('usage', `--map takes COLUMN=field, not ${JSON.stringify(text)}`, { state: NOTHING });
    }),
  );
}
