import type { PlatformSchema } from '../../../connectors/index.js';
import type { Batches } from '../../records/batches.js';
import { linkTakenAgain } from '../../records/item-ids.js';
import type { JournalLink } from '../../records/items.js';
import { linkText } from '../looking/lookup.js';
import { lengthOf, type PlanStep } from '../sending/batching.js';
import { present } from './present.js';

/** Links of one kind after those of another, so that they share batches. */
export function* linkSteps(
  action: 'link' | 'unlink',
  links: Iterable<{ readonly id: string; readonly link: JournalLink }>,
  batches: Batches,
): Iterable<PlanStep> {
  const steps = [...links].map(({ id, link }) => ({ id, link, group: `${action} ${link.fromObject}~${link.toObject}~${link.link}` }));
  steps.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  for (const { id, link, group } of steps)
    yield { id, group, action, length: lengthOf(link), resolve: () => ({ id, action, ...present(link, batches) }) };
}

/**
 * Takes links away again that the platform made because of others and nobody asked for, of kinds of which a record has
 * one at most: such a link says something of the record that nobody said. `wanted`: links that were asked for, as
 * {@link linkText}; asked for when needed.
 */
export async function* broughtSteps(
  schema: PlatformSchema,
  batches: Batches,
  wanted: () => ReadonlySet<string> | Promise<ReadonlySet<string>>,
): AsyncIterable<readonly PlanStep[]> {
  const single = new Set(schema.links.filter((kind) => kind.onePer !== undefined).map((kind) => `${kind.from}~${kind.to}~${kind.kind}`));
  const brought = batches.brought.filter((link) => single.has(`${link.fromObject}~${link.toObject}~${link.link}`));
  if (brought.length === 0) return;
  const asked = await wanted();
  const rest = brought.filter((link) => !asked.has(linkText(link)));
  const items = rest.map((link) => ({ id: linkTakenAgain(linkText(link)), link }));
  yield [...linkSteps('unlink', items, batches)];
}
