import { defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import { type ExaminedSchema, requireUsableTables, schemaToImport } from '../../../snapshots/index.js';
import type { SecretRef } from '../../../workspace/index.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import type { Input } from '../../shell/input.js';
import { importedText, tablesText } from '../../views/import.js';
import { askTakenAt, mapOf, NOTHING, requireYes, takenAtOf } from './import-asks.js';

/** A snapshot of tables that somebody restored from a dump. */
export async function importTables(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call, globals, interrupts, style } = context;
  const opened = await session();
  const name = input.required('platform');
  const config = opened.platformConfig(name);
  const elsewhere = databaseOf(input);
  const schema = input.text('from-schema');
  const leaveOut = leftOut(input);
  const told = await takenAtOf(context);
  const isDry = input.flag('dry-run');
  if (!isDry) await opened.authorise('snapshot');
  live.start(`Opening ${name}`);
  const platform = await opened.openPlatform(name, call);
  const { connector } = platform;
  if (connector.nameIn === undefined) throw noTables(name, connector.kind);
  const source = await opened.openBeside(name, elsewhere);
  try {
    live.start('Looking at the tables');
    const there = await source.identify(call);
    const isBeside = there.account === platform.identity.account;
    const from = `${schema === undefined ? '' : `schema ${schema} of `}${there.label}`;
    const sourceOf = (object: string): string => (schema === undefined ? object : (connector.nameIn?.(object, schema) ?? object));
    const objects = input.someOf('object');
    const request = { source, name: from, sourceOf, all: config.objects, isBeside, leaveOut, ...defined({ objects }) };
    if (isBeside) requireOther(objects ?? config.objects ?? [], sourceOf, name);
    const { examined, take } = await schemaToImport(request, platform, { ...call, signal: interrupts.signal });
    live.stop();
    if (isDry) return dryRun(examined);
    if (!globals.json) live.print(tablesText(examined, style));
    requireUsableTables(examined);
    const takenAt = told ?? (await askTakenAt(context, 'was this dump made'));
    if (context.interactive && !globals.yes) await requireYes(context);
    live.start(`Importing ${from}`);
    const wanted = { takenAt, by: opened.by, ...defined({ note: input.text('note') }) };
    const snapshot = await take(wanted, await opened.catalog(), { ...call, signal: interrupts.signal });
    return { data: { snapshot, schema: examined }, text: (to) => importedText(snapshot, to) };
  } finally {
    await source.close();
  }
}

function dryRun(examined: ExaminedSchema): Outcome {
  const outcome: Outcome = { data: { dryRun: true, schema: examined }, text: (to) => tablesText(examined, to) };
  try {
    requireUsableTables(examined);
    return outcome;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return { ...outcome, error };
  }
}

function databaseOf(input: Input): SecretRef | undefined {
  const given = input.text('from-database');
  if (given === undefined || /^(env|file|command|keychain):./u.test(given)) return given as SecretRef | undefined;
  throw new RunbackError('usage', '--from-database takes where the URL is, not the URL', {
    why: 'The URL of a database holds a password, which a command line shows to others on this machine.',
    state: NOTHING,
    next: '--from-database env:DUMP_URL',
  });
}

/** Fields that are left out: of a table, a column is the field of its own name. */
function leftOut(input: Input): ReadonlySet<string> {
  const map = mapOf(input);
  const renamed = [...map].find(([, field]) => field !== '');
  if (renamed === undefined) return new Set(map.keys());
  throw new RunbackError('usage', `--map "${renamed.join('=')}" names another field for a column of a table`, {
    why: 'A column of a table is the field of the same name.',
    state: NOTHING,
    next: `Leave it out: --map "${renamed[0]}="`,
  });
}

function noTables(platform: string, kind: string): RunbackError {
  return new RunbackError('usage', `${platform} has no schemas to import from`, {
    why: `It is read by the connector ${kind}, and --from-schema and --from-database are for databases.`,
    state: NOTHING,
    next: 'Import a CSV file: runback snapshot import --help',
  });
}

/** The tables of the platform themselves are no copy. */
function requireOther(objects: readonly string[], sourceOf: (object: string) => string, platform: string): void {
  const same = objects.find((object) => sourceOf(object) === object);
  if (same === undefined) return;
  throw new RunbackError('usage', `${same} is the table of ${platform} itself, and no copy of it`, {
    state: NOTHING,
    next: `Name the schema that the dump was restored into; for a snapshot of now: runback snapshot create --platform ${platform}`,
  });
}
