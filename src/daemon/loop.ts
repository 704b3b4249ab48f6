import { isRunbackError, messageOf, RunbackError } from '../lib/index.js';
import { type Lock, takeDaemonPlace } from '../store/index.js';
import { DeadMan } from './ping.js';
import { Pulse } from './pulse.js';
import { IncidentTicker, pageTicker } from './tickers.js';
import { Trouble } from './trouble.js';
import type { DaemonDeps, Ticker } from './types.js';

/** Other processes put things on the agenda, so it is looked at this often. */
const POLL_MS = 1000;
const SHORTEST_MS = 20;
/** Between rounds of `once` while pages wait for their turn. */
const AGAIN_MS = 100;
/** Longest wait for pages under way when the daemon is stopped. */
const STOP_MS = 10_000;
/** Longest time of `once`. */
const ONCE_MS = 60_000;
/** A dead letter younger than this withholds the ping, unless somebody has dismissed it. */
const FRESH_DEAD_LETTER_MS = 3_600_000;

/**
 * Does what is due in a workspace until the signal says stop, or with `once` until nothing is due. It keeps nothing
 * that matters: killed at any point, the next one goes on from the store.
 *
 * Throws `locked` where another daemon is running and work is not shared; `usage` for an address of the page that is taken or not loopback, or
 * for a ping that is no web address; `fenced` where it lost its lock, since another daemon may have taken over; with `once` also the first error of a ticker or an incident, after everything else
 * was done.
 */
export async function runDaemon(deps: DaemonDeps): Promise<void> {
  const daemon = new Daemon(deps);
  const lock = await takeLock(deps);
  let page: { close(): Promise<void> } | undefined;
  try {
    if (lock.broke) deps.log(`Took over from a daemon that ended without giving up its lock (process ${lock.broke.pid}, since ${lock.broke.since}).`);
    if (deps.http) {
      const { openPage } = await import('./page/server.js');
      page = await openPage(deps, deps.http, daemon.pulse);
    }
    const signal = AbortSignal.any([deps.signal, lock.signal]);
    await (deps.once === true ? daemon.once(signal) : daemon.run(signal));
    if (lock.signal.aborted) throw lock.signal.reason;
  } finally {
    await page?.close();
    await daemon.settle(STOP_MS);
    await lock.release();
  }
}

async function takeLock({ store, by }: DaemonDeps): Promise<Lock> {
  try {
    return await takeDaemonPlace(store, { by, holder: `daemon-${process.pid}`, purpose: 'the daemon of this workspace' });
  } catch (error) {
    if (!isRunbackError(error, 'locked')) throw error;
    throw new RunbackError('locked', 'A daemon is running in this workspace already', {
      why: `${error.message}. ${error.why ?? ''}`.trim(),
      state: 'Nothing was started.',
      next: 'runback status',
      data: error.data,
      cause: error,
    });
  }
}

class Daemon {
  readonly pulse: Pulse;
  readonly #trouble: Trouble;
  readonly #incidents: IncidentTicker;
  readonly #tickers: readonly Ticker[];
  readonly #deadMan: DeadMan | undefined;
  readonly #end = new AbortController();
  #scan: Promise<void> = Promise.resolve();
  /** Whether what was overdue before this process began is known. */
  #scanned = false;
  #firstError: { readonly error: unknown } | undefined;

  constructor(private readonly deps: DaemonDeps) {
    const { clock, incidents, outbox, ping } = deps;
    this.pulse = new Pulse(clock);
    this.#trouble = new Trouble(clock, deps.log);
    this.#incidents = new IncidentTicker(incidents, this.#trouble);
    this.#tickers = [this.#incidents, ...(outbox ? [pageTicker(outbox)] : []), ...(deps.tickers ?? [])];
    if (!ping) return;
    this.#deadMan = new DeadMan(ping, { clock, signal: this.#end.signal, trouble: this.#trouble, obstacle: () => this.#obstacle() });
    this.pulse.ping = this.#deadMan.pulse;
  }

