/** Counts what is under way, for whoever waits until nothing is. */
export class UnderWay {
  #active = 0;
  #whenIdle: (() => void)[] = [];

  /** Begins some work, which must not throw, and returns at once. */
  begin(work: () => Promise<void>): void {
    this.#active += 1;
    void work().finally(() => {
      this.#active -= 1;
      if (this.#active > 0) return;
      const waiting = this.#whenIdle;
      this.#whenIdle = [];
      for (const resolve of waiting) resolve();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#active > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }
}
