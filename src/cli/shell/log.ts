import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Clock, makeFolders } from '../../lib/index.js';

/** One line of the log file. */
interface LogLine {
  readonly at: string;
  readonly pid: number;
  readonly kind: string;
  readonly text: string;
}

/**
 * The log file of a day: NDJSON, readable by its owner only, redacted. Lines are kept until the folder is known, and
 * written at once from then on, so that they are there when the process is killed. A log that cannot be written never
 * hinders the command.
 */
export class Log {
  #lines: LogLine[] = [];
  #file: string | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly pid: number,
    private readonly redact: (text: string) => string,
  ) {}

  /** Where the log is; undefined while nothing was written. */
  get path(): string | undefined {
    return this.#file;
  }

  add(kind: string, text: string): void {
    this.#lines.push({ at: this.clock.now().toISOString(), pid: this.pid, kind, text });
    if (this.#file !== undefined) this.#flush();
    else if (this.#lines.length > 1000) this.#lines.shift();
  }

  /** From now on lines go to `<dir>/<day>.ndjson`. */
  openIn(dir: string): void {
    const file = join(dir, `${this.clock.now().toISOString().slice(0, 10)}.ndjson`);
    try {
      makeFolders(dir, 0o700);
      this.#file = file;
      this.#flush();
    } catch {
      this.#file = undefined;
    }
  }

  #flush(): void {
    if (this.#file === undefined || this.#lines.length === 0) return;
    const text = this.#lines.map((line) => `${JSON.stringify({ ...line, text: this.redact(line.text) })}\n`).join('');
    this.#lines = [];
    try {
      appendFileSync(this.#file, text, { mode: 0o600 });
    } catch {
      this.#file = undefined;
    }
  }
}
