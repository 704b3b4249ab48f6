import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { ZipArchive } from 'archiver';

import type { Encryption } from '../encryption/age.js';
import type { ByteSink } from '../storage/storage.js';
import { EntryDigests } from './entry-digests.js';
import { ENCRYPTED_SUFFIX, HEADER_ENTRY } from './names.js';

const pack = promisify(gzip);

/** Bytes of the zip's end record that the seal has to change: all of it, since no comment is written before. */
const END_RECORD_BYTES = 22;
const WRITE_BYTES = 1 << 20;

/**
 * Level 1, since deflate is what a snapshot waits for; a 16 KB window and memory level 8 are a quarter faster on NDJSON
 * than the largest, and no worse.
 */
const PACKED = { level: 1, memLevel: 8, windowBits: 14 };

/** What stands before the digest in the archive comment. */
export const SEAL_PREFIX = 'sha256-';

/**
 * Writes one zip through archiver: entries one after the other, each deflated in zlib's own thread while the caller
 * prepares the next, memory bounded by one entry. The last bytes are a seal: the archive comment `sha256-<base64url>`
 * holds the SHA-256 of every byte before it, so that a changed byte anywhere, even one that no entry decodes, is found.
 *
 * With an encryption, each entry but the header is packed by gzip and then encrypted, so that each can be read alone.
 *
 * Any failure of the sink rejects `add` and `finish`.
 */
export class ContainerWriter {
  readonly #archive: ZipArchive;
  readonly #digests = new EntryDigests();
  readonly #pump: Promise<void>;
  readonly #date: Date;
  #failure: Promise<never>;

  /** Begins a zip. archiver is loaded here: it brings a hundred modules, and most commands write no snapshot. */
  static async begin(sink: ByteSink, date: Date, encryption?: Encryption): Promise<ContainerWriter> {
    const { ZipArchive } = await import('archiver');
    // Every chunk costs a turn of the event loop, and lies about until garbage is collected.
    return new ContainerWriter(new ZipArchive({ zlib: { ...PACKED, chunkSize: 1 << 16 } }), sink, date, encryption);
  }

  private constructor(
    archive: ZipArchive,
    sink: ByteSink,
    date: Date,
    private readonly encryption: Encryption | undefined,
  ) {
    this.#date = date;
    this.#archive = archive;
    this.#pump = pump(this.#archive, sink, this.#digests);
    this.#failure = Promise.race([
      this.#pump.then(() => new Promise<never>(() => {})),
      new Promise<never>((_, reject) => this.#archive.on('error', reject)),
    ]);
    this.#failure.catch(() => {});
  }

  /** Adds an entry. Resolves when its bytes have been read, so that they may be reused. One at a time. */
  async add(name: string, bytes: Buffer): Promise<void> {
    if (this.encryption === undefined || name === HEADER_ENTRY) return await this.#append(name, bytes, false);
    const encrypted = await this.encryption.encrypt(await pack(bytes, PACKED));
    return await this.#append(`${name}${ENCRYPTED_SUFFIX}`, encrypted, true);
  }

  /** SHA-256 of an entry that was added, as it lies in the zip: packed, and encrypted where it is. Hexadecimal. */
  async storedDigest(name: string): Promise<string | undefined> {
    return await Promise.race([this.#digests.of(this.encryption === undefined ? name : `${name}${ENCRYPTED_SUFFIX}`), this.#failure]);
  }

  async #append(name: string, bytes: Buffer, store: boolean): Promise<void> {
    this.#digests.begin(name, bytes.length);
    const taken = new Promise<void>((resolve) => {
      this.#archive.once('entry', () => {
        this.#digests.end();
        resolve();
      });
    });
    this.#archive.append(bytes, { name, date: this.#date, mode: 0o600, store });
    await Promise.race([taken, this.#failure]);
  }

  /** Writes directory and seal. Resolves when the sink has taken everything. */
  async finish(): Promise<void> {
    await Promise.race([Promise.all([this.#archive.finalize(), this.#pump]), this.#failure]);
  }

  /** Stops without finishing: what was written is no snapshot. */
  abort(): void {
    this.#archive.abort();
    this.#archive.destroy();
  }
}

/** Takes the archive's chunks, hashes them, hands them on in pieces of one size and from one place, and seals the end. */
async function pump(archive: AsyncIterable<Buffer>, sink: ByteSink, digests: EntryDigests): Promise<void> {
  const hash = createHash('sha256');
  const held = Buffer.allocUnsafeSlow(WRITE_BYTES + END_RECORD_BYTES);
  let used = 0;
  for await (const chunk of archive) {
    digests.take(chunk);
    for (let taken = 0; taken < chunk.length;) {
      const more = chunk.copy(held, used, taken);
      taken += more;
      used += more;
      if (used < held.length) continue;
      const now = held.subarray(0, WRITE_BYTES);
      hash.update(now);
      await sink(now);
      held.copyWithin(0, WRITE_BYTES);
      used = END_RECORD_BYTES;
    }
  }
  await sink(sealed(held.subarray(0, used), hash));
}

/** The end of a zip with the seal as its archive comment. `hash` has seen everything before `end`. */
function sealed(end: Buffer, hash: Hash): Buffer {
  const length = SEAL_PREFIX.length + 43;
  end.writeUInt16LE(length, end.length - 2);
  return Buffer.concat([end, Buffer.from(`${SEAL_PREFIX}${hash.update(end).digest('base64url')}`)]);
}
