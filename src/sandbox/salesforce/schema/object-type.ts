import { DEFAULTED, field, type Field, flag, READ_ONLY, reference } from './field.js';

/** A record type of an object: which values of its picklists go with it. */
export interface RecordType {
  readonly id: string;
  readonly name: string;
  readonly developerName: string;
  readonly isDefault: boolean;
  /** Values by field; a field that is not named has all of its own. */
  readonly picklists: Readonly<Record<string, readonly string[]>>;
}

/** An object: a kind of record. */
export interface ObjectType {
  readonly name: string;
  readonly label: string;
  readonly labelPlural: string;
  readonly keyPrefix: string;
  readonly custom: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly deletable: boolean;
  readonly undeletable: boolean;
  readonly replicateable: boolean;
  /** Whether it holds what people work with; the platform's own are set up by administrators. */
  readonly business: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  readonly recordTypes: readonly RecordType[];
  /** Fields whose changes are kept, and the object that keeps them. */
  readonly tracked: readonly string[];
  readonly historyObject: string | null;
}

type Given = Partial<Omit<ObjectType, 'fields' | 'name' | 'keyPrefix'>>;

/** An object with the fields that every one has. */
export function objectType(name: string, keyPrefix: string, fields: readonly Field[], more: Given = {}): ObjectType {
  const label = more.label ?? name.replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  return {
    label,
    labelPlural: more.labelPlural ?? (label.endsWith('y') ? `${label.slice(0, -1)}ies` : `${label}s`),
    custom: false,
    createable: true,
    updateable: true,
    deletable: true,
    undeletable: true,
    replicateable: true,
    business: true,
    recordTypes: [],
    tracked: [],
    historyObject: null,
    ...more,
    name,
    keyPrefix,
    fields: new Map([...systemFields(label, more.deletable ?? true), ...fields].map((each) => [each.name, each])),
  };
}

const toUser = { ...READ_ONLY, ...DEFAULTED, onParentDelete: 'keep' } as const;

function systemFields(label: string, deletable: boolean): readonly Field[] {
  return [
    field('Id', 'id', { ...READ_ONLY, ...DEFAULTED, length: 18, idLookup: true, label: `${label} ID` }),
    ...(deletable ? [flag('IsDeleted', { ...READ_ONLY, label: 'Deleted' })] : []),
    field('CreatedDate', 'datetime', { ...READ_ONLY, ...DEFAULTED, audit: true }),
    reference('CreatedById', ['User'], { ...toUser, audit: true }),
    field('LastModifiedDate', 'datetime', { ...READ_ONLY, ...DEFAULTED, audit: true }),
    reference('LastModifiedById', ['User'], { ...toUser, audit: true }),
    field('SystemModstamp', 'datetime', { ...READ_ONLY, ...DEFAULTED }),
  ];
}
