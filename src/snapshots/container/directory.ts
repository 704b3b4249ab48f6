import { Readable } from 'node:stream';

import type { CentralDirectory } from 'unzipper';

import { RunbackError } from '../../lib/index.js';
import type { StoredFile } from '../storage/storage.js';
import { newerFormat } from './manifest.js';
import { kindOfEntry, plainName } from './names.js';
import { SEAL_PREFIX } from './writer.js';

/** Where an entry's bytes are in the zip. */
export interface ZipEntry {
  /** In the zip; what the manifest calls it is its `plainName`. */
  readonly name: string;
  readonly encrypted: boolean;
  /** Of the local header. */
  readonly offset: number;
  /** Stored or deflated. */
  readonly deflated: boolean;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
}

/** The entries of a zip by the names that the manifest has for them, checked for safety, and the seal if it has one. */
export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** SHA-256 that the file says its bytes before the seal have, hexadecimal; undefined where there is none. */
  readonly seal: { readonly sha256: string; readonly offset: number } | undefined;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const SEAL_BYTES = SEAL_PREFIX.length + 43;
const LOCATOR64_SIGNATURE = 0x07064b50;
const LOCATOR64_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
/** A directory larger than this belongs to no snapshot: 400,000 parts of 2 MB are 800 GB. */
const DIRECTORY_LIMIT = 64 << 20;
/** How far from the end the end record is looked for: archives of other programs may have comments. */
const TAIL_BYTES = 1 << 16;

/** Deflate cannot do better than this; whoever says so lies. */
const RATIO_LIMIT = 1040;

/**
 * Reads the directory with unzipper, after checking that it can only be as large as it says. Undefined where there is
 * none or it is broken (the file was cut off or changed). Throws `snapshot-foreign` where a name, size or flag in it
 * is one that runback never writes, `snapshot-newer` where a later runback does.
 */
export async function readDirectory(file: StoredFile): Promise<ZipDirectory | undefined> {
  const found = await findDirectory(file);
  if (!found) return undefined;
  const { tail, end, directoryOffset } = found;
  const bytes = await file.read(directoryOffset, end - directoryOffset + END_BYTES);
  // The comment is not given to unzipper: it looks for the end in the last 80 bytes only.
  bytes.writeUInt16LE(0, bytes.length - 2);
  // Only now: it brings eighty modules, and most commands never open a snapshot.
  const { Open } = await import('unzipper');
  let read: CentralDirectory;
  try {
    read = await Open.custom({
      size: () => Promise.resolve(end + END_BYTES),
      // From memory: unzipper leaves the streams of its directory open.
      stream: (offset: number, length: number) => Readable.from([window(bytes, offset - directoryOffset, length)]),
    });
  } catch {
    return undefined;
  }
  const entries = new Map<string, ZipEntry>();
  for (const item of read.files) {
    const entry = checked(item, file.path);
    if (!entry) continue;
    const { name } = plainName(entry.name);
    if (entries.has(name)) throw foreign(file.path, `the name ${JSON.stringify(name)} is in it twice`);
    entries.set(name, entry);
  }
  refuseOverlap([...entries.values()], directoryOffset, file.path);
  return { entries, seal: sealIn(tail, file.bytes, end) };
}

/** Bytes from an offset that may lie a little before them: unzipper asks for 80 bytes even where there are fewer. */
function window(bytes: Buffer, offset: number, length: number | undefined): Buffer {
  const padded = offset < 0 ? Buffer.concat([Buffer.alloc(Math.min(-offset, 80)), bytes]) : bytes.subarray(offset);
  return length ? padded.subarray(0, length) : padded;
}

