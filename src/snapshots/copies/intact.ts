import { createHash } from 'node:crypto';

import { defined, isRunbackError, RunbackError } from '../../lib/index.js';
import { readDirectory } from '../container/directory.js';
import { openStored } from '../container/open.js';
import { damaged } from '../container/opened.js';
import type { Decryption } from '../encryption/age.js';
import type { OpenBase } from '../reader.js';
import { replaced } from '../records.js';
import type { StoredFile } from '../storage/storage.js';
import type { SnapshotNotes } from '../summary.js';

/** What a file that was brought from elsewhere is held against. */
export interface Expected {
  readonly id: string;
  /** SHA-256 of what was read at its source, hexadecimal. */
  readonly sha256: string;
  /** What was recorded of the snapshot, wherever that is: every one of them has to fit. */
  readonly recorded: readonly (SnapshotNotes | undefined)[];
  readonly keys?: Decryption;
  /** Read what every part holds, with what it builds on; absent: its bytes only. */
  readonly openBase?: OpenBase;
}

/** What reading a file has proved. `read`: what its parts hold, or without a key its bytes only. */
export interface Intact {
  readonly read: 'content' | 'bytes';
  /** SHA-256 of its manifest; absent where no key here opens it. */
  readonly digest?: string;
  /** Of an encrypted one. */
  readonly seal?: string;
}

const PIECE_BYTES = 8 << 20;

/** Reads a file piece by piece, in order. */
export async function* piecesOf(file: StoredFile, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
    signal?.throwIfAborted();
    yield await file.read(at, Math.min(PIECE_BYTES, file.bytes - at));
  }
}

/**
 * Proves that a file is what its source gave, byte for byte, what was sealed when it was made, and the snapshot that was
 * recorded. Throws `file-unreadable` where the storage gives back other bytes, `snapshot-damaged`, `snapshot-replaced`,
 * `snapshot-foreign`.
 */
export async function requireIntact(stored: StoredFile, expected: Expected, signal: AbortSignal | undefined): Promise<Intact> {
  const file: StoredFile = { ...stored, close: () => Promise.resolve() };
  const seal = (await readDirectory(file))?.seal;
  const { whole, sealed } = await digestsOf(file, seal?.offset, signal);
  if (whole !== expected.sha256)
    throw new RunbackError('file-unreadable', `${file.path} does not read back as it was written`, {
      why: 'Its SHA-256 is not that of what was copied.',
      state: 'It was removed.',
      next: 'Check the disk that it lies on, then run the same command again.',
    });
  if (seal === undefined || sealed !== seal.sha256)
    throw damaged(file.path, {
      entry: '(container)',
      why: seal === undefined ? 'it was cut off, or its end was changed' : 'bytes of it were changed since it was made',
    });
  try {
    return { ...(await requireRecordedOne(file, expected, signal)), ...defined({ seal: isEncrypted(expected) ? seal.sha256 : undefined }) };
  } catch (error) {
    if (!isRunbackError(error, 'snapshot-encrypted')) throw error;
    requireKnownSeal(file.path, seal.sha256, expected);
    return { read: 'bytes', seal: seal.sha256 };
  }
}

const isEncrypted = ({ recorded }: Expected): boolean => recorded.some((notes) => notes?.record?.seal !== undefined);

async function requireRecordedOne(file: StoredFile, expected: Expected, signal: AbortSignal | undefined): Promise<Intact> {
  const { id, recorded, keys, openBase } = expected;
  const reader = await openStored(file, { quick: true, ...defined({ keys, openBase }) });
  try {
    if (reader.manifest.id !== id)
      throw new RunbackError('snapshot-foreign', `${file.path} was renamed`, {
        why: `Inside it is called ${reader.manifest.id}.`,
        state: 'Nothing was done.',
      });
    for (const notes of recorded)
      if (notes?.record !== undefined && notes.record.digest !== reader.digest) throw replaced(file.path, id, reader.digest, notes);
    const [found] = openBase === undefined ? reader.damage : (await reader.verify(defined({ signal }))).damage;
    if (found !== undefined) throw damaged(file.path, found);
    return { read: 'content', digest: reader.digest };
  } finally {
    await reader.close();
  }
}

/** Without a key, an encrypted file is known by its seal: what holds somewhere is enough, since it may have been encrypted again elsewhere. */
function requireKnownSeal(path: string, seal: string, { id, recorded }: Expected): void {
  const known = recorded.flatMap((notes) => [notes?.record?.seal, notes?.record?.formerSeal]).filter((one) => one !== undefined);
  if (known.length > 0 && !known.includes(seal))
    throw replaced(
      path,
      id,
      seal,
      recorded.find((notes) => notes?.record !== undefined),
    );
}

/** SHA-256 of a file, and of what of it comes before `offset`, read once. */
async function digestsOf(
  file: StoredFile,
  offset: number | undefined,
  signal: AbortSignal | undefined,
): Promise<{ whole: string; sealed: string | undefined }> {
  const hash = createHash('sha256');
  let [at, sealed] = [0, undefined as string | undefined];
  for await (const piece of piecesOf(file, signal)) {
    if (offset !== undefined && at <= offset && offset < at + piece.length)
      sealed = hash
        .copy()
        .update(piece.subarray(0, offset - at))
        .digest('hex');
    hash.update(piece);
    at += piece.length;
  }
  return { whole: hash.digest('hex'), sealed };
}
