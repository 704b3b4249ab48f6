import { type CallOptions, RunbackError } from '../../../lib/index.js';
import { roomFor, type StoredFile } from '../storage.js';
import type { S3Client } from './client.js';

/** Most bytes that one request asks for. */
const RANGE_BYTES = 8 << 20;
/** What is read at least: what a zip keeps at its end is asked for in many small pieces. */
const BLOCK_BYTES = 256 << 10;
/** Blocks that are kept; those at the end of a file, mostly. */
const BLOCKS_KEPT = 8;

/** An object that is never changed once it is there. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** Opens an object for reading ranges. Asks for nothing before the first is read. */
export function objectFile(client: S3Client, { key, bytes }: StoredObject, path: string, call: CallOptions = {}): StoredFile {
  const blocks = new Map<number, Promise<Buffer>>();
  const range = async (offset: number, length: number): Promise<Buffer> => await readRange(client, { key, bytes }, path, offset, length, call);
  const block = (n: number): Promise<Buffer> => {
    const known = blocks.get(n);
    if (known !== undefined) return known;
    const asked = range(n * BLOCK_BYTES, Math.min(BLOCK_BYTES, bytes - n * BLOCK_BYTES));
    // One that failed is asked for again.
    asked.catch(() => blocks.delete(n));
    blocks.set(n, asked);
    const [oldest] = blocks.keys();
    if (blocks.size > BLOCKS_KEPT && oldest !== undefined) blocks.delete(oldest);
    return asked;
  };
  return {
    path,
    bytes,
    async read(offset, length, into) {
      const buffer = roomFor({ bytes }, offset, length, into);
      const there = buffer.length;
      if (there < BLOCK_BYTES) {
        for (let at = 0; at < there;) {
          const from = (offset + at) % BLOCK_BYTES;
          const some = await block(Math.floor((offset + at) / BLOCK_BYTES));
          at += some.copy(buffer, at, from, Math.min(some.length, from + there - at));
        }
        return buffer;
      }
      for (let at = 0; at < there; at += RANGE_BYTES) (await range(offset + at, Math.min(RANGE_BYTES, there - at))).copy(buffer, at);
      return buffer;
    },
    close: () => Promise.resolve(),
  };
}

/** Exactly these bytes. Throws `not-found`, `file-unreadable` for an object of another size, and what the client throws. */
async function readRange(
  client: S3Client,
  { key, bytes }: StoredObject,
  path: string,
  offset: number,
  length: number,
  call: CallOptions,
): Promise<Buffer> {
  const headers = { range: `bytes=${String(offset)}-${String(offset + length - 1)}` };
  const { status, headers: told, body } = await client.send({ method: 'GET', key, headers, file: true }, call);
  if (status === 404) throw new RunbackError('not-found', `${path} is not there`, { next: 'List the snapshots: runback snapshot list' });
  const whole = status === 200 && offset === 0 && length === bytes;
  const asked = status === 206 && told['content-range'] === `bytes ${String(offset)}-${String(offset + length - 1)}/${String(bytes)}`;
  if (!Buffer.isBuffer(body) || body.length !== length || !(whole || asked))
    throw new RunbackError('file-unreadable', `Cannot read ${path}`, {
      why: `The storage answered ${String(status)} with ${Buffer.isBuffer(body) ? body.length : 0} bytes where ${length} of ${bytes} were asked for.`,
      state: 'Nothing was changed.',
      next: 'Run the same command again; see whether it is as it was written: runback snapshot verify <id>',
    });
  return body;
}
