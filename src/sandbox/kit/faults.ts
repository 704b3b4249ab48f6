import type { Clock } from '../../lib/index.js';

/** What every sandbox can do to a matching request. */
export type CommonEffect =
  /** The request is applied; the connection is cut before any answer. */
  | { readonly kind: 'drop-answer' }
  /** The connection is cut before anything is applied. */
  | { readonly kind: 'drop-request' }
  /** The connection is cut at once; the request is done so many milliseconds later, as one that was long at work there. */
  | { readonly kind: 'late'; readonly ms: number }
  /** The answer comes this much later; the request is applied before the wait. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Refused as too fast, in the vendor's words; nothing applied. */
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds?: number }
  /** 500 or another status of trouble (408, 502), before (default) or after the request was applied. */
  | { readonly kind: 'server-error'; readonly status?: number; readonly applied?: boolean }
  /** The request is applied; the answer has its status and a body that is not JSON. */
  | { readonly kind: 'nonsense' }
  /** The request is applied; the connection is cut in the middle of the answer's body. */
  | { readonly kind: 'cut-body' }
  /** The answer to a read of many leaves some out, and says so as the vendor does. Other requests are no match. */
  | { readonly kind: 'partial' }
  /**
   * A page of a list by offset, but for the first, begins so many records later (default 1), as where others before it went while pages were
   * turned: those are on no page. Less than 0: where others came, and some are on two. Other requests are counted, and left as they are.
   */
  | { readonly kind: 'shift'; readonly by?: number }
  /** The credentials are refused; nothing applied. */
  | { readonly kind: 'unauthorized' }
  /** The credentials may read and no longer write; nothing applied. Requests that only read are answered. */
  | { readonly kind: 'forbidden' };

/** When a fault strikes. */
export interface When {
  /** HTTP method; any when absent. */
  readonly method?: string;
  /** Path, where `*` stands for anything: `/crm/v3/objects/contacts/batch/update`, `*batch*`. Any when absent. */
  readonly path?: string;
  /** Matching requests that pass before it strikes. Default 0. */
  readonly after?: number;
  /** How often it strikes; default 1, null for ever. */
  readonly times?: number | null;
  /** Who armed it: it can be taken away by this, too, and another one of the same name takes its place. */
  readonly name?: string;
}

/** A fault of the common ones and when it strikes. */
export type CommonFault = CommonEffect & When;

/** A fault with how it went so far. */
export interface FaultState<F> {
  readonly id: string;
  readonly fault: F;
  readonly matched: number;
  readonly struck: number;
}

/** The fault switches of a sandbox, as others see them. */
export interface Faults<F> {
  /** Arms a fault; gives the id to take it away with. */
  add(fault: F): string;
  /** Takes one fault away; false when there is none of that id or name. */
  remove(id: string): boolean;
  clear(): void;
  /** Those that are armed, the vendor's own among them. */
  list(): readonly FaultState<When & { readonly kind: string }>[];
}

/** What a vendor's own faults need beside {@link When}. */
export interface FaultRules<F> {
  /** For how long it goes on striking once it struck, which counts as once; 0 for the one request. */
  lastsMs?(fault: F): number;
  /** The path of a fault that names none. */
  pathOf?(fault: F): string | undefined;
  /** Whether a request is one that the fault is about at all; all are by default. */
  fits?(fault: F, method: string, path: string): boolean;
}

/** The faults that strike one request, by kind. */
export type Strikes<F extends { readonly kind: string }> = <K extends F['kind']>(kind: K) => Extract<F, { readonly kind: K }> | undefined;

interface Armed<F> {
  readonly id: string;
  readonly fault: F;
  readonly pattern: RegExp | undefined;
  matched: number;
  struck: number;
  /** Until when it goes on striking. */
  until: number;
}

/** The fault switches of one sandbox. `F`: the common faults and those of the vendor. */
export class FaultSwitches<F extends When & { readonly kind: string }> implements Faults<F> {
  private readonly armed: Armed<F>[] = [];
  private lastId = 0;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly rules: FaultRules<F> = {},
  ) {}

  add(fault: F): string {
    if (fault.name !== undefined) this.remove(fault.name);
    this.lastId += 1;
    const path = fault.path ?? this.rules.pathOf?.(fault);
    const pattern = path === undefined ? undefined : new RegExp(`^${path.split('*').map(escapePattern).join('.*')}$`);
    this.armed.push({ id: `fault-${this.lastId}`, fault, pattern, matched: 0, struck: 0, until: Number.NEGATIVE_INFINITY });
    return `fault-${this.lastId}`;
  }

  remove(id: string): boolean {
    const index = this.armed.findIndex((each) => each.id === id || each.fault.name === id);
    if (index >= 0) this.armed.splice(index, 1);
    return index >= 0;
  }

  clear(): void {
    this.armed.length = 0;
  }

  list(): readonly FaultState<F>[] {
    return this.armed.map(({ id, fault, matched, struck }) => ({ id, fault, matched, struck }));
  }

  /** The faults that strike this request: of each kind the one that was armed first. Counts them. */
  strike(method: string, path: string): Strikes<F> {
    const striking = this.armed.filter((each) => this.strikes(each, method, path)).map(({ fault }) => fault);
    return <K extends F['kind']>(kind: K) => striking.find((each): each is Extract<F, { readonly kind: K }> => each.kind === kind);
  }

  private strikes(each: Armed<F>, method: string, path: string): boolean {
    const { fault } = each;
    if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
    if (each.pattern && !each.pattern.test(path)) return false;
    if (this.rules.fits?.(fault, method, path) === false) return false;
    each.matched += 1;
    const now = this.clock.monotonicMs();
    if (now < each.until) return true;
    if (each.matched <= (fault.after ?? 0)) return false;
    const times = fault.times === undefined ? 1 : fault.times;
    if (times !== null && each.struck >= times) return false;
    each.struck += 1;
    each.until = now + (this.rules.lastsMs?.(fault) ?? 0);
    return true;
  }
}

const escapePattern = (literal: string): string => literal.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
