import type { Clock } from '../../../lib/index.js';
import { Automations } from '../../kit/automations/automations.js';
import { createRandom, type Random } from '../../kit/random.js';
import { badRequest, recordNotFound } from '../failure.js';
import { OWNERS, type Owner } from '../properties/owners.js';
import { Activities } from './activities.js';
import { addressesOf, swapAddresses } from './addresses.js';
import { applyChanges } from './apply-changes.js';
import { checkUnique, checkWrite } from './checks.js';
import { defaultObjectTypes } from './default-types.js';
import { automatedPortal } from './flows/automated.js';
import { Flows } from './flows/flows.js';
import { movesBackwards, stampLifecycle } from './lifecycle.js';
import { LinkTable } from './link-table.js';
import { bothDirections, defaultLinkTypes, type LinkType } from './link-types.js';
import { Lists } from './lists/lists.js';
import { ObjectTypes, type ObjectType } from './object-type.js';
import { FRESH_ACCOUNT, type AccountSettings } from './reactions/account-settings.js';
import { companyOfAddress, setCompany } from './reactions/contact-company.js';
import { fillsOfChange, fillsOfNew } from './reactions/server-fills.js';
import { syncStageOfLink, syncStages } from './reactions/stage-sync.js';
import { RecordTable } from './record-table.js';
import { causeOf, pastOf, type StoredRecord, type Writer } from './record.js';
import type { SetUp } from './set-up.js';
import { acceptValues, type PropertyValues, type ValueRules } from './values.js';
import type { WriteAction, WriteEntry } from './write-entry.js';

/**
 * The whole state of one HubSpot account, and the rules that writes follow there. No HTTP here.
 * A back-dated write (with `at`) is history: it is checked, and the account adds nothing to it.
 */
export class Portal {
  readonly types = new ObjectTypes();
  readonly links = new LinkTable();
  readonly tables = new Map<string, RecordTable>();
  readonly writes: WriteEntry[] = [];
  readonly blockedEmails = new Set<string>();
  /** Who may own records, and who did once: `archived`. */
  readonly owners = new Map<string, Owner>(OWNERS.map((each) => [each.id, each]));
  readonly random: Random;
  readonly automations: Automations;
  readonly flows: Flows = new Flows(this);
  readonly lists: Lists = new Lists(this);
  readonly activities = new Activities();
  readonly setUp: SetUp = { forms: [], validations: new Map() };
  /** Called with every record whose values changed, for the search index. */
  onChange: (type: ObjectType, record: StoredRecord) => void = () => {};
  /** The last ids given to records and to association types. */
  readonly lastIds = { record: 151_000_000_000, linkType: 1000 };

  constructor(
    readonly portalId: number,
    clock: Clock,
    seed: number,
    /** What the account does on its own. May be changed while it runs. */
    public settings: AccountSettings = FRESH_ACCOUNT,
  ) {
    this.random = createRandom(seed);
    this.automations = new Automations(clock, automatedPortal(this));
    for (const type of defaultObjectTypes()) this.addType(type);
    for (const type of defaultLinkTypes()) this.links.addType(type);
  }

  /** Adds an object type, and for a custom one its plain association with every other. */
  addType(type: ObjectType, withLinkTypes = true): void {
    this.types.add(type);
    this.tables.set(type.name, new RecordTable(type));
    if (type.custom && withLinkTypes)
      for (const other of this.types.all()) this.links.ensurePlain(type.name, other.name, () => (this.lastIds.linkType += 1));
  }

  /** Adds a label between two object types; gives it in both directions. */
  addLabel(from: ObjectType, to: ObjectType, label: string, inverseLabel: string): readonly LinkType[] {
    this.lastIds.linkType += 2;
    const ids =
      from === to && label === inverseLabel
        ? ([this.lastIds.linkType, this.lastIds.linkType] as const)
        : ([this.lastIds.linkType - 1, this.lastIds.linkType] as const);
    const made = bothDirections({ between: [from.name, to.name], ids, labels: [label, inverseLabel], category: 'USER_DEFINED' });
    for (const type of made) this.links.addType(type);
    return made;
  }

  /** Forgets everything, object types and association types included; the list of writes stays. */
  clear(): void {
    this.types.clear();
    this.tables.clear();
    this.links.clear();
    this.blockedEmails.clear();
    this.owners.clear();
    this.lists.clear();
    this.flows.revisions.clear();
  }

  table(type: ObjectType): RecordTable {
    return this.tables.get(type.name) as RecordTable;
  }

  /** The live record behind an id, merges followed; throws HubSpot's 404. */
  record(type: ObjectType, id: string): StoredRecord {
    const record = this.table(type).find(id);
    if (!record) throw recordNotFound();
    return record;
  }

  now(): number {
    return this.automations.now();
  }

