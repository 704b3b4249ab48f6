import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import { readOffsets } from '../../http/offsets.js';
import { incomplete } from '../../http/whole.js';
import { TAGS } from '../describe/fields.js';
import { listPath } from '../wire/api.js';
import { isMembers, type WireMember } from '../wire/shapes.js';
import { memberRecord, wanted } from './record.js';
import type { Session } from './session.js';

/** The most members of a page. */
export const PAGE = 1000;
/** Records that are handed on together. */
const PIECE = 250;
/** How often a list is gone through that gives fewer members than it says it has. */
const MOST_PASSES = 3;

interface MembersPage {
  readonly members: readonly WireMember[];
  readonly total_items?: number;
}

/**
 * All members of an audience but those in the archive, oldest opt-in first, so that who comes meanwhile comes last. Pages shift
 * while members leave, and may lack some: what Mailchimp counts has to be there in the end, else `platform-incomplete`.
 */
export async function* readMembers(session: Session, schema: ObjectSchema, call: CallOptions, since?: Date): AsyncGenerator<RecordBatch> {
  const given = new Set<string>();
  for (let pass = 1; ; pass += 1) {
    let total: number | undefined;
    for await (const page of readOffsets(session.api, listOf(session, schema, since, call))) {
      total = page.total;
      const fresh = page.items.filter(({ contact_id: key }) => !given.has(key));
      for (const member of fresh) {
        given.add(member.contact_id);
        session.saw(member);
      }
      const told = total === undefined ? {} : { total };
      if (fresh.length === 0) yield { records: [], ...told };
      for (const some of chunksOf(fresh, PIECE)) {
        call.signal?.throwIfAborted();
        yield { records: some.map((member) => memberRecord(schema, member)), ...told };
      }
    }
    if (total === undefined || given.size >= total) return;
    if (pass === MOST_PASSES)
      throw incomplete(session.api, `${String(total - given.size)} of ${String(total)} members`, 'Its pages lack members that it counts.');
  }
}

function listOf(
  { api, audience, knows }: Session,
  schema: ObjectSchema,
  since: Date | undefined,
  call: CallOptions,
): Parameters<typeof readOffsets<WireMember>>[1] {
  const fields = `total_items,${wanted(schema, 'members.')}`;
  // The very second of that time may be left out, and what has to be told is at least what changed at it.
  const from = since === undefined ? {} : { since_last_changed: new Date(since.getTime() - 1000).toISOString().replace(/\.\d+Z$/u, '+00:00') };
  return {
    what: 'the list of members',
    size: PAGE,
    keyOf: ({ contact_id: key }) => key,
    page: async (offset, count) => {
      const query = { count, offset, sort_field: 'timestamp_opt', sort_dir: 'ASC', ...from, fields };
      const { members, total_items: total } = (await api.get(listPath(audience, '/members', query), isMembers, call)) as MembersPage;
      if (since === undefined && total !== undefined) knows.total = total;
      return { items: members, ...(total !== undefined && { total }) };
    },
  };
}

/** Whether `since_last_changed` tells of every field: no source says that a tag that comes or goes moves the time of change. */
export function tellsChanges({ fields }: ObjectSchema): boolean {
  return fields.every(({ name }) => name !== TAGS);
}
