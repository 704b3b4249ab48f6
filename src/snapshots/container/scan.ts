import { createInflateRaw } from 'node:zlib';

import type { StoredFile } from '../storage/storage.js';
import { foreign, type ZipEntry } from './directory.js';
import { ENTRY_LIMIT, localHeader, type LocalHeader } from './entry.js';
import { kindOfEntry, plainName } from './names.js';

/** What can be found in a zip without its directory. */
export interface Scan {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Names of entries whose data does not unpack or is cut off. */
  readonly broken: readonly string[];
  /** Names that no snapshot holds. */
  readonly strange: readonly string[];
}

/**
 * How much may be unpacked of entries that turn out to be broken: parts of JSON shrink to a hundredth at most. Entries
 * that overlap have no bound.
 */
const WASTE_BYTES = 256 << 20;
const WASTE_RATIO = 100;
const CHUNK_BYTES = 256 << 10;
const HEADER_BYTES = 1100;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const LOCAL_SIGNATURE = Buffer.from([0x50, 0x4b, 3, 4]);
const DIRECTORY_SIGNATURE = 0x02014b50;

/**
 * Finds entries by their local headers, for files whose directory is damaged or cut off. An entry that does not unpack
 * is noted and the search goes on at the next header, so one damage hides nothing else.
 */
export async function scanEntries(file: StoredFile, signal?: AbortSignal): Promise<Scan> {
  const entries = new Map<string, ZipEntry>();
  const broken: string[] = [];
  const strange: string[] = [];
  let at = 0;
  let wasted = 0;
  const budget = Math.max(WASTE_BYTES, file.bytes * WASTE_RATIO);
  while (at < file.bytes) {
    signal?.throwIfAborted();
    const head = await file.read(at, HEADER_BYTES);
    if (head.length >= 4 && head.readUInt32LE(0) === DIRECTORY_SIGNATURE) break;
    const local = localHeader(head);
    const plain = local && plainName(local.name);
    const kind = plain && kindOfEntry(plain.name);
    if (!local || kind === 'unsafe' || kind === 'unknown' || kind === 'newer') {
      if (local) strange.push(local.name);
      at = await nextHeader(file, at + 1);
      continue;
    }
    const found = await measure(file, at, local);
    if (typeof found === 'number') {
      wasted += found;
      if (wasted > budget) throw foreign(file.path, 'its contents unpack without limit');
      broken.push(plain?.name ?? local.name);
      at = await nextHeader(file, at + 1);
      continue;
    }
    if (kind !== 'folder') entries.set(plain?.name ?? local.name, found.entry);
    at = found.next;
  }
  return { entries, broken, strange };
}

/**
 * Where an entry ends, by its header or, where that is silent, by unpacking it and by the descriptor behind it. Of one
 * that is broken, how many bytes were unpacked for nothing.
 */
async function measure(file: StoredFile, offset: number, local: LocalHeader): Promise<{ entry: ZipEntry; next: number } | number> {
  const start = offset + local.headerBytes;
  const deflated = local.method === 8;
  if ((local.flags & 8) === 0) {
    const { name, compressedBytes, bytes, crc32 } = local;
    const { encrypted } = plainName(name);
    const next = start + compressedBytes;
    return next <= file.bytes ? { entry: { name, encrypted, offset, deflated, compressedBytes, bytes, crc32 }, next } : 0;
  }
  if (!deflated) return 0;
  const { packed: compressedBytes, unpacked } = await packedBytes(file, start);
  if (compressedBytes === undefined) return unpacked;
  const descriptor = await file.read(start + compressedBytes, 24);
  const signed = descriptor.length >= 4 && descriptor.readUInt32LE(0) === DESCRIPTOR_SIGNATURE ? 4 : 0;
  if (descriptor.length < signed + 12 || descriptor.readUInt32LE(signed + 4) !== compressedBytes) return unpacked;
  const [crc32, bytes] = [descriptor.readUInt32LE(signed), descriptor.readUInt32LE(signed + 8)];
  return {
    entry: { name: local.name, encrypted: false, offset, deflated, compressedBytes, bytes, crc32 },
    next: start + compressedBytes + signed + 12,
  };
}

/**
 * How many bytes the deflate stream at `start` has (undefined where it is broken, cut off, or without bound), and how
 * many were unpacked.
 */
async function packedBytes(file: StoredFile, start: number): Promise<{ readonly packed: number | undefined; readonly unpacked: number }> {
  const inflate = createInflateRaw();
  let unpacked = 0;
  const ended = new Promise<number | undefined>((resolve) => {
    inflate.on('data', (chunk: Buffer) => {
      unpacked += chunk.length;
      if (unpacked > ENTRY_LIMIT) resolve(undefined);
    });
    inflate.once('end', () => resolve(inflate.bytesWritten));
    inflate.once('error', () => resolve(undefined));
  });
  const fed = async (): Promise<undefined> => {
    for (let at = start; at < file.bytes && inflate.writable; at += CHUNK_BYTES) {
      const chunk = await file.read(at, CHUNK_BYTES);
      await Promise.race([new Promise<void>((resolve) => inflate.write(chunk, () => resolve())), ended]);
      if (inflate.readableEnded) return undefined;
    }
    inflate.end();
    return undefined;
  };
  const feeding = fed();
  feeding.catch(() => {});
  const packed = await ended;
  inflate.destroy();
  await feeding;
  return { packed, unpacked };
}

/** Offset of the next local header signature from `from` on, or the end of the file. */
async function nextHeader(file: StoredFile, from: number): Promise<number> {
  for (let at = from; at < file.bytes; at += CHUNK_BYTES) {
    const found = (await file.read(at, CHUNK_BYTES + 3)).indexOf(LOCAL_SIGNATURE);
    if (found !== -1) return at + found;
  }
  return file.bytes;
}