  /**
   * Creates a record, and what the account adds to a new one. Throws 400 for values and 409 for a taken address. `at`
   * back-dates it.
   */
  create(type: ObjectType, sent: PropertyValues, writer: Writer, backDated?: number): StoredRecord {
    const at = backDated ?? this.now();
    const { associatedcompanyid: company, ...values } = this.checkCreate(type, sent, writer, backDated);
    const fills = backDated === undefined ? fillsOfNew(type, values, this.settings, at) : [];
    for (const { property, value } of fills) values[property] = value;
    stampLifecycle(values, undefined, at);
    this.lastIds.record += 1 + this.random.integer(40);
    const record: StoredRecord = {
      id: String(this.lastIds.record),
      createdAt: at,
      createdBy: writer.source,
      createdWith: values,
      filled: Object.fromEntries(fills.map(({ property, source }) => [property, source])),
      values,
      updatedAt: at,
      updatedBy: writer.source,
      archivedAt: undefined,
      changes: [],
      mergedIds: [],
    };
    this.table(type).add(record);
    this.note('create', type, record.id, writer, Object.keys(sent), true, at);
    this.onChange(type, record);
    if (backDated === undefined) this.changed(type, record, undefined, writer);
    if (company !== undefined) setCompany(this, record, company, writer, backDated);
    else if (backDated === undefined) companyOfAddress(this, type, record, causeOf(writer));
    return record;
  }

  /** What `create` would store; throws what it would throw. Changes nothing. */
  checkCreate(type: ObjectType, sent: PropertyValues, writer: Writer, backDated?: number): Record<string, string> {
    const accepted = acceptValues(type, sent, {}, this.rules(writer, backDated));
    checkWrite(this, type, accepted, undefined);
    return Object.fromEntries(Object.entries(accepted).filter(([, value]) => value !== ''));
  }

  /** What `update` would store; throws what it would throw. Changes nothing. */
  checkUpdate(type: ObjectType, record: StoredRecord, sent: PropertyValues, writer: Writer, backDated?: number): Record<string, string> {
    const accepted = acceptValues(type, sent, record.values, this.rules(writer, backDated));
    checkWrite(this, type, accepted, record);
    return accepted;
  }

  /** Changes a live record. A lifecycle stage that would move backwards stays as it is, silently, as at HubSpot. */
  update(type: ObjectType, record: StoredRecord, sent: PropertyValues, writer: Writer, backDated?: number): void {
    const at = backDated ?? this.now();
    const { associatedcompanyid: company, ...accepted } = this.checkUpdate(type, record, sent, writer, backDated);
    if (movesBackwards(record.values.lifecyclestage, accepted.lifecyclestage)) delete accepted.lifecyclestage;
    stampLifecycle(accepted, record, at);
    swapAddresses(record, accepted);
    const own = Object.entries(accepted).map(([property, value]) => ({ property, value, source: writer.source }));
    const fills = backDated === undefined ? fillsOfChange(type, record.values, accepted, this.settings, at) : [];
    const before = record.values;
    const changed = applyChanges(this.table(type), record, [...own, ...fills], at);
    if (changed) this.touch(type, record, writer, at);
    const moved = company !== undefined && setCompany(this, record, company, writer, backDated);
    this.note('update', type, record.id, writer, Object.keys(sent), changed || moved, at);
    if (backDated !== undefined) return;
    if (changed) this.changed(type, record, before, writer);
    if (company === undefined && before.email === undefined) companyOfAddress(this, type, record, causeOf(writer));
    syncStages(this, type, record, before, causeOf(writer));
  }

  /**
   * Archives a live record: its links go and its unique values become free. Does nothing to an unknown or archived one.
   */
  archive(type: ObjectType, id: string, writer: Writer, at = this.now()): void {
    const record = this.table(type).find(id);
    if (record) {
      this.table(type).retire(record, at);
      this.lists.forget(type, record.id);
      for (const { type: link, to } of this.links.removeRecord(type.name, record.id)) this.touchId(link.to, to, writer, at);
      this.touch(type, record, writer, at);
      this.automations.gone(type.name, record.id, record.values, causeOf(writer));
    }
    this.note('archive', type, id, writer, [], record !== undefined, at);
  }

  /**
   * Brings an archived record back under its id, as only a person in the web interface can. Its links stay lost, and
   * nothing promises that it then counts as modified: it does not.
   * Throws 404 for a record that is not archived, and what a create throws where a unique value was taken since.
   */
  undelete(type: ObjectType, id: string, writer: Writer, at = this.now()): void {
    const record = this.table(type).at(id);
    if (record?.archivedAt === undefined || this.table(type).aliases.has(id)) throw recordNotFound();
    checkUnique(this, type, record.values, record);
    this.table(type).revive(record);
    this.onChange(type, record);
    this.note('undelete', type, id, writer, [], true, at);
  }

