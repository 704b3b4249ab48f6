import type { HubSpotSandbox } from '../handle.js';
import { options, property, type PropertyDefinition, type PropertyType } from '../properties/definition.js';
import type { Owner } from '../properties/owners.js';
import type { PortalDump } from '../state/dump.js';
import { bothDirections, type LinkCategory } from '../state/link-types.js';

/** Definitions, records and links of another account, in the words of HubSpot's API. */
export interface ImportedAccount {
  /** Of object types that the sandbox has. */
  readonly objects: readonly ImportedObject[];
  readonly links: readonly ImportedLinks[];
}

export interface ImportedObject {
  /** `contacts` */
  readonly name: string;
  readonly properties: readonly ImportedProperty[];
  readonly records: readonly ImportedRecord[];
  /** Records that are not put there: owners and stages that they name are there all the same. */
  readonly referred?: readonly ImportedRecord[];
}

export interface ImportedProperty {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly readOnly: boolean;
  readonly unique: boolean;
  /** A person decides it, and the API only reads it. */
  readonly consent: boolean;
  /** Absent where the account keeps them elsewhere (stages, owners). */
  readonly options?: readonly string[];
}

export interface ImportedRecord {
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Links of one type. */
export interface ImportedLinks {
  readonly from: string;
  readonly to: string;
  readonly category: LinkCategory;
  readonly typeId: number;
  readonly label: string | null;
  readonly pairs: readonly (readonly [from: string, to: string])[];
}

const BY_IMPORT = { type: 'IMPORT', id: '48822101', label: 'Import' } as const;

/**
 * Puts another account into an empty sandbox: its properties and options, its records under their own ids, its links.
 * Whoever owns records there is an owner without a name. What a fresh account has and that one has not is gone, but for
 * what HubSpot itself defines. `onlySettings`: none of its records and links, but everything that they refer to. Throws,
 * and puts nothing there, where the account is none (an id that is no number).
 */
export function importAccount(
  sandbox: HubSpotSandbox,
  account: ImportedAccount,
  { onlySettings = false }: { readonly onlySettings?: boolean } = {},
): void {
  const dump = sandbox.dump();
  const types = dump.types.map((type) => {
    const imported = account.objects.find(({ name }) => name === type.name);
    if (imported === undefined) return type;
    const records = onlySettings ? [] : imported.records.map(stored).sort(byId);
    return { ...type, properties: propertiesOf(type, imported), records };
  });
  const ids = account.objects.flatMap(({ records }) => records.map(({ id }) => Number(id)));
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0)) throw new TypeError('an id of a record is no whole number');
  const { linkTypes, links, lastLinkType } = linksOf(dump, account.links);
  sandbox.load({
    ...dump,
    types,
    owners: [...(dump.owners ?? []), ...ownersOf(account, new Set(dump.owners?.map(({ id }) => id))).map((each) => ({ ...each }))],
    lastIds: { record: ids.reduce((most, id) => Math.max(most, id), dump.lastIds.record), linkType: lastLinkType },
    linkTypes,
    links: onlySettings ? [] : links,
  } satisfies PortalDump);
  sandbox.catchUpSearch();
  sandbox.resetCounts();
}

type DumpedType = PortalDump['types'][number];

function propertiesOf({ properties }: DumpedType, imported: ImportedObject): DumpedType['properties'] {
  const there = new Map(imported.properties.map((each) => [each.name, each]));
  const own = properties.map((each) => each as unknown as PropertyDefinition);
  const kept = own.filter(({ name, hubspotDefined }) => hubspotDefined || there.has(name));
  const known = new Set(kept.map(({ name }) => name));
  const added = imported.properties.filter(({ name }) => !known.has(name)).map(definitionOf);
  return [...kept.map((each) => asThere(each, there.get(each.name))), ...added].map((each) => ({ ...withValues(each, imported) }));
}

