import type { BytesReport, CheckedReport, ObjectInfo, SnapshotGap, SnapshotManifest, SnapshotSummary } from '../../snapshots/index.js';
import { proofWords } from './restore-test.js';
import { bytes, counted, count, facts, table, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrap } from './text/width.js';

const platformsOf = (snapshot: SnapshotSummary): string => snapshot.platforms.map((platform) => visible(platform.name)).join(', ');
const verifiedWords = (snapshot: SnapshotSummary, style: Style): string =>
  snapshot.verifiedAt === undefined
    ? snapshot.record === undefined
      ? 'not verified, not adopted'
      : snapshot.bytesVerifiedAt === undefined
        ? 'not verified'
        : 'not verified, bytes as written'
    : `verified ${time(snapshot.verifiedAt, style)}`;

function verifiedLine({ verifiedAt, bytesVerifiedAt }: SnapshotSummary, style: Style): string {
  if (verifiedAt !== undefined) return time(verifiedAt, style);
  return bytesVerifiedAt === undefined ? 'not yet' : `not yet; bytes as written ${time(bytesVerifiedAt, style)}`;
}

/** Snapshots, newest first: when and of what, then its facts, then its id. */
export function snapshotList(
  snapshots: readonly SnapshotSummary[],
  beside: {
    readonly ignored: readonly { readonly path: string; readonly why: string; readonly gone?: true }[];
    readonly exposures: readonly string[];
  },
  style: Style,
): string {
  const blocks = snapshots.map((snapshot) =>
    [
      `${style.chalk.bold(time(snapshot.startedAt, style))}  ${platformsOf(snapshot)}`,
      `  ${counted(snapshot.rows, 'records')}, ${bytes(snapshot.bytes)}, ${importedWords(snapshot)}${verifiedWords(snapshot, style)}${snapshot.job === undefined ? '' : `, job ${visible(snapshot.job)}`}${snapshot.pinned ? ', pinned' : ''}${encryptedWords(snapshot)}`,
      `  ${proofWords(snapshot.proof)}`,
      ...(snapshot.bases.length === 0 ? [] : [`  builds on ${basesWords(snapshot.bases)}`]),
      ...(snapshot.note === undefined ? [] : [`  "${visible(snapshot.note)}"`]),
      ...(snapshot.gaps.length === 0 ? [] : [`  ${style.glyph.warning} ${gapsLine(snapshot.gaps)}`]),
      ...suspectLines(snapshot, style),
      `  ${snapshot.id}`,
    ].join('\n'),
  );
  if (blocks.length === 0) blocks.push('No snapshot yet. Take one with: runback snapshot create --platform <name>');
  for (const file of beside.ignored)
    blocks.push(`${style.glyph.warning} ${file.gone === true ? 'Damaged' : 'Not a snapshot'}: ${visible(file.path)}\n  ${visible(file.why)}`);
  return [...blocks, ...exposureLines(beside.exposures, style)].join('\n');
}

/** That no platform was read for it, before what else is said of it. */
function importedWords({ imported }: SnapshotSummary): string {
  return imported === undefined ? '' : `imported from ${visible(imported.file)} (${imported.fields.length} of ${imported.of} fields), `;
}

/** Who else could change the snapshots, one warning each. */
function exposureLines(exposures: readonly string[], style: Style): readonly string[] {
  return exposures.map((text) => `${style.glyph.warning} ${visible(text)}`);
}

/**
 * What a snapshot does not hold, or not provably whole, in one line: `without deals, tickets; possibly incomplete:
 * contacts`.
 */
export function gapsLine(gaps: readonly SnapshotGap[]): string {
  const named = (extent: SnapshotGap['extent']): string => gaps.flatMap((gap) => (gap.extent === extent ? [visible(gap.object)] : [])).join(', ');
  const [refused, unproved] = [named('refused'), named('unproved')];
  return [refused === '' ? '' : `without ${refused}`, unproved === '' ? '' : `possibly incomplete: ${unproved}`]
    .filter((part) => part !== '')
    .join('; ');
}

/** That a snapshot is encrypted, and whether it can be read here. */
function encryptedWords({ encrypted }: Pick<SnapshotSummary, 'encrypted'>): string {
  if (encrypted === undefined) return '';
  return encrypted === 'readable' ? ', encrypted' : ', encrypted, and no key here opens it';
}

/** Why a snapshot is suspect, in one line: the first reason, and how many more there are. */
export function suspectLine({ suspect = [] }: Pick<SnapshotSummary, 'suspect'>): string {
  const [first = '', ...others] = suspect;
  return `suspect: ${visible(first)}${others.length === 0 ? '' : `, and ${counted(others.length, 'more', 'more')}`}`;
}

function suspectLines(snapshot: SnapshotSummary, style: Style): readonly string[] {
  if (snapshot.suspect === undefined) return [];
  return wrap(suspectLine(snapshot), style.width - 4).map((line, n) => (n === 0 ? `  ${style.glyph.warning} ${line}` : `    ${line}`));
}

