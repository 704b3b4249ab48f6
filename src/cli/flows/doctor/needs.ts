import type { Lack } from '../../../connectors/index.js';
import type { Runbook, Step } from '../../../runbooks/index.js';

/** What a runbook does with the records of its platform. */
export type Need = Lack['may'];

/** What a runbook needs to be allowed to do. A restore changes records and brings deleted ones back; it deletes where its plan is told to. */
export function needsOf({ steps }: Pick<Runbook, 'steps'>): ReadonlySet<Need> {
  const needs = new Set<Need>();
  for (const step of steps) {
    const action = step.action?.name;
    if (action === undefined) continue;
    if (READS.has(action)) needs.add('read');
    if (WRITES.has(action)) for (const need of ['read', 'update', 'create'] as const) needs.add(need);
    if (action === 'restore.plan' && givenTo(step)['delete_created'] === true) needs.add('delete');
  }
  return needs;
}

const READS: ReadonlySet<string> = new Set(['snapshot.create', 'restore.plan', 'restore.verify', 'diff']);
const WRITES: ReadonlySet<string> = new Set(['restore.apply', 'restore.undo']);

/** What is lacking, each with the runbooks that need it; what no runbook needs is left out. */
export function lackWords(
  lacks: readonly Lack[],
  runbooks: readonly { readonly id: string; readonly needs: ReadonlySet<Need> }[],
): readonly string[] {
  const groups = new Map<string, { readonly may: Need; readonly why: string | undefined; readonly objects: string[] }>();
  for (const { object, may, why } of lacks) {
    const key = JSON.stringify([may, why ?? '', object === '']);
    const group = groups.get(key) ?? { may, why, objects: [] };
    if (object !== '') group.objects.push(object);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ may, why, objects }) => {
    const need = runbooks.filter(({ needs }) => needs.has(may)).map(({ id }) => id);
    if (need.length === 0) return [];
    const what = objects.length === 0 ? (why ?? '') : `the credentials may not ${may} ${objects.join(', ')}${why === undefined ? '' : ` (${why})`}`;
    return [`${what}; needed by ${need.join(', ')}`];
  });
}

function givenTo({ document }: Step): Readonly<Record<string, unknown>> {
  const given = 'with' in document ? document.with : undefined;
  return typeof given === 'object' && given !== null ? given : {};
}
