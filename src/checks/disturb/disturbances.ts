import { type CallOptions, type Clock, formatDuration, shellCommand } from '../../lib/index.js';
import type { DisturbanceNotes, Means } from './note.js';
import type { DisturbanceKind } from './schema.js';

/** One disturbance that is to happen. */
export interface Planned {
  readonly what: DisturbanceKind | 'programs';
  readonly means: Means;
  /** Share of the submissions that are answered when it begins, 0 to 1. */
  readonly at: number;
  /** Undefined: until all are answered. */
  readonly forMs: number | undefined;
  begin(call: CallOptions): Promise<void>;
  /** Ends it, however far it came. Throws `disturbance-left`. */
  end(call: CallOptions): Promise<void>;
}

/** A disturbance that took place. Times by `clock.monotonicMs()`. */
export interface Took {
  readonly what: string;
  readonly answered: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DisturbancesDeps {
  readonly clock: Clock;
  readonly notes: DisturbanceNotes;
  readonly call: CallOptions;
  readonly tell?: (what: string) => void;
}

/**
 * What happens while people submit: each once, when so many are answered. Each is on disk before it begins, and is ended whatever
 * becomes of the test.
 */
export class Disturbances {
  readonly took: Took[] = [];
  readonly #waiting: Set<{ readonly n: number; readonly one: Planned }>;
  readonly #running: Promise<void>[] = [];
  #answered = 0;
  #allAnswered: () => void = () => {};
  readonly #all = new Promise<void>((resolve) => (this.#allAnswered = resolve));
  readonly #stop = new AbortController();
  #failure: unknown;

  constructor(
    planned: readonly Planned[],
    private readonly total: number,
    private readonly deps: DisturbancesDeps,
  ) {
    this.#waiting = new Set(planned.map((one, n) => ({ n, one })));
  }

  /** Before the first submission: those of the beginning are there when it returns. Throws `fault-impossible`. */
  async begin(): Promise<void> {
    const there = [...this.#waiting].filter(({ one }) => one.at === 0).map((each) => this.#start(each));
    await Promise.all(there);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** One more submission is answered, or never will be. */
  answered(): void {
    this.#answered += 1;
    for (const each of this.#waiting) if (this.#answered >= Math.ceil(each.one.at * this.total)) void this.#start(each);
    if (this.#answered >= this.total) this.#allAnswered();
  }

  /** All are answered: waits until every disturbance has ended. Throws what one of them failed with. */
  async finish(): Promise<void> {
    this.#allAnswered();
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The test ends before its time: whatever lasts ends now. Throws `disturbance-left`. */
  async stop(): Promise<void> {
    this.#waiting.clear();
    this.#stop.abort(new Error('the test has ended'));
    await this.finish();
  }

  /** Resolves when it is there, or failed. */
  async #start(each: { readonly n: number; readonly one: Planned }): Promise<void> {
    this.#waiting.delete(each);
    await new Promise<void>((there) => {
      const all = this.#through(each, there)
        .catch((error: unknown) => (this.#failure ??= error))
        .then(() => there());
      this.#running.push(all);
    });
  }

  async #through({ n, one }: { readonly n: number; readonly one: Planned }, there: () => void): Promise<void> {
    const { clock, notes, tell, call } = this.deps;
    const { what, means } = one;
    await notes.put(n, { what, means, state: 'begins' });
    const fromMs = clock.monotonicMs();
    const answered = this.#answered;
    try {
      await one.begin(call);
      await notes.put(n, { what, means, state: 'there' });
      tell?.(`Disturbing: ${wordsOf(one)}`);
      there();
      await this.#lasts(one);
    } finally {
      // Ended even where a person stopped the test.
      await one.end({});
      await notes.put(n, { what, means, state: 'ended' });
      this.took.push({ what: wordsOf(one), answered, fromMs, toMs: clock.monotonicMs() });
    }
  }

  async #lasts({ forMs }: Planned): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (signal.aborted) return;
    await Promise.race([stopped, forMs === undefined ? this.#all : this.deps.clock.sleep(forMs, signal).catch(() => undefined)]);
  }
}

/** What it is, as a few words: `outage of crm for 2m`. */
function wordsOf({ what, means, forMs }: Planned): string {
  const where = means.kind === 'fault' ? ` of ${means.platform}` : means.kind === 'proxy' ? ' of the proxy' : '';
  const name = means.kind === 'programs' ? shellCommand(means.break) : what;
  return `${name}${where}${forMs === undefined ? '' : ` for ${formatDuration(forMs)}`}`;
}
