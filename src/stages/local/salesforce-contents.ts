import type { FieldSchema, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { ImportedField, ImportedOrg, ImportedRow } from '../../sandbox/index.js';
import type { StageContents, StageObject } from './contents.js';
import type { LeftOutField } from './local.js';

/** What a snapshot holds of an account of Salesforce, in the words of its API. */
export function importedOrg({ objects }: StageContents): ImportedOrg {
  return {
    objects: objects.map(({ schema, records, referred = [] }) => {
      const rowOf = rowMaker(schema);
      return {
        name: schema.object,
        label: schema.label ?? schema.object,
        fields: schema.fields.map(fieldOf),
        records: records.map(rowOf),
        referred: referred.map(rowOf),
      };
    }),
  };
}

/** Two characters of ids, after what says their object, that no id of these has: those of new records are no others' then. */
export function unusedPod({ objects }: StageContents): string {
  const used = new Set(objects.flatMap(podsIn));
  const free = PODS.find((pod) => !used.has(pod));
  if (free === undefined) throw new RangeError('every pair of characters is in an id');
  return free;
}

/** References that lead to nothing that a sandbox has: it takes no id of such. */
export function withoutTarget({ objects }: StageContents): readonly LeftOutField[] {
  const there = new Set([...objects.map(({ schema }) => schema.object), 'User', 'Group', 'RecordType']);
  return objects.flatMap(({ schema: { object, fields } }) =>
    fields.flatMap(({ name, platformType, readOnly, givenOnCreate }) => {
      const to = targetsOf(platformType);
      if (to.length === 0 || to.some((one) => there.has(one)) || (readOnly && givenOnCreate !== true)) return [];
      return [{ object, field: name, why: `it refers to ${to.join(', ')}, which are not there` }];
    }),
  );
}

const PODS = Array.from('789ABCDEFGHIJKLMNOPQRSTUVWXYZ').flatMap((first) => Array.from('QZXKJ', (second) => first + second));

function podsIn({ records, referred = [] }: StageObject): readonly string[] {
  const ids = [...records, ...referred].flatMap(({ key, fields, meta }) => [key, ...idsIn(fields), ...idsIn(meta)]);
  return ids.map((id) => id.slice(3, 5));
}

const ID = /^[0-9A-Za-z]{15}[A-Z0-5]{3}$/u;
const idsIn = (fields: Readonly<Record<string, Value>>): readonly string[] =>
  Object.values(fields).filter((value): value is string => typeof value === 'string' && ID.test(value));

/** `platformType` is `string(255)`, `double(18,2)`, `reference(Account,Contact)`. */
function fieldOf(field: FieldSchema): ImportedField {
  const { name, label = name, platformType, readOnly, givenOnCreate = false, required = false, unique = false, options } = field;
  const [, type = 'string', size = ''] = /^(\w+)(?:\((.*)\))?$/u.exec(platformType) ?? [];
  const [precision = 0, scale = 0] = size.split(',').map(Number);
  const isNumber = NUMBERS.has(type);
  return {
    name,
    label,
    type,
    length: isNumber || type === 'reference' ? 0 : precision,
    precision: isNumber ? precision : 0,
    scale: isNumber ? scale : 0,
    to: targetsOf(platformType),
    readOnly,
    createable: !readOnly || givenOnCreate,
    required,
    unique,
    ...(options === undefined ? {} : { options }),
  };
}

const NUMBERS: ReadonlySet<string> = new Set(['double', 'currency', 'percent']);

function targetsOf(platformType: string): readonly string[] {
  const [, to = ''] = /^reference\((.*)\)$/u.exec(platformType) ?? [];
  return to === '' ? [] : to.split(',');
}

function rowMaker({ fields }: ObjectSchema): (record: PlatformRecord) => ImportedRow {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  return ({ key, fields: own, meta }) => {
    const values: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries({ ...meta, ...own })) {
      const type = types.get(name);
      if (type === undefined || value === null || value === '') continue;
      values[name] = valueOf(type, value);
    }
    return { id: key, values };
  };
}

/** A canonical value in Salesforce's own form. */
function valueOf(type: FieldSchema['type'], value: Exclude<Value, null>): string | number | boolean {
  if (type === 'boolean') return value === true;
  if (type === 'integer' || type === 'number') return Number(value);
  if (type === 'datetime' && typeof value === 'string') return value.replace(/Z$/u, '+0000');
  return Array.isArray(value) ? value.join(';') : typeof value === 'string' ? value : JSON.stringify(value);
}
