import type { CallOptions } from '../../../lib/index.js';
import type { CountRequest } from '../../connector.js';
import { incomplete } from '../../http/whole.js';
import { listPath } from '../wire/api.js';
import { isMembers, textIn, type WireMember } from '../wire/shapes.js';
import type { Session } from './session.js';

/** What Mailchimp compares: when a member opted in, and when it was changed last. A program may give the former itself. */
const STAMP = { created: 'timestamp_opt', changed: 'last_changed' } as const;
const SECOND_MS = 1000;

/**
 * How many members opted in or were changed last in a stretch of time: the total of a list of one, see `Connector.count`. Those in the
 * archive are not in it; nobody is told by whom. Throws `platform-incomplete` where the one member is not of that time: then the times were not heeded.
 */
export async function count({ api, audience }: Session, { event, from, to, writer }: CountRequest, call: CallOptions): Promise<number | undefined> {
  if (writer !== undefined) return undefined;
  const stamp = STAMP[event];
  // Both ends are left out, and times are of whole seconds.
  const first = Math.ceil(from.getTime() / SECOND_MS) * SECOND_MS;
  const end = Math.ceil(to.getTime() / SECOND_MS) * SECOND_MS;
  if (end <= first) return 0;
  const bounds = { [`since_${stamp}`]: timeOf(first - SECOND_MS), [`before_${stamp}`]: timeOf(end) };
  const query = { count: 1, ...bounds, fields: `total_items,members.contact_id,members.status,members.${stamp}` };
  const page = (await api.get(listPath(audience, '/members', query), isCounted, call)) as CountedPage;
  const one = page.members[0];
  const at = Date.parse(textIn(one, stamp) ?? '');
  if (one !== undefined && !(at >= first - SECOND_MS && at <= end))
    throw incomplete(api, 'how many members there are of a stretch of time', 'It gave a member of another time.');
  return page.total_items;
}

interface CountedPage {
  readonly members: readonly WireMember[];
  readonly total_items: number;
}

/** A list without its total tells nothing here. */
function isCounted(body: unknown): body is CountedPage {
  return isMembers(body) && Number.isSafeInteger((body as Partial<CountedPage>).total_items);
}

const timeOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/u, '+00:00');
