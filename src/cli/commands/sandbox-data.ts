import type { Platform } from '../../connectors/index.js';
import { isLoopback, RunbackError } from '../../lib/index.js';
import type { LinkSchema, ObjectSchema, Value } from '../../records/index.js';
import type { SampleRecord, SampleWish } from '../../stages/index.js';
import { openForTest } from '../flows/checks/tests.js';
import type { Session } from '../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../shell/command.js';
import type { Input } from '../shell/input.js';
import { OVERWRITE, outputFile, type OutputFile, writeText } from '../shell/output-file.js';
import { count, counted } from '../views/text/format.js';

/** `runback sandbox data` */
export const dataVerb: CommandSpec = {
  verb: 'data',
  summary: 'Invented records at the edge of what each field of a platform takes',
  details:
    'From the descriptions of its fields: every option, texts as long as fits and one character more, nothing in each of its forms, other scripts, phone numbers as spreadsheets spoil them, twins in case. One record in four has a value that the platform should refuse. Without --to, they are created in a local sandbox: a platform of runback.yml on this machine. docs/sandbox.md lists all of it.',
  options: [
    { flags: '--platform <name>', description: 'whose fields are described', kind: 'platform', required: true },
    { flags: '--object <name>', description: 'object type; several times for several', repeat: true },
    { flags: '--records <n>', description: 'of each; by default as many as show every value once' },
    { flags: '--seed <n>', description: 'the same number gives the same records; default 7' },
    { flags: '--like <snapshot>', description: 'fields as often empty, texts as long as there', kind: 'snapshot' },
    { flags: '--taken', description: 'only records that the platform should take' },
    { flags: '--to <file>', description: 'write .ndjson, or .csv of one object type', kind: 'file' },
    OVERWRITE,
  ],
  examples: ['runback sandbox data --platform crm --seed 7 --to people.ndjson'],
  run: data,
};

const SEED = 7;

/** An object type of which there are none. */
interface Left {
  readonly object: string;
  readonly why: string;
}

/** An object type with its samples. */
interface Samples {
  readonly schema: ObjectSchema;
  readonly records: readonly SampleRecord[];
}

async function data(context: CommandContext): Promise<Outcome> {
  const { input, call } = context;
  const file = await outputFile(context);
  const session = await context.session();
  const name = input.required('platform');
  const config = session.platformConfig(name);
  if (file === undefined) requireLocal(name, config.url);
  const platform = file === undefined ? await openForTest(session, name, call) : await session.openPlatform(name, call);
  const { objects, links } = await platform.connector.describe(input.someOf('object') ?? platform.objects, call);
  const { samples, left } = await samplesOf(context, session, { name, objects, links });
  if (file !== undefined) return await intoFile(file, samples, left, input);
  const filled = await intoPlatform(platform, samples, session, context);
  return {
    data: { seed: seedIn(input), platform: name, objects: filled, left },
    text: (style) =>
      [
        ...filled.flatMap(({ object, taken, refused, otherwise }) => [
          `${style.glyph.done} ${object}: ${count(taken)} created, ${count(refused)} refused`,
          ...otherwise
            .slice(0, MOST_SHOWN)
            .map(({ n, declared, became }) => `  ${style.glyph.warning} record ${n}, should be ${declared}: ${became}`),
        ]),
        ...leftLines(left),
      ].join('\n'),
  };
}

const seedIn = (input: Input): number => input.integer('seed') ?? SEED;

async function intoFile(file: OutputFile, samples: readonly Samples[], left: readonly Left[], input: Input): Promise<Outcome> {
  await writeText(file, await textOf(file, samples));
  const written = samples.map(({ schema: { object }, records }) => ({ object, records: records.length, refused: refusedIn(records) }));
  return {
    data: { seed: seedIn(input), path: file.path, objects: written, left },
    text: (style) =>
      [
        ...written.map(
          ({ object, records, refused }) => `${style.glyph.done} ${counted(records, 'records')} of ${object}, ${count(refused)} to be refused`,
        ),
        ...leftLines(left),
        file.path,
      ].join('\n'),
  };
}

async function intoPlatform(platform: Platform, samples: readonly Samples[], session: Session, context: CommandContext): Promise<readonly Sums[]> {
  const [{ fillWith }, { lockPlatform }] = await Promise.all([import('../../stages/index.js'), import('../../checks/index.js')]);
  const owner = { by: session.by, holder: `sandbox-data-${process.pid}`, purpose: `invented records for ${platform.name}` };
  const lock = await lockPlatform(session.store, platform, owner);
  try {
    return await filledWith(fillWith, platform, samples, context);
  } finally {
    await lock.release();
  }
}

