import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';

import type { StoredFile } from '../storage/storage.js';
import type { ZipEntry } from './directory.js';

const inflate = promisify(inflateRaw);

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
/** Room for the extra field that other programs write. */
const EXTRA_BYTES = 256;

/** A part may hold one line of 64 MB beside 4 MB of others; nothing in a snapshot is larger. */
export const ENTRY_LIMIT = 72 << 20;

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
 * The bytes of one entry, unpacked. Never unpacks more than `expected` bytes. Throws a plain Error saying why the entry
 * cannot be read; the caller knows what was in it. Inflates outside unzipper: one buffer in, one buffer out, in zlib's
 * own thread, is twice as fast as its streams.
 */
export async function readEntry(file: StoredFile, entry: ZipEntry, expected: number = entry.bytes): Promise<Buffer> {
  if (expected > ENTRY_LIMIT) throw new Error(`it would unpack to ${expected} bytes, more than any part has`);
  if (entry.compressedBytes > file.bytes) throw new Error('it is longer than the file');
  const lead = LOCAL_BYTES + Buffer.byteLength(entry.name);
  let bytes = await file.read(entry.offset, lead + EXTRA_BYTES + entry.compressedBytes);
  const local = localHeader(bytes);
  // A broken local header does not hide the data: without one, the entry lies as archiver writes it.
  const start = local?.name === entry.name ? local.headerBytes : lead;
  if (start + entry.compressedBytes > bytes.length) bytes = await file.read(entry.offset, start + entry.compressedBytes);
  const packed = bytes.subarray(start, start + entry.compressedBytes);
  if (packed.length < entry.compressedBytes) throw new Error('the file ends before it does');
  if (!entry.deflated) {
    if (packed.length !== expected) throw new Error(`it has ${packed.length} bytes instead of ${expected}`);
    return packed;
  }
  const unpacked = await inflate(packed, { maxOutputLength: expected + 64, chunkSize: Math.max(64, expected + 64) }).catch((error: unknown) => {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new Error(tooLarge ? `it unpacks to more than ${expected} bytes` : 'its compressed bytes are damaged', { cause: error });
  });
  if (unpacked.length !== expected) throw new Error(`it unpacks to ${unpacked.length} bytes instead of ${expected}`);
  return unpacked;
}
