import { closeSync } from 'node:fs';

/**
 * A descriptor that is kept. Closed once, and not used after that: its number may be that of another file by then.
 */
export class OpenFile {
  #descriptor: number | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Throws `EBADF` where it is closed, as the system does. */
  get descriptor(): number {
    if (this.#descriptor === undefined) throw Object.assign(new Error('EBADF: the file is closed'), { code: 'EBADF' });
    return this.#descriptor;
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
