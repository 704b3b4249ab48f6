import { createHash, type Hash } from 'node:crypto';

/** Bytes of a local header before its name. */
const HEADER_BYTES = 30;
/** Bytes of what follows an entry whose sizes are not in its header: a signature, its CRC, and its sizes packed and unpacked. */
const DESCRIPTOR_BYTES = 16;
const DESCRIPTOR_SIGNATURE = Buffer.from([0x50, 0x4b, 0x07, 0x08]);
/** The bit of an entry whose sizes follow it. */
const SIZES_FOLLOW = 1 << 3;

/** An entry on its way into the zip. */
interface Passing {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  readonly header: Buffer;
  readonly hash: Hash;
  /** Bytes of the header that have passed; once it is whole, of all of it with name and extra field. */
  headerPassed: number;
  /** Bytes of the entry that were hashed. */
  hashed: number;
  /** What passed last: it may be the descriptor. */
  held: Buffer;
  /** Nothing of it is still to come from whoever packs it. */
  packed: boolean;
}

/**
 * SHA-256 of each entry of a zip as it lies there, packed, found in the bytes as they pass: nothing else tells where one ends before all
 * of them are written.
 */
export class EntryDigests {
  readonly #passing: Passing[] = [];
  readonly #digests = new Map<string, PromiseWithResolvers>();

  /** The next entry: its bytes come after those of the one before. */
  begin(name: string, bytes: number): void {
    const header = Buffer.alloc(HEADER_BYTES);
    const hash = createHash('sha256');
    this.#passing.push({ name, bytes, header, hash, headerPassed: 0, hashed: 0, held: Buffer.alloc(0), packed: false });
    this.#digests.set(name, withResolvers());
  }

  /** The entry that was begun last is packed: its last bytes have passed, or will. */
  end(): void {
    const last = this.#passing.at(-1);
    if (last === undefined) return;
    last.packed = true;
    if (isDescriptor(last, last.held, 0)) this.#close(last);
  }

  /** Takes note of bytes of the zip, in their order. */
  take(bytes: Buffer): void {
    let rest = bytes;
    for (let entry = this.#passing[0]; rest.length > 0 && entry !== undefined; entry = this.#passing[0]) {
      const after = afterHeader(entry, rest);
      const left = after === undefined ? undefined : bodyOf(entry, after);
      if (left === undefined) return;
      this.#close(entry);
      rest = left;
    }
  }

  /** Resolves to the digest of an entry, in hexadecimal, once all of it has passed. */
  async of(name: string): Promise<string | undefined> {
    return await this.#digests.get(name)?.promise;
  }

  #close(entry: Passing): void {
    this.#passing.splice(this.#passing.indexOf(entry), 1);
    this.#digests.get(entry.name)?.resolve(entry.hash.digest('hex'));
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<string>;
  readonly resolve: (digest: string) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (digest: string) => void = () => undefined;
  const promise = new Promise<string>((done) => (resolve = done));
  return { promise, resolve };
}

/** Takes what is still missing of the header. Gives what follows it, undefined where more of it is to come. */
function afterHeader(entry: Passing, bytes: Buffer): Buffer | undefined {
  let rest = bytes;
  if (entry.headerPassed < HEADER_BYTES) {
    const taken = rest.copy(entry.header, entry.headerPassed);
    entry.headerPassed += taken;
    rest = rest.subarray(taken);
    if (entry.headerPassed < HEADER_BYTES) return undefined;
  }
  const length = HEADER_BYTES + entry.header.readUInt16LE(26) + entry.header.readUInt16LE(28);
  const skipped = Math.min(rest.length, length - entry.headerPassed);
  entry.headerPassed += skipped;
  return entry.headerPassed < length ? undefined : rest.subarray(skipped);
}

/** Hashes what of the bytes belongs to an entry. Gives what follows it, undefined where it goes on. */
function bodyOf(entry: Passing, bytes: Buffer): Buffer | undefined {
  const { header } = entry;
  if ((header.readUInt16LE(6) & SIZES_FOLLOW) === 0) {
    const own = bytes.subarray(0, header.readUInt32LE(18) - entry.hashed);
    hash(entry, own);
    return entry.hashed < header.readUInt32LE(18) ? undefined : bytes.subarray(own.length);
  }
  if (!entry.packed && bytes.length >= DESCRIPTOR_BYTES) {
    hash(entry, entry.held);
    hash(entry, bytes.subarray(0, -DESCRIPTOR_BYTES));
    entry.held = Buffer.from(bytes.subarray(-DESCRIPTOR_BYTES));
    return undefined;
  }
  const all = Buffer.concat([entry.held, bytes]);
  for (let at = entry.packed ? all.indexOf(DESCRIPTOR_SIGNATURE) : -1; at !== -1; at = all.indexOf(DESCRIPTOR_SIGNATURE, at + 1)) {
    if (!isDescriptor(entry, all, at)) continue;
    hash(entry, all.subarray(0, at));
    return all.subarray(at + DESCRIPTOR_BYTES);
  }
  const kept = Math.max(0, all.length - DESCRIPTOR_BYTES);
  hash(entry, all.subarray(0, kept));
  entry.held = Buffer.from(all.subarray(kept));
  return undefined;
}

/** True for a descriptor of just what has passed before it. */
function isDescriptor({ bytes, hashed }: Passing, found: Buffer, at: number): boolean {
  if (found.length < at + DESCRIPTOR_BYTES || !found.subarray(at, at + DESCRIPTOR_SIGNATURE.length).equals(DESCRIPTOR_SIGNATURE)) return false;
  return found.readUInt32LE(at + 8) === hashed + at && found.readUInt32LE(at + 12) === bytes;
}

function hash(entry: Passing, bytes: Buffer): void {
  entry.hash.update(bytes);
  entry.hashed += bytes.length;
}
