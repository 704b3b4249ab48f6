import { isRunbackError, sha256 } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Page } from '../channel.js';
import type { OutboxOptions } from './outbox.js';

type Caps = OutboxOptions['caps'];

/** What is stored of a target. */
export interface TargetState {
  /** Messages that may go at once. */
  readonly tokens: number;
  /** ISO 8601: when the last token came. */
  readonly at: string;
  /** Messages that were decided on and are not settled: key of the message, keys of the pages in it. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/** What came of asking for room for some pages. */
export interface Claimed {
  /** Messages that stand for them, decided now or earlier. */
  readonly messages: ReadonlyMap<string, readonly string[]>;
  /** When the rest may be asked for again. */
  readonly again?: Date;
}

/**
 * Id of where a page goes: one person's address over one channel, or a chat channel. Shows nothing of the address.
 * Drills have ids of their own: they use up no room of what is real, and never stand in one message with it.
 */
export function targetOf({ to: { channel, medium, value }, drill }: Pick<Page, 'to' | 'drill'>): string {
  return sha256(JSON.stringify([channel, medium, value ?? null, ...(drill ? ['drill'] : [])])).slice(0, 32);
}

/** Whether there are caps at all. */
export function isCapped({ burst, everyMs }: Caps): boolean {
  return Number.isFinite(burst) && everyMs > 0;
}

/** The tokens there are now. A clock that went back costs nobody more than `everyMs`. */
function refilled(state: TargetState | undefined, now: Date, { burst, everyMs }: Caps): TargetState {
  const most = Math.max(1, Math.floor(burst));
  if (state === undefined) return { tokens: most, at: now.toISOString(), claims: {} };
  const at = Math.min(Date.parse(state.at), now.getTime());
  const more = Math.floor((now.getTime() - at) / everyMs);
  const tokens = Math.min(most, state.tokens + more);
  return { ...state, tokens, at: new Date(tokens === most ? now.getTime() : at + more * everyMs).toISOString() };
}

/**
 * Pure: which messages the waiting pages become. All by themselves while there are tokens for it, else together in one.
 */
export function claimFor(
  state: TargetState | undefined,
  waiting: readonly string[],
  now: Date,
  caps: Caps,
  keyOf: (members: readonly string[]) => string,
): { readonly state: TargetState; readonly changed: boolean; readonly claimed: Claimed } {
  const filled = refilled(state, now, caps);
  const asked = new Set(waiting);
  const earlier = Object.entries(filled.claims).filter(([, members]) => members.some((key) => asked.has(key)));
  const taken = new Set(Object.values(filled.claims).flat());
  const fresh = waiting.filter((key) => !taken.has(key));
  if (fresh.length === 0) return { state: filled, changed: false, claimed: { messages: new Map(earlier) } };
  if (filled.tokens < 1)
    return { state: filled, changed: false, claimed: { messages: new Map(earlier), again: new Date(Date.parse(filled.at) + caps.everyMs) } };
  const alone = fresh.length <= filled.tokens;
  const added = alone ? fresh.map((key): [string, readonly string[]] => [key, [key]]) : [[keyOf(fresh), fresh] as [string, readonly string[]]];
  return {
    state: { ...filled, tokens: filled.tokens - added.length, claims: { ...filled.claims, ...Object.fromEntries(added) } },
    changed: true,
    claimed: { messages: new Map([...earlier, ...added]) },
  };
}

/** Targets with caps as documents: tokens, and which pages go together, are on disk before anything is sent. */
export class TargetDocuments {
  constructor(
    private readonly store: Store,
    private readonly caps: Caps,
  ) {}

  /** Keys of pages that are part of a message already. */
  async taken(id: string): Promise<ReadonlySet<string>> {
    return new Set(Object.values((await this.#read(id))?.claims ?? {}).flat());
  }

  async claim(id: string, waiting: readonly string[], now: Date, keyOf: (members: readonly string[]) => string): Promise<Claimed> {
    const planned = claimFor(await this.#read(id), waiting, now, this.caps, keyOf);
    if (!planned.changed) return planned.claimed;
    let claimed = planned.claimed;
    await this.#document(id).update((current) => {
      const next = claimFor(current, waiting, now, this.caps, keyOf);
      claimed = next.claimed;
      return next.state;
    });
    return claimed;
  }

  /** Takes back what was decided on one message: it has ended, or never began. */
  async drop(id: string, key: string): Promise<void> {
    const state = await this.#read(id);
    if (state?.claims[key] === undefined) return;
    await this.#document(id).update((current = state) => {
      const { [key]: _, ...claims } = current.claims;
      return { ...current, claims };
    });
  }

  /** What cannot be read is begun anew: it costs a repetition at most, and holds up nobody. */
  async #read(id: string): Promise<TargetState | undefined> {
    try {
      return await this.#document(id).read();
    } catch (error) {
      if (!isRunbackError(error, 'document-damaged')) throw error;
      await this.#document(id).delete();
      return undefined;
    }
  }

  #document(id: string) {
    return this.store.document<TargetState>('page-targets', id);
  }
}
