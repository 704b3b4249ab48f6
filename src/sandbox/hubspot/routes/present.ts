import { propertyReader, valueOf } from '../state/computed.js';
import type { LinkTable } from '../state/link-table.js';
import { alwaysAnswered, type ObjectType } from '../state/object-type.js';
import type { Portal } from '../state/portal.js';
import { clearedIn, historyOf, type StoredRecord } from '../state/record.js';

/** One entry of `propertiesWithHistory`. */
interface AnsweredHistory {
  readonly value: string;
  readonly timestamp: string;
  readonly sourceType: string;
  readonly sourceId?: string;
  readonly sourceLabel?: string;
  readonly updatedByUserId?: number;
}

/** A record as answers show it. */
export interface AnsweredRecord {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
  readonly propertiesWithHistory?: Readonly<Record<string, readonly AnsweredHistory[]>>;
  readonly objectWriteTraceId?: string;
  readonly new?: boolean;
}

/** What of a record is wanted. Unknown names are ignored, as at HubSpot. */
export interface Wanted {
  readonly properties?: readonly string[];
  readonly withHistory?: readonly string[];
}

/** What showing a record needs of the account. */
type Account = Pick<Portal, 'links' | 'settings'>;

/**
 * Shows records with the wanted properties (the usual few when none are named): null where there never was a value,
 * `''` where one was cleared.
 */
export function presenter(type: ObjectType, { links, settings }: Account, wanted: Wanted): (record: StoredRecord) => AnsweredRecord {
  const named = wanted.properties && wanted.properties.length > 0 ? wanted.properties : type.defaults;
  const names = [...new Set([...alwaysAnswered(type), ...named])].filter((name) => isShown(type, name));
  const readers = names.map((name) => [name, propertyReader(type, name, links)] as const);
  const { withHistory = [] } = wanted;
  const told = withHistory.filter((name) => isShown(type, name) && !settings.withoutHistory.includes(`${type.name}/${name}`));
  return (record) => {
    const properties: Record<string, string | null> = {};
    const cleared = settings.tellsCleared ? clearedIn(record) : undefined;
    for (const [name, read] of readers) properties[name] = read(record) ?? (cleared?.has(name) ? '' : null);
    return {
      id: record.id,
      properties,
      ...(withHistory.length > 0 && { propertiesWithHistory: presentHistory(type, record, links, told) }),
      createdAt: new Date(record.createdAt).toISOString(),
      updatedAt: new Date(record.updatedAt).toISOString(),
      archived: record.archivedAt !== undefined,
      ...(record.archivedAt !== undefined && { archivedAt: new Date(record.archivedAt).toISOString() }),
    };
  };
}

/** Values of sensitive properties are left out, without a word, for apps that have no scope for them. */
const isShown = (type: ObjectType, name: string): boolean => type.properties.get(name)?.dataSensitivity === 'non_sensitive';

/** One record, as {@link presenter} shows it. */
export const presentRecord = (type: ObjectType, record: StoredRecord, account: Account, wanted: Wanted): AnsweredRecord =>
  presenter(type, account, wanted)(record);

/**
 * A record as the answer to a write shows it: what was sent, and what the server sets or works out where that has a
 * value. A batch update of contacts names neither the creation nor the id among the properties.
 */
export function presentWritten(
  type: ObjectType,
  record: StoredRecord,
  account: Account,
  sent: Iterable<string>,
  by: 'batch-update' | 'other' = 'other',
): AnsweredRecord {
  const asked = new Set(sent);
  const shown = presentRecord(type, record, account, { properties: [...asked, ...type.answeredOnWrite] });
  const without = by === 'batch-update' && type.name === 'contacts' ? ['createdate', 'hs_object_id'] : [];
  const kept = Object.entries(shown.properties).filter(
    ([name, value]) => !without.includes(name) && value !== null && (value !== '' || asked.has(name)),
  );
  return { ...shown, properties: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** HubSpot keeps the newest 45 values of a contact's property and 20 of others. */
function presentHistory(type: ObjectType, record: StoredRecord, links: LinkTable, names: readonly string[]): Record<string, AnsweredHistory[]> {
  const most = type.name === 'contacts' ? 45 : 20;
  const answered: Record<string, AnsweredHistory[]> = {};
  for (const name of names) {
    if (!type.properties.has(name)) continue;
    const kept = historyOf(record, name);
    const current = valueOf(type, record, name, links);
    const entries = kept.length > 0 || current === null ? kept : [{ value: current, at: record.createdAt, source: { type: 'CALCULATED', id: '' } }];
    answered[name] = entries.slice(0, most).map(({ value, at, source }) => ({
      value,
      timestamp: new Date(at).toISOString(),
      sourceType: source.type,
      ...(source.id !== '' && { sourceId: source.id }),
      ...('label' in source && source.label !== undefined && { sourceLabel: source.label }),
      ...('userId' in source && source.userId !== undefined && { updatedByUserId: source.userId }),
    }));
  }
  return answered;
}
