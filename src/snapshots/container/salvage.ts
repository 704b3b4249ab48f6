import { crc32 } from 'node:zlib';

import { canonicalJson, sha256 } from '../../lib/index.js';
import { compareIn, type KeyOrder } from '../../records/index.js';
import { linesProblem } from '../lines/check-lines.js';
import { beginsLine, keyAt, NEWLINE, type LineKind } from '../lines/lines.js';
import { objectSchemaIn, platformIn } from '../lines/shapes.js';
import { cannotBeHad } from '../storage/storage.js';
import type { Damage, LinkInfo, ObjectInfo, PartInfo, SnapshotHeader, SnapshotManifest } from '../types.js';
import type { ZipDirectory, ZipEntry } from './directory.js';
import { readEntry, type SnapshotFile } from './entry.js';
import { FORMAT_VERSION, parseHeader } from './manifest.js';
import { dataFolder, HEADER_ENTRY, kindOfEntry, linkFolder, linkName, MANIFEST_ENTRY, segmentOf } from './names.js';
import type { OpenedSnapshot } from './opened.js';

/** Schemas are kept in memory meanwhile. */
const SMALL_BYTES = 128 << 20;

/**
 * Makes up a manifest for a snapshot that lost its own: from the entries that still read, checked by the zip's CRC-32.
 * Nothing proves that these are all, so no object has a census and the damage says so.
 */
export async function salvage(file: SnapshotFile, directory: ZipDirectory, broken: readonly string[]): Promise<OpenedSnapshot> {
  const damage: Damage[] = [{ entry: MANIFEST_ENTRY, why: 'it is missing or damaged: it is not known which records are lost' }];
  for (const entry of broken) if (entry !== MANIFEST_ENTRY) damage.push({ entry, why: 'it does not unpack' });
  const small = new Map<string, Buffer>();
  const parts = new Map<string, FoundPart[]>();
  let kept = 0;
  for (const [name, entry] of [...directory.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === MANIFEST_ENTRY) continue;
    const bytes = await readChecked(file, entry);
    if (typeof bytes === 'string') {
      damage.push({ entry: name, why: bytes });
      continue;
    }
    const kind = kindOfEntry(name);
    if (kind === 'header' || kind === 'schema') {
      kept += bytes.length;
      if (kept <= SMALL_BYTES) small.set(name, bytes);
      else damage.push({ entry: name, why: 'it is larger than any platform describes' });
    }
    if (kind === 'changes') damage.push({ entry: name, why: 'it holds changes, and the manifest that says of what is gone' });
    if (kind !== 'data' && kind !== 'links') continue;
    const part = describePart(name, kind === 'data' ? 'records' : 'links', bytes);
    const folder = name.slice(0, name.lastIndexOf('/'));
    if (part) parts.set(folder, [...(parts.get(folder) ?? []), part]);
    else damage.push({ entry: name, why: 'it does not hold snapshot lines' });
  }
  const headerBytes = small.get(HEADER_ENTRY);
  const header = (headerBytes && parseHeader(headerBytes, file.path)) ?? unknownHeader(file.path);
  const lying = new Map<string, Lying>();
  for (const [folder, found] of parts) {
    const its = oneOrder(found);
    lying.set(folder, its);
    for (const { part } of found)
      if (!its.parts.includes(part)) damage.push({ entry: part.name, why: 'its lines lie in another order than the others' });
  }
  const { objects, links } = namesOf(header, small, lying);
  const unsigned: Omit<SnapshotManifest, 'sha256'> = {
    version: FORMAT_VERSION,
    id: header.id,
    header,
    finishedAt: header.startedAt,
    objects,
    links,
    entries: Object.fromEntries([...small].map(([name, bytes]) => [name, sha256(bytes)])),
    bases: [],
    refused: [],
  };
  const manifest: SnapshotManifest = { ...unsigned, sha256: sha256(canonicalJson(unsigned)) };
  return { file, directory, header, manifest, digest: sha256(canonicalJson(manifest)), damage, salvaged: true };
}