  /** Until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    this.#scan = this.#deadMan ? this.#scanOpen() : this.#scan;
    while (!signal.aborted) {
      const due = await this.#pass(signal);
      if (this.#scanned) await this.#deadMan?.beat();
      if (due > 0) continue;
      await clock.sleep(await this.#untilNext(), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  /** Until nothing is due and no page is under way. */
  async once(signal: AbortSignal): Promise<void> {
    const { clock, outbox } = this.deps;
    const end = clock.monotonicMs() + ONCE_MS;
    const left = (): number => Math.max(0, end - clock.monotonicMs());
    do {
      while ((await this.#pass(signal)) > 0 && !signal.aborted && left() > 0);
      await this.#orAfter(outbox?.idle(), left());
    } while (!signal.aborted && left() > 0 && (await this.#isDue()));
    const [stuck] = this.#incidents.busy.values();
    if (this.#deadMan && !signal.aborted) {
      await this.#scanOpen();
      if (this.#scanned) await this.#deadMan.beat();
      await this.#deadMan.idle();
    }
    const [problem] = this.#incidents.problems.values();
    if (this.#firstError) throw this.#firstError.error;
    if (problem !== undefined) throw problem;
    if (stuck) throw stuck.error;
  }

  /** Waits for what is under way, for a while. */
  async settle(ms: number): Promise<void> {
    this.#end.abort();
    await this.#orAfter(Promise.all([this.deps.outbox?.idle(), this.#deadMan?.idle(), this.#scan]), ms);
  }

  /** One round of all tickers. None holds up another; gives how much was due. */
  async #pass(signal: AbortSignal): Promise<number> {
    const { clock } = this.deps;
    let due = 0;
    for (const ticker of this.#tickers) {
      if (signal.aborted) break;
      const pulse = this.pulse.ticker(ticker.name);
      const from = clock.monotonicMs();
      try {
        due += (await ticker.tick(clock.now())).due;
        pulse.failing = undefined;
        this.pulse.found.delete(ticker.name);
      } catch (error) {
        pulse.failing = messageOf(error);
        pulse.failures += 1;
        if (ticker.watches === true) {
          this.pulse.found.set(ticker.name, messageOf(error));
          // Of a file that is being changed, what is wrong now: an editor's half-written one is not the last word.
          this.#trouble.tell(`${ticker.name}: ${messageOf(error)}`, messageOf(error));
        } else {
          this.#firstError ??= { error };
          this.#trouble.tell(ticker.name, `What is due for ${ticker.name} cannot be done: ${messageOf(error)}`);
        }
      }
      pulse.ticks += 1;
      pulse.seconds += (clock.monotonicMs() - from) / 1000;
    }
    if (this.pulse.failing.length === 0) this.pulse.passed();
    return due;
  }

  /** Milliseconds until the agenda has to be looked at again. */
  async #untilNext(): Promise<number> {
    const { store, clock } = this.deps;
    const now = clock.now().getTime();
    try {
      const [incidents, pages] = await Promise.all([store.agenda('incidents').next(), store.agenda('pages').next()]);
      // A page that is due after its tick is under way or in the hands of another process.
      const times = [incidents?.getTime(), pages && pages.getTime() > now ? pages.getTime() : undefined].filter((time) => time !== undefined);
      return Math.max(SHORTEST_MS, Math.min(POLL_MS, ...times.map((time) => time - now)));
    } catch (error) {
      this.#trouble.tell('agenda', `The agenda cannot be read: ${messageOf(error)}`);
      return POLL_MS;
    }
  }

  /** Whether anything waits, also a page that found no room in the tick before. */
  async #isDue(): Promise<boolean> {
    const { store, clock } = this.deps;
    const next = await Promise.all([store.agenda('incidents').next(), store.agenda('pages').next()]);
    const due = this.#incidents.busy.size > 0 || next.some((at) => at !== undefined && at <= clock.now());
    if (due) await clock.sleep(AGAIN_MS);
    return due;
  }

  /** Why no ping may be sent, in words. */
  async #obstacle(): Promise<string | undefined> {
    const { clock, outbox } = this.deps;
    try {
      const [failing] = this.pulse.failing;
      if (failing !== undefined) return failing;
      const overdue = await this.#incidents.overdue();
      if (overdue !== undefined) return overdue;
      const since = clock.now().getTime() - FRESH_DEAD_LETTER_MS;
      const fresh = (await outbox?.deadLetters())?.find(({ page, attempts }) => Date.parse(attempts.at(-1)?.at ?? page.at) > since);
      return fresh && `page ${fresh.page.key} failed permanently within the last hour`;
    } catch (error) {
      return `it is not known whether something is overdue: ${messageOf(error)}`;
    }
  }

  async #scanOpen(): Promise<void> {
    try {
      await this.#incidents.scan(this.#end.signal);
      this.#scanned = true;
    } catch (error) {
      this.#trouble.tell('scan', `The open incidents cannot be checked, so no ping is sent: ${messageOf(error)}`);
    }
  }

  /** Waits for something, or that long. */
  async #orAfter(waiting: Promise<unknown> | undefined, ms: number): Promise<void> {
    const done = new AbortController();
    const timer = this.deps.clock.sleep(ms, done.signal).catch(() => undefined);
    await Promise.race([Promise.resolve(waiting).catch(() => undefined), timer]);
    done.abort();
  }
}
