import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';

import { EXIT, newId, RunbackError } from '../../lib/index.js';
import { parseRecordLine } from '../../records/index.js';
import { type ObjectInfo, type SnapshotReader, type SnapshotSummary, unrecorded } from '../../snapshots/index.js';
import { whilePaused } from '../flows/while-paused.js';
import { confirmDestructive } from '../session/confirm.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { OVERWRITE, outputFile } from '../shell/output-file.js';
import { count, counted } from '../views/format.js';
import { contentsText, snapshotList, snapshotText, takenText, verifyText } from '../views/snapshot.js';
import { visibleLines } from '../views/visible.js';

const SNAPSHOT = { name: 'snapshot', description: 'id, beginning of an id, latest or latest-verified', kind: 'snapshot' as const };

async function create({ input, session, live, call, interrupts, clock }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const names = input.someOf('platform') ?? Object.keys(opened.workspace.config.platforms);
  if (names.length === 0)
    throw new RunbackError('usage', 'runback.yml names no platform yet', {
      state: 'Nothing was read.',
      next: 'Add one to runback.yml, then: runback doctor',
    });
  await opened.authorise('snapshot');
  if (input.flag('pause-syncs')) await opened.authorise('pause-syncs');
  live.start(`Opening ${names.join(', ')}`);
  const platforms = await Promise.all(names.map((name) => opened.openPlatform(name, call)));
  const { createSnapshot } = await import('../../snapshots/index.js');
  const objects = input.someOf('object');
  const note = input.text('note');
  const request = { platforms, by: opened.by, ...(objects === undefined ? {} : { objects }), ...(note === undefined ? {} : { note }) };
  const make = (): Promise<SnapshotSummary> =>
    createSnapshot(request, { dir: opened.workspace.backupsDir, store: opened.store, clock }, { ...call, signal: interrupts.signal });
  const summary = input.flag('pause-syncs') ? await whilePaused(opened, names, newId('snapshot-pause', clock), call, make) : await make();
  return { data: summary, text: (style) => takenText(summary, style), ...(summary.gaps.length > 0 ? { exit: EXIT.partial } : {}) };
}

