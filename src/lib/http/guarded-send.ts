import type { SendGuard } from '../progress.js';

/** One request under a guard: looked at when it is about to be written, and cut off when the guard holds no longer. */
export class GuardedSend {
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** What the guard threw before anything was sent. */
  refused: unknown;

  constructor(private readonly guard: SendGuard) {}

  /** Aborts when the guard holds no longer, where what is under way has to end then. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** To be called just before the first byte. Throws what the guard throws. */
  look(): void {
    try {
      const left = this.guard.left();
      if (this.guard.expires) this.#timer = setTimeout(() => this.#lookAgain(), left);
    } catch (error) {
      this.refused = error;
      throw error;
    }
  }

  /** The request has ended. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #lookAgain(): void {
    try {
      this.#timer = setTimeout(() => this.#lookAgain(), this.guard.left());
    } catch (error) {
      this.#over.abort(error);
    }
  }
}