async function filledWith(
  fillWith: (typeof import('../../stages/index.js'))['fillWith'],
  { connector }: Platform,
  samples: readonly Samples[],
  { live, call }: CommandContext,
): Promise<readonly Sums[]> {
  const filled: Sums[] = [];
  for (const { schema, records } of samples) {
    live.start(`Creating ${records.length} records of ${schema.object}`);
    const sums: Sums = { object: schema.object, taken: 0, refused: 0, otherwise: [] };
    for await (const { record, result, asDeclared } of fillWith(connector, schema, records, call)) {
      if (result.status === 'applied') sums.taken += 1;
      else sums.refused += 1;
      const became = 'message' in result ? result.message : result.status;
      if (!asDeclared) sums.otherwise.push({ n: record.n, declared: record.refused?.reason ?? 'taken', became });
    }
    filled.push(sums);
  }
  return filled;
}

/** What became of the samples of an object type. */
interface Sums {
  readonly object: string;
  taken: number;
  refused: number;
  readonly otherwise: { readonly n: number; readonly declared: string; readonly became: string }[];
}

const MOST_SHOWN = 5;
const refusedIn = (records: readonly SampleRecord[]): number => records.filter(({ refused }) => refused !== undefined).length;
const leftLines = (left: readonly Left[]): readonly string[] => left.map(({ object, why }) => `Left out: ${object}. ${why}`);

/** Throws `stage-refused` for what is not on this machine. */
function requireLocal(name: string, url: string | undefined): void {
  if (url !== undefined && URL.canParse(url) && isLoopback(new URL(url).hostname)) return;
  throw new RunbackError('stage-refused', `${name} is no local sandbox`, {
    why: 'Its url in runback.yml is none of this machine. Records are invented for local sandboxes only.',
    state: 'Nothing was written.',
    next: `runback sandbox data --platform ${name} --to records.ndjson`,
  });
}

async function samplesOf(
  { input, call }: CommandContext,
  session: Session,
  { name, objects, links }: { readonly name: string; readonly objects: readonly ObjectSchema[]; readonly links: readonly LinkSchema[] },
): Promise<{ readonly samples: readonly Samples[]; readonly left: readonly Left[] }> {
  const { sampleRecords, shapeOf, whyNone } = await import('../../stages/index.js');
  const like = input.text('like');
  const snapshot = like === undefined ? undefined : await (await session.catalog()).open(like);
  const wanted = input.integer('records', 1);
  const wish: SampleWish = {
    seed: seedIn(input),
    ...(wanted !== undefined && { count: wanted }),
    onlyTaken: input.flag('taken'),
  };
  try {
    const samples: Samples[] = [];
    const left: Left[] = [];
    for (const schema of objects) {
      const why = whyNone(schema, links);
      if (why !== undefined) {
        left.push({ object: schema.object, why });
        continue;
      }
      const fields = schema.fields.map((field) => field.name);
      const shape = snapshot === undefined ? undefined : await shapeOf(snapshot, { platform: name, object: schema.object, fields }, call);
      samples.push({ schema, records: [...sampleRecords(schema, links, { ...wish, ...(shape !== undefined && { shape }) })] });
    }
    if (samples.length === 0)
      throw new RunbackError('object-unsupported', `Nothing can be invented for ${name}`, {
        why: left.map(({ object, why }) => `${object}: ${why}`).join(' '),
        state: 'Nothing was written.',
      });
    return { samples, left };
  } finally {
    await snapshot?.close();
  }
}

async function textOf({ path }: OutputFile, samples: readonly Samples[]): Promise<string> {
  const { csvLine } = await import('../../snapshots/index.js');
  if (!/\.csv$/iu.test(path)) return samples.flatMap(({ records }) => records.map((record) => `${JSON.stringify(record)}\n`)).join('');
  const [only, ...others] = samples;
  if (only === undefined || others.length > 0)
    throw new RunbackError('usage', 'A CSV file holds one object type', {
      why: `There are: ${samples.map(({ schema }) => schema.object).join(', ')}.`,
      state: 'Nothing was written.',
      next: 'Name one with --object, or write .ndjson.',
    });
  const names = [...new Set(only.records.flatMap(({ fields }) => Object.keys(fields)))].sort();
  // Every text as it is: the file is for programs. The empty text is told from nothing by its quotation marks.
  const line = (cells: readonly (Value | undefined)[]): string => csvLine(cells, { exact: true });
  return line(names) + only.records.map(({ fields }) => line(names.map((field) => fields[field]))).join('');
}