async function list({ session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const { snapshots, ignored } = await catalog.survey();
  const exposures = await catalog.exposures();
  return { data: { snapshots, ignored, exposures }, text: (style) => snapshotList(snapshots, { ignored, exposures }, style) };
}

async function show({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const summary = await catalog.resolve(input.required('snapshot'));
  const reader = await catalog.open(summary.id);
  try {
    const { manifest } = reader;
    const slim = (info: ObjectInfo): Omit<ObjectInfo, 'parts'> & { readonly parts: number } => ({ ...info, parts: info.parts.length });
    return {
      data: { ...summary, objects: manifest.objects.map(slim), links: manifest.links.map(slim), refused: manifest.refused },
      text: (style) => `${snapshotText(summary, style)}\n\n${contentsText(manifest, summary.gaps, style)}`,
    };
  } finally {
    await reader.close();
  }
}

async function verify({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  live.start('Reading every byte');
  const report = await catalog.verify(input.required('snapshot'), call);
  const exposures = await catalog.exposures();
  const outcome = { data: { ...report, exposures }, text: (style) => verifyText(report, exposures, style) } satisfies Outcome;
  if (report.damage.length === 0) return report.recorded ? outcome : { ...outcome, error: unrecorded(report.id) };
  return {
    ...outcome,
    error: new RunbackError('snapshot-damaged', `Snapshot ${report.id} is damaged`, {
      why: `${counted(report.damage.length, 'parts')} of it ${report.damage.length === 1 ? 'is' : 'are'} not what was written.`,
      state: 'Nothing was changed. What can be read is still usable as a base; keys in the unreadable parts become conflicts.',
      next: 'Use another base if you can: runback snapshot list',
      data: { damage: report.damage },
    }),
  };
}

/** The one object type a name means; the platform is only needed where two platforms have it. Throws `not-found`, `ambiguous`. */
async function objectIn(reader: SnapshotReader, object: string, platform: string | undefined): Promise<ObjectInfo> {
  const all = reader.manifest.objects.filter((info) => platform === undefined || info.platform === platform);
  const found = all.filter((info) => info.object === object);
  if (found.length > 1)
    throw new RunbackError('ambiguous', `Several platforms have "${object}"`, {
      why: found.map((info) => info.platform).join(', '),
      next: 'Add --platform <name>.',
    });
  const [only] = found;
  if (only) return only;
  const { suggest } = await import('../../lib/index.js');
  const { gapsOf } = await import('../../snapshots/index.js');
  const gap = gapsOf(reader.manifest).find((one) => one.object === object && (platform === undefined || one.platform === platform));
  if (gap !== undefined)
    throw new RunbackError('not-found', `Snapshot ${reader.header.id} does not hold "${object}"`, {
      why: gap.why,
      next: `runback snapshot show ${reader.header.id}`,
    });
  const near = suggest(
    object,
    all.map((info) => info.object),
  );
  throw new RunbackError('not-found', `Snapshot ${reader.header.id} holds no "${object}"`, {
    why: near === undefined ? `It holds: ${all.map((info) => info.object).join(', ')}.` : `Did you mean ${near}?`,
    next: `runback snapshot show ${reader.header.id}`,
  });
}

async function cat({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const reader = await catalog.open(input.required('snapshot'));
  try {
    const info = await objectIn(reader, input.required('object'), input.text('platform'));
    const key = input.required('key');
    const line = await reader.line(info, key);
    if (line === undefined)
      throw new RunbackError('not-found', `${info.object} ${key} is not in snapshot ${reader.header.id}`, {
        why: info.census
          ? 'All keys were read, so the record did not exist then.'
          : (info.unproved ?? 'Nothing proves that all records were read, so it may have existed.'),
      });
    const record = parseRecordLine(line);
    return { data: record, text: () => visibleLines(JSON.stringify(record, null, 2)) };
  } finally {
    await reader.close();
  }
}

async function exportRecords(context: CommandContext): Promise<Outcome> {
  const { input, session, live, globals, stdio } = context;
  const file = await outputFile(context);
  const exact = input.flag('exact');
  if (exact && file === undefined && stdio.stdout.isTTY)
    throw new RunbackError('usage', '--exact does not print on a terminal', {
      why: 'Values as they are may hold characters that steer it.',
      state: 'Nothing was written.',
      next: 'Add --to <file>, or leave --exact away.',
    });
  const call = { ...context.call, exact };
  const catalog = await (await session()).catalog();
  const reader = await catalog.open(input.required('snapshot'));
  try {
    const info = await objectIn(reader, input.required('object'), input.text('platform'));
    const { exportCsv } = await import('../../snapshots/index.js');
    if (file === undefined) {
      if (globals.json)
        throw new RunbackError('usage', 'With --json, export needs --to <file>', {
          why: 'The CSV would mix with the JSON on stdout.',
          state: 'Nothing was written.',
        });
      // Ends with the export; stdout itself stays open for what comes after.
      const through = new PassThrough();
      through.pipe(stdio.stdout, { end: false });
      let gone = false;
      const passedOn = finished(through);
      stdio.stdout.once('error', (error) => {
        gone = true;
        through.destroy(error);
      });
      await Promise.all([exportCsv(reader, info.platform, info.object, through, call), passedOn]).catch((error: unknown) => {
        // Nobody is left to read the rest.
        if (!gone) throw error;
      });
      return { data: undefined, text: () => '' };
    }
    const { path } = file;
    live.start(`Writing ${path}`);
    const rows = await file.write((output) => exportCsv(reader, info.platform, info.object, output, call));
    return { data: { path, object: info.object, rows }, text: (style) => `${style.glyph.done} ${count(rows)} rows in ${path}` };
  } finally {
    await reader.close();
  }
}

/** Reads every byte of a snapshot that nothing was recorded of, shows it, and records it as the right one on a person's word. */
async function adopt(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  const catalog = await opened.catalog();
  const { id, digest } = await catalog.resolve(input.required('snapshot'));
  await opened.authorise('snapshot');
  live.start('Reading every byte');
  const summary = await catalog.adopt(id, opened.by, call);
  return {
    data: summary,
    text: (style) =>
      `${style.glyph.done} ${id} is adopted: from now on it is known by its digest, and it counts as verified\n${snapshotText({ ...summary, digest }, style)}`,
  };
}

async function pin({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const summary = await catalog.pin(input.required('snapshot'), !input.flag('off'));
  return {
    data: summary,
    text: (style) => `${style.glyph.done} ${summary.id} is ${summary.pinned ? 'pinned: it is kept until you unpin it' : 'no longer pinned'}`,
  };
}

async function remove(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const catalog = await (await session()).catalog();
  const summary = await catalog.resolve(input.required('snapshot'));
  const strictest =
    ['production', 'staging', 'sandbox'].find((name) => summary.platforms.some((platform) => platform.environment === name)) ?? 'sandbox';
  await confirmDestructive(
    context,
    `${strictest}:${summary.rows}`,
    { untouched: `Snapshot ${summary.id} was not deleted.`, command: `runback snapshot delete ${summary.id}` },
    (style) => {
      live.print(`${snapshotText(summary, style)}\n\n  This deletes the file for good. It cannot be undone; nothing on any platform changes.`);
    },
  );
  const gone = await catalog.delete(summary.id);
  return { data: { deleted: gone.id }, text: (style) => `${style.glyph.done} Deleted ${gone.id}` };
}

const PLATFORM = { flags: '--platform <name>', description: 'where two platforms have the object type', kind: 'platform' as const };
const OBJECT = { name: 'object', description: 'object type: contacts, public.leads' };

export const commands: readonly CommandSpec[] = [
  {
    verb: 'create',
    summary: 'Read platforms into a new snapshot; changes nothing on them',
    details: 'Ends with 3 where an object type that was wanted could not be read, or not proved to be whole: the snapshot says which and why.',
    options: [
      { flags: '--platform <name>', description: 'platform to read; all of them if not given', kind: 'platform', repeat: true },
      { flags: '--object <type>', description: 'only this object type', repeat: true },
      { flags: '--pause-syncs', description: 'pause the syncs that write there meanwhile, then put them back' },
      { flags: '--note <text>', description: 'what it is for' },
    ],
    examples: ['runback snapshot create --platform hubspot --note "before the import"'],
    run: create,
  },
  { verb: 'list', summary: 'Snapshots, newest first', run: list },
  { verb: 'show', summary: 'What a snapshot holds', args: [SNAPSHOT], run: show },
  { verb: 'verify', summary: 'Read and check every byte', args: [SNAPSHOT], examples: ['runback snapshot verify latest'], run: verify },
  {
    verb: 'adopt',
    summary: 'Say that a snapshot of which nothing was recorded is the right file',
    details:
      'For snapshots that an earlier version made, or that were brought from elsewhere. Every byte is read, and the digest recorded: another file in its place is refused from then on. Changes nothing on any platform.',
    args: [SNAPSHOT],
    examples: ['runback snapshot adopt snap-20261117T020000Z-4f2a'],
    run: adopt,
  },
  {
    verb: 'cat',
    summary: 'One record as it was, as JSON',
    args: [SNAPSHOT, OBJECT, { name: 'key', description: "the record's id on its platform" }],
    options: [PLATFORM],
    examples: ['runback snapshot cat latest contacts 51'],
    run: cat,
  },
  {
    verb: 'export',
    summary: 'One object type as CSV',
    details:
      'For people: what a spreadsheet would run as a formula gets an apostrophe, and characters that steer a terminal stand as signs. --exact writes every text as it is.',
    args: [SNAPSHOT, OBJECT],
    options: [
      PLATFORM,
      { flags: '--to <file>', description: 'file to make (default: stdout)', kind: 'file' },
      OVERWRITE,
      { flags: '--exact', description: 'every text as it is: for programs' },
    ],
    examples: ['runback snapshot export latest contacts --to contacts.csv'],
    run: exportRecords,
  },
  {
    verb: 'pin',
    summary: 'Keep a snapshot from being deleted',
    args: [SNAPSHOT],
    options: [{ flags: '--off', description: 'no longer keep it' }],
    run: pin,
  },
  {
    verb: 'delete',
    summary: 'Delete a snapshot for good',
    args: [SNAPSHOT],
    options: [{ flags: '--confirm <environment:records>', description: 'the confirmation, where nobody can type it' }],
    run: remove,
  },
];
