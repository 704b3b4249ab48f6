import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { writeAt } from './whole-file.js';

/** The last line of a journal that is on disk for certain. It is kept beside the journal, so that lines that vanish at its end are noticed. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
}

const FORM = /^(\d{16}) ([0-9a-f]{64})\n$/u;

/** Where the head of a journal is kept. */
export function headPath(journal: string): string {
  return join(dirname(journal), 'journal.head');
}

/** The head, or undefined where there is none that can be read: earlier versions kept none, and a power cut may take it, never the lines. */
export async function readHead(path: string): Promise<JournalHead | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, seq = '', hash = ''] = FORM.exec(text) ?? [];
  return hash === '' ? undefined : { seq: Number(seq), hash };
}

/** Keeps the head of one journal: one short write in place after each line that is on disk, behind the journal and never ahead of it. */
export class HeadKeeper {
  #handle: FileHandle | undefined;

  constructor(private readonly path: string) {}

  /** Never fails: a head that cannot be written vouches for less, and the lines are on disk. */
  async keep({ seq, hash }: JournalHead): Promise<void> {
    try {
      this.#handle ??= await open(this.path, 'r+').catch(() => open(this.path, 'w+', 0o600));
      await writeAt(this.#handle, Buffer.from(`${String(seq).padStart(16, '0')} ${hash}\n`, 'utf8'), 0);
    } catch {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
    this.#handle = undefined;
  }
}
