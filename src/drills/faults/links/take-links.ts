import type { FaultStage } from '../fault.js';
import { type HowMany, impossible, requireObject } from '../parameters.js';

/** Two records that are linked, whatever the kind. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

/** Every linked pair of two object types once, in whichever direction the platform names first. */
export async function pairsOf({ account }: FaultStage, from: string, to: string): Promise<readonly Pair[]> {
  const pairs = new Map<string, Pair>();
  for (const link of await account.links()) {
    if (link.fromObject === from && link.toObject === to) pairs.set(`${link.from} ${link.to}`, { from: link.from, to: link.to });
    else if (link.fromObject === to && link.toObject === from) pairs.set(`${link.to} ${link.from}`, { from: link.to, to: link.from });
  }
  return [...pairs.values()];
}

/** Takes linked pairs by chance, as many as asked for. Throws `fault-impossible` where there are too few. */
export async function takeLinks(stage: FaultStage, from: string, to: string, { share = 0.05, records }: HowMany): Promise<readonly Pair[]> {
  requireObject(stage, from);
  requireObject(stage, to);
  const pairs = await pairsOf(stage, from, to);
  if (pairs.length < (records ?? 1)) impossible(`There are ${pairs.length} links between ${from} and ${to}.`);
  return stage.random.shuffle(pairs).slice(0, records ?? Math.max(1, Math.round(pairs.length * share)));
}
