import { createHash } from 'node:crypto';

import { inOrder, silentReporter, type Reporter } from '../lib/index.js';
import { kindOfEntry } from './container/names.js';
import { damageOf, readSmallEntry, storedParts, type OpenedSnapshot } from './container/opened.js';
import { NO_SCHEMA, objectSchemaIn, platformIn } from './lines/shapes.js';
import type { Damage, ObjectInfo, PartInfo, VerifyReport } from './types.js';

/** Parts unpacked at the same time: as many as zlib's threads can use beside each other on a small machine. */
const PARALLEL = 3;
const READ_BYTES = 1 << 20;

/** A reader as far as it is verified. */
interface VerifiedReader {
  /** As of any reader; `every`: what is unpacked is hashed too. */
  partBytes(info: ObjectInfo, part: PartInfo, signal: AbortSignal | undefined, every: true): Promise<Buffer>;
  /** The bytes of an entry that holds changes, checked against its digest. Throws as `partBytes`. */
  changeBytes(info: ObjectInfo, part: PartInfo): Promise<Buffer>;
}

/**
 * Reads every byte: each part and schema against its digest, which names what is damaged, and the file as a whole
 * against its seal, which finds what no entry decodes (zip headers, directory, padding bits).
 */
export async function verifySnapshot(
  reader: VerifiedReader,
  opened: OpenedSnapshot,
  options: { readonly signal?: AbortSignal; readonly reporter?: Reporter } = {},
): Promise<VerifyReport> {
  const { manifest, directory } = opened;
  const reporter = options.reporter ?? silentReporter;
  const infos: readonly ObjectInfo[] = [...manifest.objects, ...manifest.links];
  const work = infos.flatMap((info) => info.parts.map((part) => ({ info, part })));
  const damage = new Map<string, Damage>(opened.damage.map((found) => [found.entry, found]));
  const seal = sealHolds(opened, options.signal);
  seal.catch(() => {});

  for (const name of Object.keys(manifest.entries)) {
    const bytes = await readSmallEntry(opened, name);
    if (typeof bytes === 'string') damage.set(name, { entry: name, why: bytes });
    else if (!describes(name, bytes)) damage.set(name, { entry: name, why: NO_SCHEMA });
  }
  const check = async ({ info, part }: { info: ObjectInfo; part: PartInfo }): Promise<Damage | undefined> => {
    options.signal?.throwIfAborted();
    try {
      await reader.partBytes(info, part, options.signal, true);
      return undefined;
    } catch (error) {
      return damageIn(error);
    }
  };
  const total = work.reduce((sum, { part }) => sum + part.bytes, 0);
  let done = 0;
  let index = 0;
  for await (const found of inOrder(work, PARALLEL, check)) {
    done += work[index]?.part.bytes ?? 0;
    index += 1;
    if (found) damage.set(found.entry, found);
    reporter.progress({ task: 'Verifying', done, total, unit: 'bytes' });
  }
  for (const info of infos)
    for (const part of info.changes === undefined ? [] : storedParts(info)) {
      const found = await reader.changeBytes(info, part).catch(damageIn);
      if (found !== undefined && !Buffer.isBuffer(found)) damage.set(found.entry, found);
    }
  const stored = infos.flatMap((info) => storedParts(info).map(({ name }) => name));
  const known = new Set([...Object.keys(manifest.entries), ...stored, 'manifest.json']);
  for (const name of directory.entries.keys()) {
    if (!known.has(name) && !damage.has(name)) damage.set(name, { entry: name, why: 'the manifest does not list it' });
  }
  const broken = await seal;
  if (broken !== undefined && damage.size === 0) damage.set('(container)', { entry: '(container)', why: broken });
  const rows = infos.reduce((sum, info) => sum + info.rows, 0);
  return { id: manifest.id, parts: work.length, rows, bytes: total, damage: [...damage.values()] };
}

/** The damage that an error tells of. Throws any other: what could not be read is not found whole. */
function damageIn(error: unknown): Damage {
  const found = damageOf(error);
  if (found === undefined) throw error;
  return found;
}

/** True unless an entry is called a schema and holds none. */
function describes(name: string, bytes: Buffer): boolean {
  if (kindOfEntry(name) !== 'schema') return true;
  return (name.endsWith('/links.json') ? platformIn(bytes) : objectSchemaIn(bytes)) !== undefined;
}

/** Undefined where the file's bytes are those that were sealed, else in words what is wrong. */
export async function sealHolds(
  { file, directory: { seal } }: Pick<OpenedSnapshot, 'file' | 'directory'>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (!seal) return 'it has no seal: another program packed it again, or its end was changed; every record reads as it was written';
  const hash = createHash('sha256');
  // One buffer for all of it: a file would else be in memory as a whole before anybody collects the pieces.
  const piece = Buffer.allocUnsafe(READ_BYTES);
  for (let at = 0; at < seal.offset; at += READ_BYTES) {
    signal?.throwIfAborted();
    hash.update(await file.read(at, Math.min(READ_BYTES, seal.offset - at), piece));
  }
  return hash.digest('hex') === seal.sha256
    ? undefined
    : 'bytes of the zip itself (a header, the directory or padding) were changed; every record reads as it was written';
}
