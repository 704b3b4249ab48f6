import type { Capabilities, Connector, LineBatch, Platform, PlatformSchema } from '../../src/connectors/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { compareIn, compareKeys, recordLine, type Link, type LinkSchema, type ObjectSchema, type PlatformRecord } from '../../src/records/index.js';

/** What a platform in memory holds. Links by `<from>~<to>~<kind>`. */
export interface MemoryContent {
  readonly objects: Readonly<Record<string, readonly PlatformRecord[]>>;
  readonly links?: Readonly<Record<string, readonly Link[]>>;
  readonly refused?: Readonly<Record<string, string>>;
}

export interface MemoryOptions {
  readonly ordered?: boolean;
  readonly lines?: boolean;
  readonly batch?: number;
  /** Schemas in place of empty ones. */
  readonly schemas?: readonly ObjectSchema[];
  /** Called before each batch, to fail or abort there. */
  readonly beforeBatch?: (object: string, n: number) => void | Promise<void>;
}

export function objectSchema(object: string, more: Partial<ObjectSchema> = {}): ObjectSchema {
  return { object, keyFields: [], fields: [], createWithKey: false, undelete: false, sideEffects: [], ...more };
}

/** A platform whose records stand in memory: the read side of the connector seam, whole. */
export function memoryPlatform(name: string, content: MemoryContent, options: MemoryOptions = {}): Platform {
  const ordered = options.ordered ?? true;
  const links: LinkSchema[] = Object.keys(content.links ?? {}).map((id) => {
    const [from = '', to = '', kind = ''] = id.split('~');
    return { from, to, kind };
  });
  const all: ObjectSchema[] = [
    ...Object.keys(content.objects).map((object) => options.schemas?.find((schema) => schema.object === object) ?? objectSchema(object)),
    ...Object.entries(content.refused ?? {}).map(([object, refused]) => objectSchema(object, { refused })),
  ];
  const recordsOf = (object: string): readonly PlatformRecord[] => {
    const records = content.objects[object] ?? [];
    const order = all.find((schema) => schema.object === object)?.keyOrder ?? 'text';
    return ordered ? [...records].sort((a, b) => compareIn(order, a.key, b.key)) : records;
  };
  async function* batches<T>(object: string, items: readonly T[]): AsyncGenerator<readonly T[]> {
    const size = options.batch ?? 100;
    for (let n = 0; n * size < items.length; n += 1) {
      await options.beforeBatch?.(object, n);
      yield items.slice(n * size, (n + 1) * size);
    }
  }
  const notHere = (): never => {
    throw new RunbackError('platform-rejected', 'a platform in memory is only read');
  };
  const capabilities: Capabilities = {
    consistentRead: true,
    ordered,
    conditionalWrite: false,
    history: 'none',
    batch: { read: 100, history: 100, update: 100, create: 100, delete: 100, undelete: 100, link: 100, unlink: 100 },
    census: true,
  };
  const connector: Connector = {
    kind: 'memory',
    capabilities,
    identify: () => Promise.resolve({ account: 'memory', label: name, environment: 'sandbox', scopes: undefined, address: 'memory' }),
    describe(objects): Promise<PlatformSchema> {
      const unknown = objects?.find((object) => !all.some((schema) => schema.object === object));
      if (unknown !== undefined) return Promise.reject(new RunbackError('object-unsupported', `no object type ${unknown}`));
      const described = all.filter((schema) => !objects || objects.includes(schema.object));
      const names = new Set(described.map(({ object }) => object));
      return Promise.resolve({ objects: described, links: links.filter(({ from, to }) => names.has(from) && names.has(to)) });
    },
    async *read({ schema }) {
      for await (const records of batches(schema.object, recordsOf(schema.object))) yield { records };
    },
    async *readLinks({ link }) {
      const found = content.links?.[`${link.from}~${link.to}~${link.kind}`] ?? [];
      const sorted = ordered ? [...found].sort((a, b) => compareKeys(a.from, b.from) || compareKeys(a.to, b.to)) : found;
      yield* batches(link.kind, sorted);
    },
    write: notHere,
    findCreated: notHere,
    usage: () => ({ requests: 0, retries: 0, limited: 0 }),
    close: () => Promise.resolve(),
  };
  if (options.lines === true)
    connector.readLines = async function* readLines(schema): AsyncGenerator<LineBatch> {
      for await (const records of batches(schema.object, recordsOf(schema.object))) {
        const lines = records.map((record) => Buffer.from(`${recordLine(record)}\n`));
        const ends: number[] = [];
        let end = 0;
        for (const line of lines) ends.push((end += line.length));
        yield { bytes: Buffer.concat(lines), ends };
      }
    };
  return {
    name,
    connector,
    identity: { account: 'memory', label: name, environment: 'sandbox', scopes: undefined, address: 'memory' },
    environment: 'sandbox',
    objects: undefined,
    close: () => Promise.resolve(),
  };
}

/** `count` records with keys that are not in numeric order, and a meta field that changes by itself. */
export function people(count: number, change: (n: number) => Record<string, string | null> = () => ({})): PlatformRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    key: String(1000 + n * 7),
    fields: {
      city: `City ${n % 17}`,
      email: `person.${n}@example.com`,
      phone: n % 3 === 0 ? null : `+1 555 ${String(n).padStart(6, '0')}`,
      ...change(n),
    },
    meta: { modified: `2026-11-22T00:00:${String(n % 60).padStart(2, '0')}Z` },
  }));
}
