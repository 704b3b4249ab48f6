import { isUtf8 } from 'node:buffer';

import { RunbackError } from '../../lib/index.js';
import type { AgendaEntry } from '../store.js';

/** All entries of an agenda as lines, sorted. */
export function agendaLines(entries: readonly AgendaEntry[]): Buffer {
  return Buffer.from(
    entries
      .map(({ at, id }) => `${at.toISOString()} ${id}\n`)
      .sort()
      .join(''),
  );
}

/** The entries of such lines. */
export function entriesIn(lines: Buffer): readonly AgendaEntry[] {
  return lines
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ at: new Date(line.slice(0, line.indexOf(' '))), id: line.slice(line.indexOf(' ') + 1) }));
}

/** Throws `document-damaged` for what is no text: no place but a file can hold it. */
export function requireText(bytes: Buffer, where: string): void {
  if (isUtf8(bytes) && !bytes.includes(0)) return;
  throw new RunbackError('document-damaged', `${where} is not what runback wrote`, {
    why: 'It is no text: the file was changed by something else, or the disk lost bytes.',
    state: 'Nothing was changed by this.',
    next: 'Bring the file back from a backup of the state folder, or move it away if what it recorded is not needed.',
  });
}
