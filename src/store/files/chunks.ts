import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes read at once. */
const CHUNK = 256 * 1024;

const readAhead = promisify(read);

/**
 * The bytes of a file, a chunk at a time, each in memory of its own. What one chunk holds comes without a detour over
 * threads: most files have no other. Throws as the file system does.
 */
export async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r');
  try {
    // One byte more tells the end.
    const first = Buffer.allocUnsafe(Math.min(CHUNK, fstatSync(file).size + 1));
    const bytes = readAll(file, first);
    if (bytes > 0) yield first.subarray(0, bytes);
    if (bytes < first.length) return;
    for (;;) {
      const next = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await readAhead(file, next, 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield next.subarray(0, bytesRead);
    }
  } finally {
    closeSync(file);
  }
}

/** Fills a buffer, as far as the file goes. Gives how many bytes came. */
function readAll(file: number, into: Buffer): number {
  let filled = 0;
  while (filled < into.length) {
    const bytes = readSync(file, into, filled, into.length - filled, null);
    if (bytes === 0) break;
    filled += bytes;
  }
  return filled;
}
