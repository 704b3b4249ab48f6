import { RunbackError } from '../../lib/index.js';
import { firstHash, openLine } from './journal-lines.js';

/** A line by number and hash. */
export interface LineMark {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Checks the bytes of a whole journal, kept at `where`: every line of the chain, and the head that is kept of it, if any.
 * Gives the last two lines. Throws `journal-damaged`.
 */
export function checkJournal(
  bytes: Buffer,
  { kind, id }: { readonly kind: string; readonly id: string },
  { head, where }: { readonly head: LineMark | undefined; readonly where: string },
): readonly LineMark[] {
  const damaged = (line: number, why: string): RunbackError =>
    new RunbackError('journal-damaged', `The journal of ${id} is damaged: line ${String(line)} ${why}`, {
      why: `${where} is a chain of hashes, and the chain breaks there.`,
      state: 'Nothing was changed by this.',
      next: `Bring it back from a backup, or delete what it is about, then run the same command again.`,
      data: { line, kind, id },
    });
  let last: LineMark = { seq: 0, hash: firstHash(kind, id) };
  let before: LineMark | undefined;
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, from);
    const entry = openLine(bytes.subarray(from, end === -1 ? bytes.length : end), { seq: last.seq + 1, prev: last.hash });
    if (typeof entry === 'string' || end === -1) throw damaged(last.seq + 1, typeof entry === 'string' ? entry : 'is not whole');
    if (entry.seq === head?.seq && entry.hash !== head.hash) throw damaged(entry.seq, 'is not the one that was written there');
    before = last.seq === 0 ? undefined : last;
    last = { seq: entry.seq, hash: entry.hash };
    from = end + 1;
  }
  if (head !== undefined && last.seq < head.seq) throw damaged(last.seq + 1, `is missing, up to line ${String(head.seq)}`);
  return [...(before === undefined ? [] : [before]), ...(last.seq === 0 ? [] : [last])];
}
