import { resolve } from 'node:path';

import { defined, isZone, RunbackError } from '../../../lib/index.js';
import { type Encoding, ENCODINGS, type ExaminedFile, fileToImport, type ImportRequest, requireUsable } from '../../../snapshots/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import type { Input } from '../../shell/input.js';
import { examinedText, importedText } from '../../views/import.js';
import { askTakenAt, mapOf, NOTHING, requireYes, takenAtOf } from './import-asks.js';
import { importTables } from './import-tables.js';

/** `runback snapshot import` */
export const importVerb: CommandSpec = {
  verb: 'import',
  summary: 'Make a snapshot of a CSV file or a restored pg_dump, for when there is no other',
  details:
    'Of a CSV file that someone exported; or of tables that someone restored from a pg_dump into another schema (--from-schema) or database (--from-database). The platform is asked what its fields are, and nothing is changed on it. What is not in there counts as not known: a plan made from it deletes, links and unlinks nothing, and never creates a record unasked. It is never latest or latest-verified: name it by its id. Without --dry-run it shows what it understood and asks; without a terminal it imports.',
  args: [{ name: 'file', description: 'CSV file with one row a record, and a header', kind: 'file', optional: true }],
  options: [
    { flags: '--platform <name>', description: 'platform that the records are of', kind: 'platform', required: true },
    {
      flags: '--object <type>',
      description: 'object type of the records: contacts, public.leads; of tables all that are there by default',
      repeat: true,
    },
    { flags: '--from-schema <schema>', description: 'schema of a database into which a pg_dump was restored' },
    {
      flags: '--from-database <secret>',
      description: 'where the URL of that database is: env:DUMP_URL, file:PATH (default: the database of the platform)',
    },
    { flags: '--taken-at <time>', description: 'when the file was exported, or the dump made; the earlier one if you are not sure' },
    { flags: '--key <column>', description: 'column with the id; once for each part of a key', repeat: true },
    {
      flags: '--map <column=field>',
      description: 'field of a column, by its name in the API; "COLUMN=" leaves it out (of a table: "public.leads.score=")',
      repeat: true,
    },
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
  examples: [
    'runback snapshot import all.csv --platform hubspot --object contacts',
    'runback snapshot import --platform db --from-schema restored --taken-at 26h',
  ],
  run: async (context) => (isOfTables(context.input) ? await importTables(context) : await importCsv(context)),
};

const OF_FILES = ['key', 'empty', 'encoding', 'delimiter', 'decimal', 'dates', 'zone'] as const;

/** Whether tables are to be imported. Throws `usage` where it is said in two ways, or in none. */
function isOfTables(input: Input): boolean {
  const isTables = input.text('from-schema') !== undefined || input.text('from-database') !== undefined;
  const file = input.argument('file');
  const wrong = OF_FILES.find((name) => input.list(name).length > 0) ?? (input.flag('skip-bad-cells') ? 'skip-bad-cells' : undefined);
  if (isTables && (file !== undefined || wrong !== undefined))
    throw new RunbackError('usage', `${file ?? `--${wrong ?? ''}`} has no meaning with --from-schema or --from-database`, { state: NOTHING });
  if (!isTables && file === undefined)
    throw new RunbackError('usage', 'What is to be imported? Name a file, or give --from-schema', {
      state: NOTHING,
      next: 'runback snapshot import --help',
    });
  return isTables;
}

async function importCsv(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call, globals, interrupts, style } = context;
  const opened = await session();
  const name = input.required('platform');
  opened.platformConfig(name);
  const isDry = input.flag('dry-run');
  const request = await requestOf(context);
  // Before anything long: a time that cannot be is known now.
  const told = await takenAtOf(context);
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
  const takenAt = told ?? (await askTakenAt(context, 'was this file exported'));
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
    object: onlyObject(input),
    columns: { key: input.list('key'), map: mapOf(input) },
    cells: defined({ zone, decimal: decimal as '.' | ',' | undefined, dates: dates as 'day-first' | 'month-first' | undefined }),
    ...defined({ encoding: encoding as Encoding | undefined, delimiter: delimiter?.replace('\\t', '\t') }),
    emptyClears: input.text('empty') === 'clear',
  };
}

/** The object type that the rows of a file are of. */
function onlyObject(input: Input): string {
  const [only, ...more] = input.list('object');
  if (only !== undefined && more.length === 0) return only;
  throw new RunbackError('usage', only === undefined ? '--object is missing' : 'A file holds records of one object type: give one --object', {
    state: NOTHING,
    next: 'runback snapshot import --help',
  });
}
