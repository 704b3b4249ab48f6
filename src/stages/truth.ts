import type { Sandbox, SandboxLink, TrueValues } from '../sandbox/index.js';
import type { StagedAccount } from './account.js';

/** Everything a person could have written in an account, kept from one moment. */
export interface KeptTruth {
  /** `<object>/<key>` to values. */
  readonly records: Map<string, Record<string, string>>;
  /** Names as {@link linkName} makes them, each pair and kind once. */
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

/** Name of a link in {@link KeptTruth}. */
export function linkName({ kind, fromObject, from, toObject, to }: SandboxLink): string {
  return `${fromObject}/${from} ${kind} ${toObject}/${to}`;
}

/** Keeps the records and links of some object types. */
export function keepTruth(sandbox: Sandbox, objects: readonly string[]): KeptTruth {
  const truth = sandbox.truth();
  const records = new Map<string, Record<string, string>>();
  for (const object of objects) for (const { key, values } of truth.records(object)) records.set(`${object}/${key}`, { ...values });
  const links = new Set<string>();
  for (const link of truth.links()) if (objects.includes(link.fromObject) && objects.includes(link.toObject)) links.add(linkName(link));
  return { records, links };
}

/** Compares what is there with what should be there. */
export function scoreTruth(request: {
  readonly expected: KeptTruth;
  readonly actual: KeptTruth;
  /** Cells (`<object>/<key>/<field>`), links and records (`<object>/<key>`) that the failure touched. */
  readonly damaged: ReadonlySet<string>;
  /** The same for what somebody changed for a reason. */
  readonly legitimate: ReadonlySet<string>;
}): Score {
  const { expected, actual, damaged, legitimate } = request;
  let [damagedLeft, innocentChanged, legitimateLost, cells] = [0, 0, 0, 0];
  const examples: string[] = [];
  const wrong = (name: string, is: string | undefined, should: string | undefined): void => {
    // What belongs to a record that was deleted, or should not be there, is part of that damage.
    if (damaged.has(name) || damaged.has(recordOf(name))) damagedLeft += 1;
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
    cells += compareCells(id, should, is, wrong);
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

/** `<object>/<key>` of a cell `<object>/<key>/<field>`; what is no cell stays. */
function recordOf(name: string): string {
  return name.split('/', 2).join('/');
}

/** Tells of each field of a record that differs; gives how many there are in all. */
function compareCells(
  id: string,
  should: TrueValues,
  is: TrueValues,
  wrong: (name: string, is: string | undefined, should: string | undefined) => void,
): number {
  const names = new Set([...Object.keys(should), ...Object.keys(is)]);
  for (const name of names) if (should[name] !== is[name]) wrong(`${id}/${name}`, is[name], should[name]);
  return names.size;
}

/** Keeps the records and links of a whole stage. */
export async function keepStage(account: StagedAccount): Promise<KeptTruth> {
  const records = new Map<string, Record<string, string>>();
  for (const object of account.objects) for (const { key, values } of await account.records(object)) records.set(`${object}/${key}`, { ...values });
  return { records, links: new Set((await account.links()).map(linkName)) };
}

/** Names of the cells, links and records that differ between two truths. */
export function differencesOf(before: KeptTruth, after: KeptTruth): ReadonlySet<string> {
  const names = new Set<string>();
  for (const id of new Set([...before.records.keys(), ...after.records.keys()])) {
    const [was, is] = [before.records.get(id), after.records.get(id)];
    if (was === undefined || is === undefined) names.add(id);
    else compareCells(id, was, is, (name) => names.add(name));
  }
  for (const link of new Set([...before.links, ...after.links])) if (before.links.has(link) !== after.links.has(link)) names.add(link);
  return names;
}
