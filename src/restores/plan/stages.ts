import type { CallOptions } from '../../lib/index.js';
import { objectOrder } from '../decide/graph.js';
import type { PlanContext } from './context.js';
import type { Recorder } from './facts/recorder.js';
import { planLostKind } from './links/damage.js';
import { kindsOf } from './links/kinds.js';
import { planLinks } from './links/links.js';
import { checkDeletes } from './objects/deletes.js';
import { planObject } from './objects/object.js';
import { settleWaiting } from './objects/parents.js';

/**
 * Lets one stage after the other record its facts: the records of each object type, parents before children; those that
 * waited for another; links, which are asked for once within one view of the platform; deletes, once it is known what
 * links to them.
 */
export async function recordFacts(context: PlanContext, wanted: readonly string[], recorder: Recorder, options: CallOptions): Promise<void> {
  const { platform, live, before } = context;
  const objects = objectOrder(live).flatMap((group) => group.objects);
  for (const name of objects.filter((object) => wanted.includes(object))) {
    const base = before.objects.find(({ object }) => object === name);
    const now = live.objects.find(({ object }) => object === name);
    if (base === undefined || now === undefined) continue;
    for await (const facts of planObject(context, recorder, { base, live: now }, options)) recorder.record(facts);
  }
  recorder.record(settleWaiting(context, recorder));
  const gone = wanted.filter((name) => !objects.includes(name));
  const why = `${platform.name} no longer has this object type, so its records cannot be restored`;
  recorder.record({ notCovered: gone.map((object) => ({ object, extent: 'all', why })) });
  // Links of several kinds come in one answer: within one view they are asked for once.
  await platform.connector.beginRead?.(options);
  try {
    const { together, lost } = kindsOf(context);
    for (const kinds of together) for await (const facts of planLinks(context, recorder, kinds, options)) recorder.record(facts);
    for (const kind of lost) for await (const facts of planLostKind(context, recorder, kind, options)) recorder.record(facts);
    for await (const facts of checkDeletes(context, recorder, options)) recorder.record(facts);
  } finally {
    await platform.connector.endRead?.();
  }
}