function definitionOf({ name, label, type, fieldType, readOnly, unique, consent, options: choices }: ImportedProperty): PropertyDefinition {
  return property(name, label, type, fieldType, {
    hubspotDefined: false,
    readOnlyValue: readOnly,
    hasUniqueValue: unique,
    consent,
    externalOptions: type === 'enumeration' && choices === undefined,
    ...(choices === undefined ? {} : { options: options(...choices.map((each) => `${each}=${each}`)) }),
  });
}

/** One that a fresh account has, with the options of that account. */
function asThere(own: PropertyDefinition, there: ImportedProperty | undefined): PropertyDefinition {
  if (there?.options === undefined || own.externalOptions) return own;
  const labels = new Map(own.options.map(({ value, label }) => [value, label]));
  return {
    ...own,
    options: there.options.map((value, displayOrder) => ({ value, label: labels.get(value) ?? value, displayOrder, hidden: false })),
  };
}

/** Stages that are kept elsewhere are known by the records that are in them. */
function withValues(definition: PropertyDefinition, imported: ImportedObject): PropertyDefinition {
  if (!definition.externalOptions || definition.referencedObjectType !== undefined) return definition;
  const known = new Set(definition.options.map(({ value }) => value));
  const more = new Set(
    namedBy(imported).flatMap(({ values: { [definition.name]: value = '' } }) => (value === '' || known.has(value) ? [] : [value])),
  );
  return { ...definition, options: [...definition.options, ...options(...[...more].map((each) => `${each}=${each}`))] };
}

/** Records whose values name what has to be there. */
const namedBy = ({ records, referred = [] }: ImportedObject): readonly ImportedRecord[] => [...records, ...referred];

function stored({ id, values, createdAt, updatedAt }: ImportedRecord): DumpedType['records'][number] {
  const held = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
  const by = { ...BY_IMPORT };
  return { id, createdAt, createdBy: by, createdWith: held, filled: {}, values: held, updatedAt, updatedBy: by, changes: [], mergedIds: [] };
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => Number(a.id) - Number(b.id);

function ownersOf({ objects }: ImportedAccount, known: ReadonlySet<string>): readonly Owner[] {
  const ids = new Set(objects.flatMap((object) => namedBy(object).flatMap(({ values: { hubspot_owner_id: id = '' } }) => (id === '' ? [] : [id]))));
  const at = '2021-02-11T10:00:00.000Z';
  return [...ids]
    .filter((id) => !known.has(id))
    .map((id, n) => ({
      id,
      email: `owner.${n + 1}@example.com`,
      firstName: 'Owner',
      lastName: String(n + 1),
      userId: 5_000_000 + n,
      archived: false,
      createdAt: at,
      updatedAt: at,
    }));
}

function linksOf(
  dump: PortalDump,
  imported: readonly ImportedLinks[],
): { readonly linkTypes: PortalDump['linkTypes']; readonly links: PortalDump['links']; readonly lastLinkType: number } {
  const linkTypes = [...dump.linkTypes];
  const links: PortalDump['links'] = [];
  let last = Math.max(dump.lastIds.linkType, ...imported.map(({ typeId }) => typeId));
  for (const { from, to, category, typeId, label, pairs } of imported) {
    const is = (each: PortalDump['linkTypes'][number]): boolean =>
      each.from === from && each.to === to && each.typeId === typeId && each['category'] === category;
    if (!linkTypes.some(is)) {
      last += 1;
      const names = label === null ? {} : { labels: [label, label] as const };
      // HubSpot numbers the other direction differently and tells nowhere how: any free number will do.
      linkTypes.push(
        ...bothDirections({ between: [from, to], ids: [typeId, from === to ? typeId : last], category, ...names }).map((each) => ({ ...each })),
      );
    }
    const place = linkTypes.findIndex(is);
    for (const [one, other] of pairs) links.push([place, one, other]);
  }
  return { linkTypes, links, lastLinkType: last };
}