  /**
   * Links two live records, the first company of a record as its primary one; false where one of them does not exist.
   */
  link(type: LinkType, from: string, to: string, writer: Writer, backDated?: number): boolean {
    const at = backDated ?? this.now();
    const source = this.table(this.types.get(type.from)).find(from);
    const target = this.table(this.types.get(type.to)).find(to);
    if (!source || !target) return false;
    const primary =
      backDated === undefined && this.settings.firstCompanyIsPrimary ? this.links.primaryOfFirst(type, source.id, target.id) : undefined;
    const changed = this.links.add(type, source.id, target.id);
    if (primary && primary !== type) this.links.add(primary, source.id, target.id);
    this.afterLink('link', type, source.id, target.id, changed, writer, at);
    if (changed && backDated === undefined) syncStageOfLink(this, type, source.id, target.id, causeOf(writer));
    return true;
  }

  /** Takes one type of link away, or with `undefined` all of them. Answers nothing: HubSpot does not tell either. */
  unlink(fromObject: string, toObject: string, type: LinkType | undefined, from: string, to: string, writer: Writer, at = this.now()): void {
    const plain = type ?? this.links.plain(fromObject, toObject);
    this.afterLink('unlink', plain, from, to, this.links.remove(plain, from, to), writer, at);
  }

  /** Merges the second record into the first; reading the second id gives the first from now on. */
  merge(type: ObjectType, keptId: string, mergedId: string, writer: Writer, at = this.now()): StoredRecord {
    const kept = this.record(type, keptId);
    const merged = this.record(type, mergedId);
    if (kept === merged) throw badRequest('Cannot merge a record with itself');
    const values: Record<string, string> = { ...merged.values, ...kept.values };
    const further = [...addressesOf(kept.values), ...addressesOf(merged.values)].filter((each) => each !== values.email);
    if (further.length > 0) values.hs_additional_emails = [...new Set(further)].join(';');
    const before = kept.values;
    const links = this.links.removeRecord(type.name, merged.id);
    this.table(type).retire(merged, at);
    this.table(type).aliases.set(merged.id, kept.id);
    this.lists.hand(type, merged.id, kept.id);
    for (const [property, value] of Object.entries(values))
      if (kept.values[property] !== value) kept.changes.push({ property, value, at, source: { type: 'MERGE_OBJECTS', id: merged.id } });
    this.table(type).replaceValues(kept, values);
    // The history of both is in that of the record that stays, whichever value it took.
    kept.changes.push(...pastOf(merged));
    kept.changes.sort((a, b) => a.at - b.at);
    kept.mergedIds.push(merged.id, ...merged.mergedIds);
    for (const { type: link, to } of links) if (!link.primary && !(link.to === type.name && to === kept.id)) this.links.add(link, kept.id, to);
    this.touch(type, merged, writer, at);
    this.touch(type, kept, writer, at);
    this.note('merge', type, merged.id, writer, [kept.id], true, at);
    this.changed(type, kept, before, writer);
    return kept;
  }

  /** Erases a contact for good; its address cannot be used again. */
  gdprDelete(type: ObjectType, id: string, writer: Writer, at = this.now()): void {
    const record = this.table(type).find(id) ?? this.table(type).at(id);
    if (record) {
      for (const address of addressesOf(record.values)) this.blockedEmails.add(address);
      for (const { type: link, to } of this.links.removeRecord(type.name, record.id)) this.touchId(link.to, to, writer, at);
      this.table(type).purge(record, at);
      this.lists.forget(type, id);
      this.onChange(type, record);
      this.automations.gone(type.name, record.id, record.values, causeOf(writer));
    }
    this.note('gdpr-delete', type, id, writer, [], record !== undefined, at);
  }

  private rules(writer: Writer, backDated: number | undefined): ValueRules {
    return {
      portalId: this.portalId,
      mayOwn: (id) => this.owners.get(id)?.archived === false,
      settings: backDated === undefined ? this.settings : { ...this.settings, phones: 'as-sent', trimsText: false },
      direct: writer.request === undefined,
    };
  }

  private afterLink(action: 'link' | 'unlink', type: LinkType, from: string, to: string, changed: boolean, writer: Writer, at: number): void {
    if (changed) {
      this.touchId(type.from, from, writer, at);
      this.touchId(type.to, to, writer, at);
    }
    this.note(action, this.types.get(type.from), from, writer, [`${type.to}/${to}/${type.typeId}`], changed, at);
  }

  private touchId(object: string, id: string, writer: Writer, at: number): void {
    const type = this.types.get(object);
    const record = this.table(type).at(id);
    if (record) this.touch(type, record, writer, at);
  }

  private touch(type: ObjectType, record: StoredRecord, writer: Writer, at: number): void {
    record.updatedAt = Math.max(record.updatedAt, at);
    record.updatedBy = writer.source;
    this.onChange(type, record);
  }

  private changed({ name: object }: ObjectType, { id: key, values: after }: StoredRecord, before: PropertyValues | undefined, writer: Writer): void {
    this.automations.changed({ object, key, before, after }, causeOf(writer));
  }

  private note(action: WriteAction, type: ObjectType, id: string, writer: Writer, what: readonly string[], changed: boolean, at: number): void {
    this.writes.push({ action, object: type.name, id, at, source: writer.source, request: writer.request, what, changed });
  }
}
