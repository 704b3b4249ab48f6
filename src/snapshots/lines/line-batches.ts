import type { LineBatch } from '../../connectors/index.js';

const BATCH_BYTES = 256 << 10;

/** Packs lines (without newlines) into batches of about 256 KB of bytes. */
export function* packLines(lines: Iterable<string>): Generator<LineBatch> {
  let held: string[] = [];
  let size = 0;
  for (const line of lines) {
    held.push(line);
    size += line.length;
    if (size < BATCH_BYTES) continue;
    yield batchOf(held);
    held = [];
    size = 0;
  }
  if (held.length > 0) yield batchOf(held);
}

function batchOf(lines: readonly string[]): LineBatch {
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const ends = new Uint32Array(lines.length);
  let end = 0;
  for (let n = 0; n < lines.length; n += 1) {
    // A line never holds a raw newline: JSON escapes it.
    end = bytes.indexOf(0x0a, end) + 1;
    ends[n] = end;
  }
  return { bytes, ends };
}
