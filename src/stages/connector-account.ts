import type { Batch, MutationResult, Platform, PlatformSchema } from '../connectors/index.js';
import { type CallOptions, canonicalJson, RunbackError } from '../lib/index.js';
import type { Fields, FieldSchema, LinkSchema, ObjectSchema, Value } from '../records/index.js';
import type { TrueValues, WrittenValues } from '../sandbox/index.js';
import type { StagedAccount, StagedLink, StagedRecord, StagedWriter } from './account.js';
import { fieldsIn, requireKnown } from './fields.js';

/**
 * An account that is reached only through its ordinary connector as a stage. Whoever breaks it does so with the
 * credentials of the platform: it cannot tell writers apart. Values are texts; what is none (a number, a truth value, a
 * list) is its canonical JSON.
 */
export function connectorAccount(platform: Platform, { objects, links }: PlatformSchema, call: CallOptions): StagedAccount {
  const usable = objects.filter(({ refused }) => refused === undefined);
  const names = usable.map(({ object }) => object);
  const schemaOf = (object: string): ObjectSchema => {
    requireKnown(names, object);
    return usable.find((each) => each.object === object) as ObjectSchema;
  };
  const { connector } = platform;
  const records = async (object: string, keys?: readonly string[]): Promise<readonly StagedRecord[]> => {
    const found: StagedRecord[] = [];
    const schema = schemaOf(object);
    for await (const batch of connector.read({ schema, ...(keys === undefined ? {} : { keys }) }, call))
      for (const { key, fields } of batch.records) found.push({ key, values: textsOf(fields) });
    return found;
  };
  // Links that are fields are compared and damaged as fields.
  const ownLinks = links.filter(({ viaFields, from, to }) => viaFields === undefined && names.includes(from) && names.includes(to));
  return {
    objects: names,
    fields: (object) => fieldsIn(usable, object),
    record: async (object, key) => (await records(object, [key]))[0]?.values,
    records: async (object) => await records(object),
    links: async () => {
      const found: StagedLink[] = [];
      for (const link of ownLinks)
        for await (const batch of connector.readLinks({ link }, call))
          for (const { from, to } of batch) found.push({ kind: link.kind, fromObject: link.from, from, toObject: link.to, to });
      return found;
    },
    as: () => writer({ platform, call, schemaOf, links: ownLinks, record: async (object, key) => (await records(object, [key]))[0]?.values }),
  };
}

/** What a record holds, as texts. */
export function textsOf(fields: Fields): TrueValues {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)] as const])));
}

const textOf = (value: Value): string => (typeof value === 'string' ? value : canonicalJson(value));

/** The canonical value of a field that a text stands for; the other way round from {@link textsOf}. */
function valueOf(text: string | null, field: FieldSchema | undefined): Value {
  if (text === null || field === undefined) return text;
  return field.type === 'integer' || field.type === 'boolean' || field.type === 'set' ? (JSON.parse(text) as Value) : text;
}

interface WriterParts {
  readonly platform: Platform;
  readonly call: CallOptions;
  readonly schemaOf: (object: string) => ObjectSchema;
  readonly links: readonly LinkSchema[];
  readonly record: (object: string, key: string) => Promise<TrueValues | undefined>;
}

function writer({ platform, call, schemaOf, links, record }: WriterParts): StagedWriter {
  const fieldsOf = (schema: ObjectSchema, values: WrittenValues): Fields =>
    Object.fromEntries(
      Object.entries(values).map(([name, text]) => [
        name,
        valueOf(
          text,
          schema.fields.find((field) => field.name === name),
        ),
      ]),
    );
  const write = async (batch: Batch): Promise<string> => applied((await platform.connector.write(batch, call))[0]);
  const present = async (object: string, key: string): Promise<Fields> => fieldsOf(schemaOf(object), (await record(object, key)) ?? {});
  const between = (fromObject: string, toObject: string): LinkSchema => {
    const link = links.find(({ from, to, readOnly }) => from === fromObject && to === toObject && readOnly !== true);
    if (link === undefined) throw refused(`${fromObject} and ${toObject} have no kind of link that can be written`);
    return link;
  };
  return {
    create: async (object, values) => {
      const schema = schemaOf(object);
      const set = fieldsOf(schema, values);
      return await write([{ action: 'create', schema, key: keyIn(schema, set), set }]);
    },
    update: async (object, key, values) => {
      const schema = schemaOf(object);
      const now = await present(object, key);
      const set = fieldsOf(schema, values);
      const expect = Object.fromEntries(Object.keys(set).map((name) => [name, now[name] ?? null]));
      await write([{ action: 'update', schema, key, set, expect }]);
    },
    remove: async (object, key) => {
      await write([{ action: 'delete', schema: schemaOf(object), key, expect: await present(object, key) }]);
    },
    link: async (fromObject, from, toObject, to) => {
      await write([{ action: 'link', link: between(fromObject, toObject), from, to }]);
    },
    unlink: async (fromObject, from, toObject, to) => {
      await write([{ action: 'unlink', link: between(fromObject, toObject), from, to }]);
    },
  };
}

/** The key that the values of a record make; empty where the platform gives the key. */
function keyIn({ keyFields }: ObjectSchema, set: Fields): string {
  const parts = keyFields.map((name) => textOf(set[name] ?? ''));
  return parts.length > 1 ? canonicalJson(parts) : (parts[0] ?? '');
}

function applied(result: MutationResult | undefined): string {
  if (result?.status === 'applied') return result.key;
  throw refused(result === undefined || !('message' in result) ? 'The record was not as it was read just before.' : result.message);
}

const refused = (why: string): RunbackError =>
  new RunbackError('platform-rejected', 'The stage refused a write that the drill needs', {
    why,
    state: 'The drill ends here, and its stage is cleaned up.',
  });
