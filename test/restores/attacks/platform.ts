import { join } from 'node:path';

import type { Platform } from '../../../src/connectors/index.js';
import type { ApplyDeps } from '../../../src/restores/index.js';
import type { Sandbox, TrueValues } from '../../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../../src/snapshots/index.js';
import type { SharedClock } from '../../connectors/hubspot-support.js';
import { CONFIG } from '../../support/restore-world.js';
import { temporaryStore } from '../../support/store.js';

/** A platform that a restore is attacked on: its words for what every platform has. */
export interface AttackedPlatform {
  readonly name: string;
  /** Object type of the records, two fields that hold any text, one that must be unique. */
  readonly object: string;
  readonly text: string;
  readonly other: string;
  readonly unique: string;
  /** Paths of what writes and of what reads records by their keys; `*` stands for anything. */
  readonly paths: { readonly write: string; readonly create: string; readonly readByKey: string };
  /** Attacks that only this vendor's sandbox knows, in addition to those of every platform. */
  readonly own: readonly Attack[];
  /** Whether a flow that runs right after a write writes as somebody else than who set it off. */
  readonly flowsAreOthers: boolean;
  open(): Promise<Attacked>;
}

/** One account of it. */
export interface Attacked {
  readonly sandbox: Sandbox;
  readonly clock: SharedClock;
  readonly platform: Platform;
  /** Deletes a record so that only a new one can take its place. */
  purge(key: string): void;
  close(): Promise<void>;
}

/** What goes wrong during a restore. */
export interface Attack {
  readonly what: string;
  arm(attacked: Attacked, platform: AttackedPlatform): void;
}

/** A fault of the vendor's own, as an attack: the seam knows those of every platform only. */
export function vendorFault(what: string, fault: Readonly<Record<string, unknown>>): Attack {
  return { what, arm: ({ sandbox }) => void (sandbox.faults as { add(one: unknown): string }).add(fault) };
}

/** What a restore on it needs, and a way to take snapshots. */
export async function restoring({ platform, clock }: Attacked): Promise<{ readonly deps: ApplyDeps; readonly take: () => Promise<string> }> {
  const { store, dir } = await temporaryStore(clock);
  const backups = join(dir, '..', 'backups');
  return {
    deps: { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG },
    take: async () => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id,
  };
}

/** Every record by its unique value, or its text where it has none: what is created again has another key. */
export function byUnique({ sandbox }: Attacked, { object, unique, text, other }: AttackedPlatform): Readonly<Record<string, readonly unknown[]>> {
  const told = ({ values }: { readonly values: TrueValues }): readonly [string, readonly unknown[]] => [
    String(values[unique] ?? values[text]),
    [values[text] ?? null, values[other] ?? null],
  ];
  const entries = [...sandbox.truth().records(object)].map(told);
  const all = Object.fromEntries(entries);
  // Two of one name are two: the second would be lost in an object.
  if (Object.keys(all).length < entries.length) throw new Error(`there are two of a kind: ${JSON.stringify(entries.map(([name]) => name).sort())}`);
  return all;
}
