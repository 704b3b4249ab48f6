import { expect } from 'vitest';

import { isRunbackError } from '../../../src/lib/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  resumeRestore,
  type RestoreSummary,
  undoRestore,
  verifyRestore,
} from '../../../src/restores/index.js';
import { type Attack, type Attacked, type AttackedPlatform, byUnique, restoring } from './platform.js';

const COUNT = 24;
const LATER_MS = 600_000;

/** What an account holds, by unique value: before the damage, and with it. */
export interface Told {
  readonly good: ReturnType<typeof byUnique>;
  readonly damaged: ReturnType<typeof byUnique>;
  /** Planned values that are not there in the end, and are said to be so. */
  readonly remaining?: number;
}

/**
 * Wrong values, a ring and a chain of unique values, records in the recycle bin and out of it, and two too many, made by a sync; then a
 * restore under attack to its end, verified and undone. Everything is as it was before the damage, and then as it was with it. Gives
 * how many records were created again.
 */
export async function attacked(kind: AttackedPlatform, attacks: readonly Attack[], expected: (told: Told) => Told = (told) => told): Promise<number> {
  const account = await kind.open();
  try {
    return await play(kind, account, attacks, expected);
  } finally {
    await account.close();
  }
}

async function play(kind: AttackedPlatform, account: Attacked, attacks: readonly Attack[], expected: (told: Told) => Told): Promise<number> {
  const { sandbox, clock } = account;
  const { deps, take } = await restoring(account);
  const keys = fill(kind, account);
  clock.advance(60_000);
  const good = byUnique(account, kind);
  const base = await take();
  clock.advance(60_000);
  damage(kind, account, keys);
  const damaged = byUnique(account, kind);
  clock.advance(60_000);
  const evidence = await take();
  const filters = { suspects: [], unattributed: 'include', deleteCreated: true } as const;
  const plan = await planRestore({ base, damaged: evidence, filters, by: 'maya' }, deps);
  expect(Object.keys(plan.header.counts.actions)).toEqual(expect.arrayContaining(['delete', 'update']));
  const wanted = expected({ good, damaged });

  sandbox.resetCounts();
  for (const attack of attacks) attack.arm(account, kind);
  const done = await toTheEnd(
    () => applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps),
    (id) => resumeRestore(id, 'maya', deps),
  );
  sandbox.faults.clear();
  // What the platform is still at work on is seen by then.
  clock.advance(LATER_MS);
  expect(byUnique(account, kind)).toEqual(wanted.good);
  expect(sandbox.counts().repeatedCreates).toEqual({});
  const made = [...sandbox.truth().records(kind.object)].filter(({ key }) => !keys.includes(key));
  expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: wanted.remaining ?? 0 });

  for (const attack of attacks) attack.arm(account, kind);
  await toTheEnd(
    () => undoRestore(done.id, 'maya', deps),
    (id) => undoRestore(id, 'maya', deps),
  );
  sandbox.faults.clear();
  clock.advance(LATER_MS);
  expect(byUnique(account, kind)).toEqual(wanted.damaged);
  return made.length;
}

function fill({ object, text, other, unique }: AttackedPlatform, { sandbox }: Attacked): readonly string[] {
  const maya = sandbox.writeAs({ kind: 'person', id: '7' });
  // The last one has no unique value by which it would be refused a second time.
  const values = (n: number): Readonly<Record<string, string>> => ({
    [text]: `good ${n}`,
    [other]: `other ${n}`,
    ...(n < 23 && { [unique]: `c-${n}` }),
  });
  return Array.from({ length: COUNT }, (_, n) => maya.create(object, values(n)));
}

function damage({ object, text, other, unique }: AttackedPlatform, account: Attacked, keys: readonly string[]): void {
  const feed = account.sandbox.writeAs({ kind: 'integration', id: '48621' });
  for (const key of keys.slice(0, 8)) feed.update(object, key, { [text]: 'bad' });
  for (const key of keys.slice(6, 10)) feed.update(object, key, { [other]: null });
  // Numbers 10 to 13 hold each other's value; 14 to 16 that of the one before, and the last one's is nobody's.
  const moved = keys.slice(10, 17);
  for (const key of moved) feed.update(object, key, { [unique]: null });
  for (const [n, key] of moved.entries())
    feed.update(object, key, { [unique]: n < 4 ? `c-${10 + ((n + 1) % 4)}` : n === 4 ? 'c-new' : `c-${9 + n}` });
  for (const key of keys.slice(17, 20)) feed.remove(object, key);
  for (const key of keys.slice(20, 24)) account.purge(key);
  for (const n of [1, 2]) feed.create(object, { [text]: `junk ${n}`, [other]: 'junk', [unique]: `junk-${n}` });
}

/** Calls again until it does not stop any more, as a person would. */
async function toTheEnd(start: () => Promise<RestoreSummary>, again: (id: string) => Promise<RestoreSummary>): Promise<RestoreSummary> {
  let next = start;
  let last: unknown;
  for (let tries = 0; tries < 12; tries += 1) {
    try {
      const summary = await next();
      if (summary.failed === 0 && summary.inDoubt === 0) return summary;
      last = summary;
      next = () => again(summary.id);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      last = error;
      const id = (error.data as { readonly restore?: string } | undefined)?.restore;
      if (id !== undefined) next = () => again(id);
    }
  }
  throw new Error(`it never came to its end: ${JSON.stringify(last)} ${String(last)}`);
}
