import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { sha256 } from '../../lib/index.js';
import { writeAtNow } from './whole-file.js';

/**
 * The last line of a journal that is on disk for certain. It is kept beside the journal, so that lines that vanish at
 * its end are noticed.
 */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Number, hash and check of a line, in a slot of its own for odd and even numbers: a write that was cut off spoils one
 * of them, and says nothing.
 */
const FORM = /^(\d{16}) ([0-9a-f]{64}) ([0-9a-f]{16})\n$/u;
const SLOT_BYTES = 99;

/** Where the head of a journal is kept. */
export function headPath(journal: string): string {
  return join(dirname(journal), 'journal.head');
}

/**
 * The head, or undefined where there is none that can be read: earlier versions kept none, and a power cut may take it,
 * never the lines.
 */
export function readHead(path: string): JournalHead | undefined {
  const bytes = bytesOf(path);
  const heads = [0, 1].flatMap((slot) => headIn(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES).toString('latin1')) ?? []);
  return heads.sort((x, y) => y.seq - x.seq)[0];
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function headIn(slot: string): JournalHead | undefined {
  const [, seq = '', hash = '', check] = FORM.exec(slot) ?? [];
  return hash !== '' && check === checkOf(seq, hash) ? { seq: Number(seq), hash } : undefined;
}

function checkOf(seq: string, hash: string): string {
  return sha256(`${seq} ${hash}`).slice(0, 16);
}

/**
 * Keeps the head of one journal: one short write in place after each line that is on disk, behind the journal and never
 * ahead of it. It goes to the memory of the system, and takes no detour over threads, which costs more than the write.
 */
export class HeadKeeper {
  #file: number | undefined;

  constructor(private readonly path: string) {}

  /** Never fails: a head that cannot be written vouches for less, and the lines are on disk. */
  keep({ seq, hash }: JournalHead): void {
    try {
      this.#file ??= openSync(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
      const number = String(seq).padStart(16, '0');
      const bytes = Buffer.from(`${number} ${hash} ${checkOf(number, hash)}\n`, 'utf8');
      const at = (seq % 2) * SLOT_BYTES;
      writeAtNow(this.#file, bytes, at);
    } catch {
      this.close();
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch {
      // What was written is in it or not, and vouches for that.
    }
  }
}
