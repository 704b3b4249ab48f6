/** Characters gathered before they are written. */
const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BOM = Buffer.from('\ufeff');

/** The bytes of a ledger, cut anywhere, as whole lines with a newline between two, and none at the end. */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let isFirst = true;
  const plain = (bytes: Buffer): Buffer => {
    const whole = isFirst && bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
    isFirst = false;
    // A copy through another system has line breaks of two characters.
    return whole.includes(RETURN) ? withoutReturns(whole) : whole;
  };
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end !== -1) {
      yield plain(Buffer.concat([...kept, chunk.subarray(0, end)]));
      kept = [];
    }
    if (end + 1 < chunk.length) kept.push(chunk.subarray(end + 1));
  }
  if (kept.length > 0) yield plain(Buffer.concat(kept));
}

/** Lines, each without the return before its newline. */
function withoutReturns(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  return Buffer.from(lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)).join('\n'), 'latin1');
}

/** The text of lines, many at a time, each with its newline. */
export async function* gatherLines(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  if (Symbol.iterator in lines) {
    yield* gatherAtHand(lines);
    return;
  }
  let gathered = '';
  for await (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < CHUNK) continue;
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}

/** The same of lines that need not be waited for: a turn of the event loop for each costs more than writing it. */
function* gatherAtHand(lines: Iterable<string>): Generator<string> {
  let gathered = '';
  for (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < CHUNK) continue;
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}
