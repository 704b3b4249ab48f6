import { promisify } from 'node:util';
import { gunzip, inflateRaw } from 'node:zlib';

import { sha256 } from '../../lib/index.js';
import { type Decryption, NoKey } from '../encryption/age.js';
import type { StoredFile } from '../storage/storage.js';
import type { ZipEntry } from './directory.js';

const inflate = promisify(inflateRaw);
const unzip = promisify(gunzip);

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
/** Room for the extra field that other programs write. */
const EXTRA_BYTES = 256;

/** A part may hold one line of 64 MB beside 4 MB of others; nothing in a snapshot is larger. */
export const ENTRY_LIMIT = 72 << 20;

/** A file of a snapshot, and the keys that open what is encrypted in it. */
export interface SnapshotFile extends StoredFile {
  readonly keys?: Decryption;
}

/** What a local header says; `entry` is not filled in where sizes come after the data. */
export interface LocalHeader {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Bytes of the header with name and extra field. */
  readonly headerBytes: number;
}

/** Reads the local header at the start of `bytes`; undefined where there is none or it is cut off. */
export function localHeader(bytes: Buffer): LocalHeader | undefined {
  if (bytes.length < LOCAL_BYTES || bytes.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined;
  const nameBytes = bytes.readUInt16LE(26);
  const headerBytes = LOCAL_BYTES + nameBytes + bytes.readUInt16LE(28);
  if (bytes.length < LOCAL_BYTES + nameBytes) return undefined;
  return {
    name: bytes.toString('utf8', LOCAL_BYTES, LOCAL_BYTES + nameBytes),
    flags: bytes.readUInt16LE(6),
    method: bytes.readUInt16LE(8),
    crc32: bytes.readUInt32LE(14),
    compressedBytes: bytes.readUInt32LE(18),
    bytes: bytes.readUInt32LE(22),
    headerBytes,
  };
}

/**
 * The bytes of one entry, decrypted and unpacked. Never unpacks more than `expected` bytes. Throws a plain Error saying
 * why the entry cannot be read; the caller knows what was in it. `NoKey` where it is encrypted and no key opens it. Inflates outside unzipper: one buffer in, one buffer out, in zlib's
 * own thread, is twice as fast as its streams.
 */
export async function readEntry(file: SnapshotFile, entry: ZipEntry, expected?: number): Promise<Buffer> {
  return (await readStored(file, entry, expected, undefined)).bytes;
}

/**
 * The same; `asWritten`: the bytes in the file are those whose digest was noted when they were written, and so is what they unpack to.
 */
export async function readStored(
  file: SnapshotFile,
  entry: ZipEntry,
  expected: number | undefined,
  stored: string | undefined,
): Promise<{ readonly bytes: Buffer; readonly asWritten: boolean }> {
  const most = expected ?? (entry.encrypted ? entry.compressedBytes : entry.bytes);
  if (most > ENTRY_LIMIT) throw new Error(`it would unpack to ${most} bytes, more than any part has`);
  const packed = await storedBytes(file, entry);
  const unpacking = entry.encrypted ? decrypted(file, packed, expected) : unpacked(packed, entry, expected ?? entry.bytes);
  // Hashed while it is unpacked elsewhere.
  const asWritten = stored !== undefined && sha256(packed) === stored;
  return { bytes: await unpacking, asWritten };
}

async function decrypted({ keys }: SnapshotFile, bytes: Buffer, expected: number | undefined): Promise<Buffer> {
  if (keys === undefined) throw new NoKey('it is encrypted, and there is no key here');
  const packed = await keys.decrypt(bytes);
  const limit = Math.min(ENTRY_LIMIT, expected ?? ENTRY_LIMIT) + 64;
  // What is unpacked has the size it has: a buffer of the limit is not made for a schema.
  const options = { maxOutputLength: limit, ...(expected === undefined ? {} : { chunkSize: Math.max(64, limit) }) };
  return sized(await unzip(packed, options).catch(tooLarge(limit - 64)), expected);
}

/** The bytes of an entry as they lie in the file. */
export async function storedBytes(file: StoredFile, entry: ZipEntry): Promise<Buffer> {
  if (entry.compressedBytes > file.bytes) throw new Error('it is longer than the file');
  const lead = LOCAL_BYTES + Buffer.byteLength(entry.name);
  let bytes = await file.read(entry.offset, lead + EXTRA_BYTES + entry.compressedBytes);
  const local = localHeader(bytes);
  // A broken local header does not hide the data: without one, the entry lies as archiver writes it.
  const start = local?.name === entry.name ? local.headerBytes : lead;
  if (start + entry.compressedBytes > bytes.length) bytes = await file.read(entry.offset, start + entry.compressedBytes);
  const packed = bytes.subarray(start, start + entry.compressedBytes);
  if (packed.length < entry.compressedBytes) throw new Error('the file ends before it does');
  return packed;
}

async function unpacked(packed: Buffer, { deflated }: ZipEntry, expected: number): Promise<Buffer> {
  if (!deflated) return sized(packed, expected);
  const options = { maxOutputLength: expected + 64, chunkSize: Math.max(64, expected + 64) };
  return sized(await inflate(packed, options).catch(tooLarge(expected)), expected);
}

function sized(bytes: Buffer, expected: number | undefined): Buffer {
  if (expected === undefined || bytes.length === expected) return bytes;
  throw new Error(`it has ${bytes.length} bytes instead of ${expected}`);
}

function tooLarge(expected: number): (error: unknown) => never {
  return (error) => {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new Error(isTooLarge ? `it unpacks to more than ${expected} bytes` : 'its compressed bytes are damaged', { cause: error });
  };
}
