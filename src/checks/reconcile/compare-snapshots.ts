import { type CallOptions, inOrder, type Reporter, RunbackError, silentReporter } from '../../lib/index.js';
import type { MappingSide, SideIndex } from '../../mappings/index.js';
import { parseRecordLine, type ObjectSchema, type PlatformRecord } from '../../records/index.js';
import type { ObjectInfo, PartInfo, SnapshotReader } from '../../snapshots/index.js';
import { type Candidate, Join, type JoinOptions } from './join/join.js';
import { type Comparison } from './rows/columns.js';

/** One side of a mapping as a snapshot holds it. */
export interface SnapshotSide {
  readonly reader: SnapshotReader;
  readonly info: ObjectInfo;
  readonly schema: ObjectSchema;
}

/** Parts of a snapshot held at once: one that is used, the next being unpacked. */
const PARTS_AT_ONCE = 2;
const NEWLINE = 0x0a;
/** Candidates that are looked at again; of more, the rest is counted. */
const MOST_CANDIDATES = 100_000;

/** What two snapshots have in common, and where they differ. */
export interface Compared {
  readonly candidates: readonly Candidate[];
  /** Candidates beyond the most that are looked at again. */
  readonly beyond: number;
  readonly matched: number;
  readonly records: readonly [number, number];
  /** Records without a counterpart that the mapping lets stand alone. */
  readonly leftAlone: readonly [number, number];
}

/** What a snapshot holds of a side. Throws `not-found`, `object-unsupported` where it could not be read. */
export async function snapshotSide(reader: SnapshotReader, { platform, object }: MappingSide): Promise<SnapshotSide> {
  const { manifest, header } = reader;
  const info = manifest.objects.find((one) => one.platform === platform && one.object === object);
  const schema = info === undefined ? undefined : await reader.objectSchema(platform, object);
  if (info !== undefined && schema !== undefined) return { reader, info, schema };
  const refused = manifest.refused.find((one) => one.platform === platform && one.object === object);
  if (refused === undefined)
    throw new RunbackError('not-found', `Snapshot ${header.id} does not hold ${platform}/${object}`, {
      state: 'Nothing was compared.',
      next: 'Name another snapshot, or none: then both sides are read now.',
    });
  throw new RunbackError('object-unsupported', `${platform}/${object} could not be read`, {
    why: `${refused.why}.`,
    state: 'Nothing was compared, so nothing is known of the two sides.',
    next: 'runback doctor',
  });
}

/** Reads both sides from their snapshots and joins them. Throws `snapshot-damaged`, `disk-full`. */
export async function compareSnapshots(
  comparison: Comparison,
  sides: readonly [SnapshotSide, SnapshotSide],
  options: JoinOptions & { readonly mostCandidates?: number },
  call: CallOptions,
): Promise<Compared> {
  const join = new Join(comparison, options);
  const most = options.mostCandidates ?? MOST_CANDIDATES;
  try {
    for (const side of [0, 1] as const) await addSide(join, side, sides[side], call);
    const candidates: Candidate[] = [];
    let beyond = 0;
    for await (const candidate of join.candidates())
      if (candidates.length < most) candidates.push(candidate);
      else beyond += 1;
    return { candidates, beyond, matched: join.matched, records: join.records, leftAlone: join.leftAlone };
  } finally {
    await join.close();
  }
}

async function addSide(join: Join, side: SideIndex, { reader, info }: SnapshotSide, call: CallOptions): Promise<void> {
  const reporter: Reporter = call.reporter ?? silentReporter;
  const read = async (part: PartInfo): Promise<Buffer> => await reader.partBytes(info, part, call.signal);
  for await (const bytes of inOrder(info.parts, PARTS_AT_ONCE, read)) {
    await join.add(side, parsed(bytes));
    reporter.progress({ task: `Comparing ${info.object}`, done: join.records[side], total: info.rows, unit: 'records' });
  }
}

/** The records of a part, one line after the other: as texts all at once they would take a multiple of their bytes. */
function* parsed(bytes: Buffer): Generator<PlatformRecord> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    yield parseRecordLine(bytes.toString('utf8', start, end));
    start = end + 1;
  }
}
