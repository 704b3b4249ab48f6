import type { Clock } from '../../lib/index.js';
import type { LimitPolicy } from './failure.js';

/** What a fault does to a matching request. */
export type FaultEffect =
  /** The request is applied; the connection is cut before any answer. */
  | { readonly kind: 'drop-answer' }
  /** The connection is cut before anything is applied. */
  | { readonly kind: 'drop-request' }
  /** The answer comes this much later; the request is applied before the wait. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** 429 with the body of that limit; nothing applied. `retryAfterSeconds` adds the header HubSpot usually leaves out. */
  | { readonly kind: 'rate-limit'; readonly policy?: LimitPolicy; readonly retryAfterSeconds?: number }
  /** 423 from the first matching request on for this long, 2 s unless said; nothing applied meanwhile. It counts as striking once. */
  | { readonly kind: 'locked'; readonly ms?: number }
  /** 477 with `Retry-After`, for as long as that says (default 3 s); nothing applied meanwhile. It counts as striking once. */
  | { readonly kind: 'moving'; readonly retryAfterSeconds?: number }
  /** A page of a gateway instead of JSON (default 502), before (default) or after the request was applied. */
  | { readonly kind: 'html-error'; readonly status?: number; readonly applied?: boolean }
  /**
   * A batch read of records or links that leaves some out (every second one, or those of `ids`): told as errors with their ids,
   * as errors that name none, by a number alone, or not at all.
   */
  | { readonly kind: 'partial'; readonly answer: 'internal-error' | 'nameless-error' | 'count-only' | 'silent'; readonly ids?: readonly string[] }
  /** 5xx or another status (408, 425), before (default) or after the request was applied. */
  | { readonly kind: 'server-error'; readonly status?: number; readonly applied?: boolean }
  /** The request is applied; the answer has its status and a body that is not JSON. */
  | { readonly kind: 'nonsense' }
  /** The request is applied; the connection is cut in the middle of the answer's body. */
  | { readonly kind: 'cut-body' }
  /** The token of the calling app expires: this request and all later ones get 401. */
  | { readonly kind: 'expire-token' }
  /** The calling app loses a scope: this request and later ones may get 403. */
  | { readonly kind: 'remove-scope'; readonly scope: string }
  /** The first half of a batch's inputs is applied, then the request fails: with 500 (default) or a cut connection. */
  | { readonly kind: 'half-batch'; readonly answer?: 'server-error' | 'cut' };

/** A fault and when it strikes. */
export type Fault = FaultEffect & {
  /** HTTP method; any when absent. */
  readonly method?: string;
  /** Path, where `*` stands for anything: `/crm/v3/objects/contacts/batch/update`, `*batch*`. Any when absent. */
  readonly path?: string;
  /** Matching requests that pass before it strikes. Default 0. */
  readonly after?: number;
  /** How often it strikes; default 1, null for ever. */
  readonly times?: number | null;
};

/** A fault with how it went so far. */
export interface FaultState {
  readonly id: string;
  readonly fault: Fault;
  readonly matched: number;
  readonly struck: number;
}

interface Armed {
  readonly id: string;
  readonly fault: Fault;
  readonly pattern: RegExp | undefined;
  matched: number;
  struck: number;
  /** Until when it goes on striking. */
  until: number;
}

/** The fault switches of one sandbox. */
export class FaultSwitches {
  private readonly armed: Armed[] = [];
  private lastId = 0;

  constructor(private readonly clock: Clock) {}

  /** Arms a fault; gives the id to take it away with. */
  add(fault: Fault): string {
    this.lastId += 1;
    const path = fault.path ?? (fault.kind === 'partial' ? '*/batch/read' : undefined);
    const pattern = path === undefined ? undefined : new RegExp(`^${path.split('*').map(escapePattern).join('.*')}$`);
    this.armed.push({ id: `fault-${this.lastId}`, fault, pattern, matched: 0, struck: 0, until: Number.NEGATIVE_INFINITY });
    return `fault-${this.lastId}`;
  }

  /** Takes one fault away; false when there is none of that id. */
  remove(id: string): boolean {
    const index = this.armed.findIndex((each) => each.id === id);
    if (index >= 0) this.armed.splice(index, 1);
    return index >= 0;
  }

  clear(): void {
    this.armed.length = 0;
  }

  list(): readonly FaultState[] {
    return this.armed.map(({ id, fault, matched, struck }) => ({ id, fault, matched, struck }));
  }

  /** The faults that strike this request, in the order they were armed; counts them. */
  strike(method: string, path: string): readonly Fault[] {
    const striking: Fault[] = [];
    for (const each of this.armed) {
      if (each.fault.method !== undefined && each.fault.method.toUpperCase() !== method) continue;
      if (each.pattern && !each.pattern.test(path)) continue;
      each.matched += 1;
      const now = this.clock.monotonicMs();
      if (now < each.until) {
        striking.push(each.fault);
        continue;
      }
      if (each.matched <= (each.fault.after ?? 0)) continue;
      const times = each.fault.times === undefined ? 1 : each.fault.times;
      if (times !== null && each.struck >= times) continue;
      each.struck += 1;
      each.until = now + lastsMs(each.fault);
      striking.push(each.fault);
    }
    return striking;
  }
}

function lastsMs(fault: Fault): number {
  if (fault.kind === 'locked') return fault.ms ?? 2000;
  return fault.kind === 'moving' ? (fault.retryAfterSeconds ?? 3) * 1000 : 0;
}

const escapePattern = (literal: string): string => literal.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
