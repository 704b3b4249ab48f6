import { createHash } from 'node:crypto';

import { type CallOptions, chunksOf, inOrder } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import { listPath } from '../wire/api.js';
import { ARCHIVED, isMember, type WireMember } from '../wire/shapes.js';
import { readMembers } from './members.js';
import { memberRecord, wanted } from './record.js';
import type { Session } from './session.js';
import { archivedOf, isWorthTheArchive, mayBeWorthAList } from './totals.js';

const BATCH = 100;

/** Whether a text can be the id of a contact. */
export function isKey(key: string): boolean {
  return /^[0-9a-f]{32}$/u.test(key);
}

/**
 * Members by the ids of their contacts. Mailchimp reads them one by one only: where more are asked for than the whole audience is
 * worth, it is read instead, and what it did not show is asked for alone.
 */
export async function* readByKeys(session: Session, schema: ObjectSchema, keys: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  const open = new Set(keys.filter(isKey));
  const asked = open.size;
  if (mayBeWorthAList(session, asked))
    for await (const { records } of readMembers(session, schema, call)) {
      const found = records.filter(({ key }) => open.delete(key));
      if (found.length > 0) yield { records: found };
      if (open.size === 0) return;
      // The first page tells how many they are.
      if (!mayBeWorthAList(session, asked)) break;
    }
  // Who is in the archive is not there: a list of them spares looking at each.
  if (await isWorthTheArchive(session, open.size, call)) for (const key of await archivedOf(session, open, call)) open.delete(key);
  const read = inOrder(open, session.api.atOnce, async (key) => await findMember(session, key, wanted(schema), call));
  let found: PlatformRecord[] = [];
  for await (const member of read) {
    if (member !== undefined && member.status !== ARCHIVED) found.push(memberRecord(schema, member));
    if (found.length < BATCH) continue;
    yield { records: found };
    found = [];
  }
  if (found.length > 0) yield { records: found };
}

/** A member in whatever status, by its address; undefined where there is none. */
export async function findByAddress(session: Session, address: string, fields: string, call: CallOptions): Promise<WireMember | undefined> {
  return await findMember(session, createHash('md5').update(address.toLowerCase()).digest('hex'), fields, call);
}

/** The same by the id of the contact, or by the hash of its address. */
export async function findMember(session: Session, name: string, fields: string, call: CallOptions): Promise<WireMember | undefined> {
  const path = listPath(session.audience, `/members/${encodeURIComponent(name)}`, { fields });
  const member = (await session.api.find(path, isMember, call)) as WireMember | undefined;
  if (member !== undefined && member.status !== ARCHIVED) session.saw(member);
  return member;
}

/** Those of deleted members that are not in the archive either: they were deleted permanently. */
export async function forgotten(session: Session, keys: readonly string[], call: CallOptions): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  const kept = (await isWorthTheArchive(session, keys.length, call)) ? await archivedOf(session, keys, call) : undefined;
  const open = keys.filter((key) => kept?.has(key) !== true);
  for (const some of chunksOf(open, session.api.atOnce)) {
    const found = await Promise.all(some.map(async (key) => (isKey(key) ? await findMember(session, key, 'contact_id,status', call) : undefined)));
    for (const [n, key] of some.entries()) if (found[n] === undefined) gone.add(key);
  }
  return gone;
}
