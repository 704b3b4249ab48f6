import { defined, isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import { listOf, objectOf, textOf } from './parse.js';

/** What the incident's own journal tells beyond what the incident keeps. */
export interface OwnLines {
  /** Severity at the opening, and at the first acknowledgement. */
  readonly openedAs?: string;
  readonly acknowledgedAs?: string;
  readonly unreachable: readonly string[];
  /** How often an acknowledgement lapsed. */
  readonly lapsed: number;
  readonly absorbed: readonly { readonly id: string; readonly title: string }[];
}

/** Reads it; nothing where there is no journal. Throws `journal-damaged`: a report must not hide that. */
export async function readOwnLines(store: Store, id: string): Promise<OwnLines> {
  let openedAs: string | undefined;
  let severity: string | undefined;
  let acknowledgedAs: string | undefined;
  const unreachable: string[] = [];
  let lapsed = 0;
  const absorbed: { id: string; title: string }[] = [];
  try {
    for await (const { type, data } of store.journal('incidents', id).read()) {
      if (type === 'incident.opened') openedAs = severity = textOf(data['severity']);
      if (type === 'incident.triaged') severity = textOf(data['severity']) ?? severity;
      if (type === 'incident.acknowledged') acknowledgedAs ??= severity;
      if (type === 'incident.released' && data['because'] === 'expired') lapsed += 1;
      if (type === 'incident.absorbed') absorbed.push({ id: textOf(data['from']) ?? '', title: textOf(data['title']) ?? '' });
      if (type === 'rung.fired') {
        const targets = listOf(data['targets']).map(objectOf);
        for (const one of listOf(data['unreachable']).map(objectOf))
          unreachable.push(`${textOf(targets[Number(one['target'])]?.['ref']) ?? 'a target'}, ${textOf(one['why']) ?? 'no address'}`);
      }
      if (type === 'contact.fired' && typeof data['unreachable'] === 'string') unreachable.push(data['unreachable']);
    }
  } catch (error) {
    if (!isRunbackError(error, 'not-found')) throw error;
  }
  return {
    ...defined({ openedAs, acknowledgedAs }),
    unreachable,
    lapsed,
    absorbed,
  };
}
