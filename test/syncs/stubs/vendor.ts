import type { Answer, Asked } from './kit.js';

/** A vendor's API with one sync, written from its pages. */
export interface Vendor {
  /** `controller:` in runback.yml. */
  readonly kind: string;
  /** Path behind the address, where its API has one. */
  readonly prefix?: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The setting that says which sync is meant; for one that does not exist, `unknown` stands there. */
  readonly which: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Most work in flight that it tells: undefined for any number, 0 where it cannot tell. */
  readonly mostInFlight?: number;
  /** Pauses without a request that is sent once, such as one that keeps the whole of a thing. */
  answer(asked: Asked): Answer;
  readonly truth: VendorTruth;
}

export interface VendorTruth {
  paused: boolean;
  inFlight: number;
  /** What it does when it runs, where that is more than on or off: which version, at what time. */
  readonly how?: () => unknown;
  /** Work that runs as soon as it is resumed. */
  waiting: number;
  /** Pieces of work that were cancelled. */
  cancelled: number;
}

export function newTruth(): VendorTruth {
  return { paused: false, inFlight: 0, waiting: 0, cancelled: 0 };
}

/** A whole number of things with ids, newest first. */
export function numbered(count: number, first = 1000): readonly number[] {
  return Array.from({ length: count }, (_, n) => first + count - n);
}

export const NOT_FOUND: Answer = { status: 404, body: { message: 'Not Found' } };