/** All that is known against a snapshot, and what to do about it. */
function suspicionLines({ id, suspect }: SnapshotSummary, style: Style): readonly string[] {
  if (suspect === undefined) return [];
  const next = `It is not latest-verified, and nothing builds on it. Look at what changed: runback diff <a good one> ${id}. If it is right: runback snapshot accept ${id} --reason TEXT`;
  return [...suspect.map((why) => `Suspect: ${visible(why)}`), `Next: ${next}`].flatMap((text) =>
    wrap(text, style.width - 4).map((line, n) => (n === 0 ? `${style.glyph.warning} ${line}` : `    ${line}`)),
  );
}

/**
 * A snapshot that was just taken. One with gaps is not called a success: what is missing comes first, with what to do
 * about it.
 */
export function takenText(snapshot: SnapshotSummary, style: Style): string {
  const proof = `Verify it: runback snapshot verify ${snapshot.id}`;
  const suspicion = suspicionLines(snapshot, style);
  if (snapshot.gaps.length === 0)
    return suspicion.length === 0
      ? `${style.glyph.done} Snapshot taken\n${snapshotText(snapshot, style)}\n\n${proof}`
      : [`${style.glyph.warning} Snapshot taken, and it is suspect`, ...suspicion, '', snapshotText(snapshot, style), '', proof].join('\n');
  const next = [
    'What is not in it cannot be compared or restored from it. Fix the cause and take it again, or name the object types you want',
    'under "objects" of the platform in runback.yml, so that the others are left out on purpose.',
  ].join(' ');
  return [
    `${style.glyph.warning} Snapshot taken, but not of everything`,
    ...gapLines(snapshot.gaps, style),
    ...wrap(`Next: ${next}`, style.width - 2).map((line) => `  ${line}`),
    ...suspicion,
    '',
    snapshotText(snapshot, style),
    '',
    proof,
  ].join('\n');
}

function gapLines(gaps: readonly SnapshotGap[], style: Style): readonly string[] {
  const words = { refused: 'Not in it', unproved: 'May be incomplete' };
  return gaps.flatMap(({ platform, object, why, extent }) =>
    wrap(`${words[extent]}: ${visible(`${platform} ${object}`)}: ${visible(why)}`, style.width - 4).map((line, n) =>
      n === 0 ? `${style.glyph.warning} ${line}` : `    ${line}`,
    ),
  );
}

/** One snapshot: what it is of, when, whether its bytes were proved. */
export function snapshotText(snapshot: SnapshotSummary, style: Style): string {
  const pairs: [string, string][] = [
    ['Snapshot', snapshot.id],
    ...takenPairs(snapshot, style),
    ...snapshot.platforms.map((platform): [string, string] => [
      'Of',
      `${visible(platform.name)} (${platform.environment}, account ${visible(platform.account)})${snapshot.imported === undefined ? `, ${platform.consistent ? 'one moment' : 'while records could change'}` : ''}`,
    ]),
    ['Holds', `${counted(snapshot.rows, 'records')}, ${bytes(snapshot.bytes)}`],
    ...(snapshot.bases.length === 0 ? [] : [['Builds on', basesWords(snapshot.bases)] as [string, string]]),
    ...(snapshot.gaps.length === 0 ? [] : [['Gaps', gapsLine(snapshot.gaps)] as [string, string]]),
    ...(snapshot.suspect === undefined ? [] : [['Suspect', snapshot.suspect.map(visible).join('; ')] as [string, string]]),
    ...acceptedPairs(snapshot, style),
    ['Verified', verifiedLine(snapshot, style)],
    ['Restore', proofWords(snapshot.proof).replace(/^restore /u, '')],
    ['Known by', knownBy(snapshot, style)],
    ...(snapshot.encrypted === undefined
      ? []
      : [['Encrypted', snapshot.encrypted === 'readable' ? 'yes' : 'yes, and no key here opens it'] as [string, string]]),
    ...(snapshot.job === undefined ? [] : [['Job', visible(snapshot.job)] as [string, string]]),
    ...(snapshot.pinned ? [['Pinned', pinWords(snapshot, style)] as [string, string]] : []),
    ...(snapshot.note === undefined ? [] : [['Note', visible(snapshot.note)] as [string, string]]),
    ['File', snapshot.path],
    ['Digest', snapshot.digest],
  ];
  return facts(pairs, style);
}

function takenPairs({ startedAt, createdBy, imported }: SnapshotSummary, style: Style): readonly [string, string][] {
  if (imported === undefined) return [['Taken', `${time(startedAt, style)} by ${visible(createdBy)}`]];
  const { file, at, fields, of } = imported;
  return [
    ['Imported', `from ${visible(file)} ${time(at, style)} by ${visible(createdBy)}`],
    ['Exported', `${time(startedAt, style)}, as was said then`],
    ['Fields', `${count(fields.length)} of ${count(of)}: ${fields.map(visible).join(', ')}`],
  ];
}