async function readChecked(file: SnapshotFile, entry: ZipEntry): Promise<Buffer | string> {
  try {
    const bytes = await readEntry(file, entry);
    // What was decrypted is what was encrypted: the checksum is that of the encrypted bytes.
    return entry.encrypted || crc32(bytes) === entry.crc32 ? bytes : 'its checksum does not match';
  } catch (error) {
    if (cannotBeHad(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** A part that reads, and the orders in which its lines lie. */
interface FoundPart {
  readonly part: PartInfo;
  readonly fits: readonly KeyOrder[];
}

/** Parts of one object type and how their lines lie. */
interface Lying {
  readonly order: KeyOrder;
  readonly parts: readonly PartInfo[];
}

/** Parts that lie in one order: that which the most of them fit, in themselves and one after the other. */
function oneOrder(found: readonly FoundPart[]): Lying {
  const inOrder = (order: KeyOrder): PartInfo[] => found.filter(({ fits }) => fits.includes(order)).map(({ part }) => part);
  const steps = (order: KeyOrder, parts: readonly PartInfo[]): number =>
    parts.filter((part, n) => compareIn(order, parts[n - 1]?.lastKey ?? part.firstKey, part.firstKey) <= 0).length;
  const [text, integer] = [inOrder('text'), inOrder('integer')];
  return steps('integer', integer) > steps('text', text) ? { order: 'integer', parts: integer } : { order: 'text', parts: text };
}

function describePart(name: string, kind: LineKind, bytes: Buffer): FoundPart | undefined {
  if (bytes.at(-1) !== NEWLINE || !beginsLine(kind, bytes, 0)) return undefined;
  let rows = 0;
  for (let at = 0; at < bytes.length; at = bytes.indexOf(NEWLINE, at) + 1) rows += 1;
  const last = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  const part: PartInfo = {
    name,
    rows,
    bytes: bytes.length,
    sha256: sha256(bytes),
    firstKey: keyAt(kind, bytes, 0, bytes.length),
    lastKey: keyAt(kind, bytes, last, bytes.length),
  };
  const orders: readonly KeyOrder[] = kind === 'records' ? ['text', 'integer'] : ['text'];
  const fits = orders.filter((order) => linesProblem({ kind, order }, bytes, part) === undefined);
  return fits.length === 0 ? undefined : { part, fits };
}

/**
 * True names of the folders found, by encoding every name the schemas tell; a folder without a schema keeps its own.
 */
function namesOf(
  header: SnapshotHeader,
  small: ReadonlyMap<string, Buffer>,
  parts: ReadonlyMap<string, Lying>,
): { objects: ObjectInfo[]; links: LinkInfo[] } {
  const objects: ObjectInfo[] = [];
  const links: LinkInfo[] = [];
  const taken = new Set<string>();
  const totals = ({ order, parts: found }: Lying): Pick<ObjectInfo, 'rows' | 'order' | 'census' | 'digest' | 'parts'> => ({
    rows: found.reduce((sum, part) => sum + part.rows, 0),
    ...(order === 'text' ? {} : { order }),
    census: false,
    digest: sha256(found.map((part) => part.sha256).join('')),
    parts: found,
  });
  const take = (folder: string): Lying => {
    taken.add(folder);
    return parts.get(folder) ?? { order: 'text', parts: [] };
  };
  for (const { name: platform } of header.platforms) {
    for (const [entry, bytes] of small) {
      if (!entry.startsWith(`schema/${segmentOf(platform)}/`)) continue;
      const object = objectSchemaIn(bytes)?.object;
      if (object !== undefined && parts.has(dataFolder(platform, object)))
        objects.push({ platform, object, ...totals(take(dataFolder(platform, object))) });
      for (const link of platformIn(bytes)?.links ?? []) {
        if (!parts.has(linkFolder(platform, link))) continue;
        const found = take(linkFolder(platform, link));
        links.push({ platform, object: linkName(link), from: link.from, to: link.to, kind: link.kind, ...totals(found) });
      }
    }
  }
  for (const [folder, found] of parts) {
    const [root, platform = '', object = ''] = folder.split('/');
    if (root === 'data' && !taken.has(folder)) objects.push({ platform, object, ...totals(found) });
    const [from = '', to = '', kind = ''] = object.split('~');
    if (root === 'links' && !taken.has(folder)) links.push({ platform, object, from, to, kind, ...totals(found) });
  }
  return { objects, links };
}

function unknownHeader(path: string): SnapshotHeader {
  const id = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).replace(/\.zip(\.partial)?$/, '');
  return { version: 1, id, kind: 'full', startedAt: new Date(0).toISOString(), platforms: [], createdBy: 'unknown' };
}
