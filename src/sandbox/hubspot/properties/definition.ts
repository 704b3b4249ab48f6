/** One choice of an enumeration. */
export interface PropertyOption {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
}

/** HubSpot's data types as the properties API names them. */
export type PropertyType = 'string' | 'number' | 'date' | 'datetime' | 'enumeration' | 'bool' | 'phone_number';

/** A property of an object type as the sandbox keeps it. */
export interface PropertyDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  /**
   * The form control: `text`, `textarea`, `select`, `radio`, `checkbox` (a `;`-separated set), `booleancheckbox`,
   * `number`, `date`, `phonenumber`, `calculation_*`.
   */
  readonly fieldType: string;
  readonly groupName: string;
  readonly description: string;
  readonly options: readonly PropertyOption[];
  /** As the properties API tells it; addresses of contacts are unique although it says false. */
  readonly hasUniqueValue: boolean;
  /** Whether a second record with the same value is refused. */
  readonly unique: boolean;
  /** Worked out by the server from other values. */
  readonly calculated: boolean;
  /** The values live elsewhere (owners, pipelines, stages): the properties API lists none of the options here. */
  readonly externalOptions: boolean;
  /** What the external values name: `OWNER`, `COMPANY`. */
  readonly referencedObjectType?: string;
  readonly hubspotDefined: boolean;
  readonly readOnlyValue: boolean;
  /** Read-only here and changed by the person, in the web interface or through the API for subscriptions. */
  readonly consent: boolean;
  readonly hidden: boolean;
  /** Who may see its values: those of the other two only apps with scopes of their own, which no app here has. */
  readonly dataSensitivity: DataSensitivity;
}

/** As the properties API names it, and is asked by it. */
export type DataSensitivity = 'non_sensitive' | 'sensitive' | 'highly_sensitive';

type Extra = Partial<Omit<PropertyDefinition, 'name' | 'label' | 'type' | 'options'>>;

/** A property with HubSpot's usual settings: writable, visible, defined by HubSpot. */
export function property(
  name: string,
  label: string,
  type: PropertyType,
  fieldType: string,
  extra: Extra & { options?: readonly PropertyOption[] } = {},
): PropertyDefinition {
  return {
    groupName: 'information',
    description: '',
    options: [],
    hasUniqueValue: false,
    unique: extra.hasUniqueValue ?? false,
    calculated: false,
    externalOptions: false,
    hubspotDefined: true,
    readOnlyValue: false,
    consent: false,
    hidden: false,
    dataSensitivity: 'non_sensitive',
    ...extra,
    name,
    label,
    type,
    fieldType,
  };
}

/** `value` or `value=Label` entries as options in that order. */
export function options(...entries: readonly string[]): readonly PropertyOption[] {
  return entries.map((entry, displayOrder) => {
    const cut = entry.indexOf('=');
    return { value: cut < 0 ? entry : entry.slice(0, cut), label: cut < 0 ? entry : entry.slice(cut + 1), displayOrder, hidden: false };
  });
}

export const text = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'string', 'text', extra);
export const longText = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'string', 'textarea', extra);
export const phone = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'string', 'phonenumber', extra);
export const number = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'number', 'number', extra);
export const date = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'date', 'date', extra);
export const datetime = (name: string, label: string, extra: Extra = {}): PropertyDefinition => property(name, label, 'datetime', 'date', extra);
export const bool = (name: string, label: string, extra: Extra = {}): PropertyDefinition =>
  property(name, label, 'bool', 'booleancheckbox', { ...extra, options: options('true=Yes', 'false=No') });
export const select = (name: string, label: string, choices: readonly string[], extra: Extra = {}): PropertyDefinition =>
  property(name, label, 'enumeration', 'select', { ...extra, options: options(...choices) });
export const checkboxes = (name: string, label: string, choices: readonly string[], extra: Extra = {}): PropertyDefinition =>
  property(name, label, 'enumeration', 'checkbox', { ...extra, options: options(...choices) });
export const owner = (name: string, label: string): PropertyDefinition =>
  property(name, label, 'enumeration', 'select', { externalOptions: true, referencedObjectType: 'OWNER' });
/** A choice whose values the properties API does not list: pipelines, stages. */
export const stages = (name: string, label: string, choices: readonly string[], fieldType = 'select'): PropertyDefinition =>
  property(name, label, 'enumeration', fieldType, { externalOptions: true, options: options(...choices) });

/** The same property as the server alone may set it. */
export const readOnly = (definition: PropertyDefinition): PropertyDefinition => ({ ...definition, readOnlyValue: true });
/** The same property as the server works it out. */
export const calculated = (definition: PropertyDefinition): PropertyDefinition => ({ ...definition, readOnlyValue: true, calculated: true });
/** The same property as one that a person decides and the CRM API only reads. */
export const consent = (definition: PropertyDefinition): PropertyDefinition => ({ ...definition, readOnlyValue: true, consent: true });

/** What every object type has and no client may write. */
export const systemProperties = (): readonly PropertyDefinition[] =>
  [
    number('hs_object_id', 'Record ID', { hasUniqueValue: true }),
    select('hs_object_source', 'Record creation source', []),
    text('hs_object_source_id', 'Record creation source ID'),
    text('hs_object_source_label', 'Record source'),
    text('hs_object_source_detail_1', 'Record source detail 1'),
    number('hs_object_source_user_id', 'Record creation source user ID'),
    number('hs_created_by_user_id', 'Created by user ID'),
    number('hs_updated_by_user_id', 'Updated by user ID'),
    checkboxes('hs_merged_object_ids', 'Merged record IDs', []),
    datetime('hubspot_owner_assigneddate', 'Owner assigned date'),
    bool('hs_was_imported', 'Performed in an import'),
    bool('hs_read_only', 'Read only object'),
    checkboxes('hs_all_owner_ids', 'All owner IDs', []),
    checkboxes('hs_all_team_ids', 'All team IDs', []),
    checkboxes('hs_user_ids_of_all_owners', 'User IDs of all owners', []),
    number('num_notes', 'Number of sales activities'),
    number('num_contacted_notes', 'Number of times contacted'),
    datetime('notes_last_contacted', 'Last contacted'),
    datetime('notes_last_updated', 'Last activity date'),
    datetime('notes_next_activity_date', 'Next activity date'),
  ].map(readOnly);