/** Finds the end record and where the directory begins, zip64 or not. Undefined where it makes no sense. */
async function findDirectory(file: StoredFile): Promise<{ tail: Buffer; end: number; directoryOffset: number } | undefined> {
  const tail = await file.read(Math.max(0, file.bytes - TAIL_BYTES), TAIL_BYTES);
  const tailOffset = file.bytes - tail.length;
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const end = tailOffset + at;
    let count = tail.readUInt16LE(at + 10);
    let directoryBytes = tail.readUInt32LE(at + 12);
    let directoryOffset = tail.readUInt32LE(at + 16);
    let directoryEnd = end;
    if (count === 0xffff || directoryOffset === 0xffffffff || directoryBytes === 0xffffffff) {
      if (at < LOCATOR64_BYTES || tail.readUInt32LE(at - LOCATOR64_BYTES) !== LOCATOR64_SIGNATURE) return undefined;
      const end64 = Number(tail.readBigUInt64LE(at - LOCATOR64_BYTES + 8));
      if (end64 + END64_BYTES > end) return undefined;
      const record = await file.read(end64, END64_BYTES);
      if (record.length < END64_BYTES || record.readUInt32LE(0) !== END64_SIGNATURE) return undefined;
      count = Number(record.readBigUInt64LE(32));
      directoryBytes = Number(record.readBigUInt64LE(40));
      directoryOffset = Number(record.readBigUInt64LE(48));
      directoryEnd = end64;
    }
    if (directoryOffset + directoryBytes !== directoryEnd || count * ENTRY_BYTES > directoryBytes) return undefined;
    if (directoryBytes > DIRECTORY_LIMIT) throw foreign(file.path, `its directory has ${directoryBytes} bytes`);
    return { tail, end, directoryOffset };
  }
  return undefined;
}

/** Turns what unzipper read into an entry; undefined for folders. */
function checked(item: CentralDirectory['files'][number], path: string): ZipEntry | undefined {
  const name = item.pathBuffer.toString('utf8');
  const plain = plainName(name);
  const kind = kindOfEntry(plain.name);
  if (kind === 'unsafe' || kind === 'unknown') throw foreign(path, `it holds an entry named ${JSON.stringify(name.slice(0, 120))}`);
  if (kind === 'newer') throw newerFormat(path, `it holds the entry ${name}`);
  if ((item.flags & 1) !== 0) throw foreign(path, `the entry ${name} is encrypted`);
  if (item.compressionMethod !== 0 && item.compressionMethod !== 8)
    throw foreign(path, `the entry ${name} is compressed by method ${item.compressionMethod}`);
  if (item.uncompressedSize > item.compressedSize * RATIO_LIMIT + 64)
    throw foreign(path, `the entry ${name} says that ${item.compressedSize} bytes unpack to ${item.uncompressedSize}`);
  if (kind === 'folder') return undefined;
  return {
    name,
    encrypted: plain.encrypted,
    offset: item.offsetToLocalFileHeader,
    deflated: item.compressionMethod === 8,
    compressedBytes: item.compressedSize,
    bytes: item.uncompressedSize,
    crc32: item.crc32,
  };
}

/** Entries that share bytes are how a small file unpacks to a huge one. */
function refuseOverlap(entries: ZipEntry[], directoryOffset: number, path: string): void {
  entries.sort((a, b) => a.offset - b.offset);
  for (const [n, entry] of entries.entries()) {
    const next = entries[n + 1]?.offset ?? directoryOffset;
    if (entry.offset + 30 + entry.name.length + entry.compressedBytes > next)
      throw foreign(path, `the entry ${entry.name} shares bytes with another`);
  }
}

function sealIn(tail: Buffer, fileBytes: number, end: number): ZipDirectory['seal'] {
  const offset = end + END_BYTES;
  const text = tail.subarray(tail.length - (fileBytes - offset)).toString('latin1');
  if (text.length !== SEAL_BYTES || !text.startsWith(SEAL_PREFIX)) return undefined;
  const written = text.slice(SEAL_PREFIX.length);
  const digest = Buffer.from(written, 'base64url');
  // 43 characters hold two bits more than a digest has: another spelling of the same digest is a changed byte as well.
  return digest.toString('base64url') === written ? { sha256: digest.toString('hex'), offset } : undefined;
}

/** The refusal of a file that no runback wrote, or that was tampered with. */
export function foreign(path: string, why: string): RunbackError {
  return new RunbackError('snapshot-foreign', `${path} is not a runback snapshot`, {
    why: `${why.charAt(0).toUpperCase()}${why.slice(1)}, which runback never writes.`,
    state: 'Nothing of it was unpacked; nothing was changed.',
    next: 'List the snapshots of this workspace: runback snapshot list',
    data: { path },
  });
}
