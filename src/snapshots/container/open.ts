import { dirname, join } from 'node:path';

import { defined, isRunbackError, RunbackError, sha256 } from '../../lib/index.js';
import { type Decryption, NoKey } from '../encryption/age.js';
import { type OpenBase, ZipSnapshotReader } from '../reader.js';
import { openStoredFile } from '../storage/folder.js';
import { cannotBeHad, type StoredFile } from '../storage/storage.js';
import type { Damage, ObjectInfo, SnapshotManifest } from '../types.js';
import { foreign, readDirectory, type ZipDirectory } from './directory.js';
import { ENTRY_LIMIT, readEntry, type SnapshotFile } from './entry.js';
import type { KnownFiles } from './known.js';
import { parseManifest } from './manifest.js';
import { HEADER_ENTRY, MANIFEST_ENTRY } from './names.js';
import { partDamage, type OpenedSnapshot, storedParts } from './opened.js';
import { salvage } from './salvage.js';
import { scanEntries, type Scan } from './scan.js';

export interface OpenSnapshotOptions {
  /**
   * Also open what has no manifest any more (cut off, or the manifest itself is damaged): whatever parts are left, with
   * `census` false everywhere and `damage` saying what is known to be missing. Reads the whole file once.
   */
  readonly salvage?: boolean;
  /**
   * Do not search a file whose directory or manifest is broken, which takes reading all of it: refuse it at once. For
   * lists.
   */
  readonly quick?: boolean;
  /**
   * Opens the snapshot that this one builds on, where it does; the reader closes it. Without it, that is looked for in the
   * same folder.
   */
  readonly openBase?: OpenBase;
  /** What opens an encrypted one. */
  readonly keys?: Decryption;
  /** Files that need not be looked at again, and to which this one is added. */
  readonly known?: KnownFiles;
}

/**
 * Opens a snapshot file. Damage in the zip's own structure is worked around where the manifest still proves what
 * belongs to the snapshot; it is then listed in the reader's `damage`.
 *
 * Throws `not-found`, `file-unreadable`; `snapshot-encrypted` where no key opens it; `snapshot-foreign` for what is no snapshot or has unsafe names or sizes;
 * `snapshot-newer`; `snapshot-damaged` where there is no intact manifest (`data: {readable}` counts the parts that
 * `salvage` would find).
 */