function acceptedPairs({ watch }: SnapshotSummary, style: Style): readonly [string, string][] {
  if (watch?.state !== 'accepted') return [];
  return [
    [
      'Accepted',
      `by ${visible(watch.by ?? '')} ${time(watch.at, style)}: ${visible(watch.reason ?? '')}; it was suspect: ${(watch.why ?? []).map(visible).join('; ')}`,
    ],
  ];
}

function basesWords(bases: readonly string[]): string {
  const last = bases.at(-1) ?? '';
  return bases.length === 1 ? last : `${last} and ${counted(bases.length - 1, 'others')} before it`;
}

function pinWords({ pin }: SnapshotSummary, style: Style): string {
  return pin === undefined ? 'yes: it is kept' : `by ${visible(pin.by)} ${time(pin.at, style)}: ${visible(pin.reason)}`;
}

function knownBy({ id, record }: SnapshotSummary, style: Style): string {
  if (record === undefined) return `nothing was recorded when it was made. If you know that it is the right file: runback snapshot adopt ${id}`;
  const { how, by, at } = record;
  return how === 'made' ? 'its digest, recorded when it was made' : `its digest, adopted by ${visible(by)} ${time(at, style)}`;
}

/** What object types and links a snapshot holds, and what could not be read. */
export function contentsText(manifest: SnapshotManifest, gaps: readonly SnapshotGap[], style: Style): string {
  const rows = [
    ...manifest.objects.map((info) => [visible(info.platform), visible(info.object), count(info.rows), readHow(info)]),
    ...manifest.links.map((info) => [visible(info.platform), `links ${visible(info.object)}`, count(info.rows), info.census ? 'all' : 'not proved']),
  ];
  const columns = [{ title: 'Platform' }, { title: 'Object type', shrink: true }, { title: 'Rows', align: 'right' as const }, { title: 'Read' }];
  const withheld = manifest.objects.flatMap(({ object, withheld: names = [] }) =>
    names.length === 0 ? [] : [`Never stored: ${visible(names.join(', '))} of ${visible(object)}`],
  );
  const forgotten = (manifest.forgotten ?? []).map(({ object, keys }) => `Forgotten: ${counted(keys.length, 'records')} of ${visible(object)}`);
  return [table(columns, rows, style), ...withheld, ...forgotten, ...gapLines(gaps, style)].join('\n');
}

/** How the records of an object type were read. */
function readHow({ census, askedSince }: ObjectInfo): string {
  if (!census) return 'not proved';
  return askedSince === undefined ? 'all keys' : `what changed; all on ${visible(askedSince.allReadAt.slice(0, 10))}`;
}

/** Outcome of reading every byte. */
export function verifyText(report: CheckedReport, exposures: readonly string[], style: Style): string {
  const notNoted = report.notNoted === undefined ? [] : [`${style.glyph.warning} The result could not be noted: ${visible(report.notNoted)}`];
  return [readText(report, style), ...notNoted, ...exposureLines(exposures, style)].join('\n');
}

/** What comparing the bytes of an encrypted snapshot with what was recorded has come to. */
export function bytesText({ bytes: size, broken, notNoted, id }: BytesReport, style: Style): string {
  const read =
    broken === undefined
      ? `${style.glyph.done} The bytes are as they were written: ${bytes(size)}\n  No key here opens them, so that what they hold was not read: it does not count as verified.`
      : `${style.glyph.failed} The bytes are not those that were written: ${broken}`;
  const lines = notNoted === undefined ? [] : [`${style.glyph.warning} The result could not be noted: ${visible(notNoted)}`];
  return [read, `  ${id}`, ...lines].join('\n');
}

function readText(report: CheckedReport, style: Style): string {
  const read = `${counted(report.parts, 'parts')}, ${counted(report.rows, 'records and links', 'record or link')}, ${bytes(report.bytes)}`;
  if (report.damage.length === 0 && !report.recorded) return `${style.glyph.warning} Every byte matches its own digests: ${read}\n  ${report.id}`;
  if (report.damage.length === 0) return `${style.glyph.done} Every byte is what was written: ${read}\n  ${report.id}`;
  // Whole, not as a table: a key range that is cut short says nothing.
  const lines = report.damage.flatMap((damage) => {
    const what = [damage.platform, damage.object].filter((part) => part !== undefined).join(' ') || damage.entry;
    const keys = damage.firstKey === damage.lastKey ? damage.firstKey : `${damage.firstKey ?? '?'} to ${damage.lastKey ?? '?'}`;
    return wrap(visible(`${what}${keys === undefined ? '' : `, ${keys}`}: ${damage.why}`), style.width - 4).map((line, n) =>
      n === 0 ? `  - ${line}` : `    ${line}`,
    );
  });
  return [`${style.glyph.failed} ${counted(report.damage.length, 'parts')} cannot be read; the rest is usable (${read})`, ...lines].join('\n');
}
