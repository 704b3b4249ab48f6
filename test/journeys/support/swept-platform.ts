import type { Sandbox } from '../../../src/sandbox/index.js';

/** A platform whose whole runs are killed: how its account is made, damaged and told. */
export interface SweptPlatform {
  /** In words. */
  readonly title: string;
  /** Its name in runback.yml. */
  readonly name: string;
  readonly runbook: string;
  /** Who the syncs write as, as the history of the platform names them. */
  readonly writesAs: string;
  /** What has to be typed for its plans; the rest is agreed to. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  /** Starts an empty account; each that is started is signed in to with the same credentials. */
  start(): Promise<SweptAccount>;
  /** Whether the address of a call is one that changes something; `method` and address. */
  isWrite(method: string, target: string): boolean;
}

/** One account of it. */
export interface SweptAccount {
  readonly sandbox: Pick<Sandbox, 'dump' | 'load' | 'counts' | 'resetCounts' | 'stop'>;
  /** Its entry in runback.yml, without the name. */
  readonly config: string;
  /** Files of the workspace that it needs. */
  readonly files: Readonly<Record<string, string>>;
  /** Puts good records there. */
  fill(): void;
  /** What the runbook is for, and what a person did in between. Called after `fill`. */
  damage(): void;
  /** Every record, live or deleted, and every link, without times. */
  state(): unknown;
}