export async function openSnapshot(path: string, options: OpenSnapshotOptions = {}): Promise<ZipSnapshotReader> {
  const file = await openStoredFile(path);
  const { keys } = options;
  const beside: OpenBase = async ({ id }) => await openSnapshot(join(dirname(path), `${id}.zip`), defined({ keys }));
  try {
    return await openStored(file, { openBase: beside, ...options });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same for a file that is open already. The reader closes it; on an error it stays open. */
export async function openStored(stored: StoredFile, options: OpenSnapshotOptions = {}): Promise<ZipSnapshotReader> {
  const file: SnapshotFile = { ...stored, ...defined({ keys: options.keys }) };
  const before = options.known?.get(stored.content);
  if (before !== undefined) return readerOf(file, before.directory, before, [], options);
  let refusal: unknown;
  let directory: ZipDirectory | undefined;
  try {
    directory = await readDirectory(file);
  } catch (error) {
    if (!isRunbackError(error, 'snapshot-foreign')) throw error;
    refusal = error;
  }
  const found = directory && (await manifestIn(file, directory));
  if (directory && found) {
    options.known?.keep(stored.content, { directory, ...found });
    return readerOf(file, directory, found, [], options);
  }

  if (options.quick === true) throw refusal ?? incomplete(file.path, undefined, directory !== undefined);
  const scan = await scanEntries(file);
  const usable: ZipDirectory = { entries: new Map([...scan.entries, ...(directory?.entries ?? [])]), seal: directory?.seal };
  const scanned = await manifestIn(file, { entries: scan.entries, seal: undefined });
  if (scan.strange.length > 0 || (refusal !== undefined && !scanned)) throw refusal ?? strangeName(file, scan);
  if (scanned) {
    const why = 'the zip directory is damaged; the entries were found without it';
    return readerOf(file, { entries: scan.entries, seal: undefined }, scanned, [{ entry: '(directory)', why }], options);
  }
  const known = [...usable.entries.keys()];
  if (known.length === 0 && scan.broken.length === 0) throw foreign(file.path, 'nothing in it looks like an entry of a snapshot');
  if (!known.some((name) => name === HEADER_ENTRY || name.startsWith('schema/') || name.startsWith('data/')) && scan.broken.length === 0)
    throw foreign(file.path, `it holds ${known[0] ?? 'nothing'}`);
  if (options.keys === undefined && [...usable.entries.values()].some(({ encrypted }) => encrypted)) throw noKey(file.path, undefined);
  if (options.salvage === true) return new ZipSnapshotReader(await salvage(file, usable, scan.broken));
  throw incomplete(file.path, usable, directory !== undefined);
}

interface FoundManifest {
  readonly manifest: SnapshotManifest;
  readonly digest: string;
}

async function manifestIn(file: SnapshotFile, directory: ZipDirectory): Promise<FoundManifest | undefined> {
  const entry = directory.entries.get(MANIFEST_ENTRY);
  if (!entry || entry.bytes > ENTRY_LIMIT) return undefined;
  const bytes = await readEntry(file, entry).catch((error: unknown) => {
    if (cannotBeHad(error)) throw error;
    // There is none, it is another one, or it could not be had.
    if (error instanceof NoKey || isRunbackError(error)) throw noKey(file.path, error);
    return undefined;
  });
  const manifest = bytes && parseManifest(bytes, file.path);
  return manifest && { manifest, digest: sha256(bytes) };
}

function readerOf(
  file: SnapshotFile,
  directory: ZipDirectory,
  { manifest, digest }: FoundManifest,
  structure: readonly Damage[],
  { openBase }: OpenSnapshotOptions,
): ZipSnapshotReader {
  const infos: readonly ObjectInfo[] = [...manifest.objects, ...manifest.links];
  const damage = [
    ...structure,
    ...Object.keys(manifest.entries)
      .filter((name) => !directory.entries.has(name))
      .map((entry) => ({ entry, why: 'it is not in the file' })),
    ...infos.flatMap((info) =>
      storedParts(info)
        .filter((part) => !directory.entries.has(part.name))
        .map((part) => partDamage(info, part, 'it is not in the file')),
    ),
  ];
  const opened: OpenedSnapshot = { file, directory, header: manifest.header, manifest, digest, damage };
  return new ZipSnapshotReader(opened, openBase);
}

function noKey(path: string, cause: NoKey | RunbackError | undefined): RunbackError {
  const because = isRunbackError(cause) ? `${cause.message}. ${cause.why ?? ''}`.trim() : sentence(cause?.message);
  return new RunbackError('snapshot-encrypted', `${path} is encrypted, and no key here opens it`, {
    why: because,
    state: 'Nothing was read or changed.',
    next:
      (isRunbackError(cause) ? cause.next : undefined) ??
      'Say in runback.yml where the key is: backups: { identity: file:~/.config/runback/backup.key }',
    data: { path },
    ...defined({ cause }),
  });
}

function sentence(text = 'it can only be read with the key of one of its recipients'): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function strangeName(file: StoredFile, scan: Scan): RunbackError {
  return foreign(file.path, `it holds an entry named ${JSON.stringify(scan.strange[0]?.slice(0, 120))}`);
}

function incomplete(path: string, directory: ZipDirectory | undefined, hasDirectory: boolean): RunbackError {
  const readable = directory && [...directory.entries.keys()].filter((name) => name.startsWith('data/') || name.startsWith('links/')).length;
  return new RunbackError('snapshot-damaged', `${path} is not a complete snapshot`, {
    why: hasDirectory ? 'Its manifest is missing or damaged.' : 'It was cut off: the directory and the manifest at its end are missing.',
    state: `Nothing was changed.${readable === undefined ? '' : ` ${readable} ${readable === 1 ? 'part' : 'parts'} of records or links can still be read.`}`,
    next: 'See what is left: runback snapshot verify <id>. For a restore, choose another snapshot: runback snapshot list',
    data: readable === undefined ? {} : { readable },
  });
}
