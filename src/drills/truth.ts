import type { HubSpotSandbox } from '../sandbox/index.js';

/** Everything a person could have written in an account, read from the sandbox itself and not through its API. */
export interface Truth {
  /** `<object>/<id>` to property values. */
  readonly records: Map<string, Record<string, string>>;
  /** Names as {@link linkName} makes them, each pair once. */
  readonly links: Set<string>;
}

/** What a rehearsal proved, cell by cell. A link or a superfluous record counts as one cell. */
export interface Score {
  readonly damagedCells: number;
  readonly damagedLeft: number;
  readonly innocentCells: number;
  readonly innocentChanged: number;
  readonly legitimateEdits: number;
  readonly legitimateLost: number;
  /** The first few of whatever is not as it should be. */
  readonly examples: readonly string[];
}

/** Name of a link in {@link Truth}. */
export function linkName(fromObject: string, from: string, typeId: number, toObject: string, to: string): string {
  return `${fromObject}/${from} ${typeId} ${toObject}/${to}`;
}

/** Reads the writable values and the links of some object types. */
export function readTruth(sandbox: HubSpotSandbox, objects: readonly string[]): Truth {
  const records = new Map<string, Record<string, string>>();
  for (const object of objects) {
    const type = sandbox.portal.types.get(object);
    const writable = [...type.properties.values()].filter((property) => !property.readOnlyValue).map((property) => property.name);
    for (const record of sandbox.portal.table(type).from(undefined, false)) {
      const values: Record<string, string> = {};
      for (const name of writable) {
        const value = record.values[name];
        if (value !== undefined) values[name] = value;
      }
      records.set(`${object}/${record.id}`, values);
    }
  }
  const links = new Set<string>();
  for (const { type, from, to } of sandbox.portal.links.everything())
    if (type.from <= type.to && objects.includes(type.from) && objects.includes(type.to))
      links.add(linkName(type.from, from, type.typeId, type.to, to));
  return { records, links };
}

/** Compares what is there with what should be there. */
export function scoreTruth(request: {
  readonly expected: Truth;
  readonly actual: Truth;
  /** Cells (`<object>/<id>/<property>`), links and records (`<object>/<id>`) that the failure touched. */
  readonly damaged: ReadonlySet<string>;
  /** The same for what somebody changed for a reason. */
  readonly legitimate: ReadonlySet<string>;
}): Score {
  const { expected, actual, damaged, legitimate } = request;
  let [damagedLeft, innocentChanged, legitimateLost, cells] = [0, 0, 0, 0];
  const examples: string[] = [];
  const wrong = (name: string, is: string | undefined, should: string | undefined): void => {
    if (damaged.has(name)) damagedLeft += 1;
    else if (legitimate.has(name)) legitimateLost += 1;
    else innocentChanged += 1;
    if (examples.length < 10) examples.push(`${name}: is ${JSON.stringify(is ?? null)}, should be ${JSON.stringify(should ?? null)}`);
  };
  for (const id of new Set([...expected.records.keys(), ...actual.records.keys()])) {
    const [should, is] = [expected.records.get(id), actual.records.get(id)];
    if (should === undefined || is === undefined) {
      wrong(id, is && 'there', should && 'there');
      continue;
    }
    for (const name of new Set([...Object.keys(should), ...Object.keys(is)])) {
      cells += 1;
      if (should[name] !== is[name]) wrong(`${id}/${name}`, is[name], should[name]);
    }
  }
  for (const link of new Set([...expected.links, ...actual.links])) {
    cells += 1;
    const [should, is] = [expected.links.has(link), actual.links.has(link)];
    if (should !== is) wrong(link, is ? 'there' : undefined, should ? 'there' : undefined);
  }
  return {
    damagedCells: damaged.size,
    damagedLeft,
    innocentCells: cells - damaged.size - legitimate.size,
    innocentChanged,
    legitimateEdits: legitimate.size,
    legitimateLost,
    examples,
  };
}
