import type { Fault } from '../../../../src/drills/faults/fault.js';
import { FAULTS } from '../../../../src/drills/faults/registry.js';
import { systemClock } from '../../../../src/lib/index.js';
import type { FieldSchema } from '../../../../src/records/index.js';
import { createRandom, type TrueValues, type Who, type WrittenValues } from '../../../../src/sandbox/index.js';
import {
  differencesOf,
  keepStage,
  startLocalStage,
  type KeptTruth,
  type Stage,
  type StagedAccount,
  type StagedLink,
} from '../../../../src/stages/index.js';
import { folderFor } from '../../support/deps.js';

const BY: Who = { kind: 'integration', id: '48621' };
const AUTOMATION: Who = { kind: 'integration', id: '7' };

/** What a fault did. */
export interface Struck {
  readonly before: KeptTruth;
  readonly after: KeptTruth;
  readonly names: readonly string[];
  /** Fields of the cells that changed, each once. */
  readonly fields: readonly string[];
  readonly error?: unknown;
}

export function faultOf(kind: string): Fault {
  const found = FAULTS.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`no fault ${kind}`);
  return found;
}

/** Strikes an account, and compares what it holds before and after. */
export async function strike(account: StagedAccount, kind: string, parameters: object, seed = 5): Promise<Struck> {
  const fault = faultOf(kind);
  const before = await keepStage(account);
  let error: unknown;
  try {
    const innocent = async (object: string, key: string, values: WrittenValues): Promise<void> =>
      await account.as(AUTOMATION).update(object, key, values);
    const pause = async (): Promise<void> => await Promise.resolve();
    await fault.strike({ account, random: createRandom(seed), by: BY, pause, innocent }, fault.parameters.parse(parameters));
  } catch (thrown) {
    error = thrown;
  }
  const after = await keepStage(account);
  const names = [...differencesOf(before, after)];
  const fields = [...new Set(names.filter((name) => !name.includes(' ')).map((name) => name.split('/')[2] ?? ''))].sort();
  return { before, after, names, fields, error };
}

/** Lets a test have a HubSpot sandbox of its own. */
export async function onHubSpot<T>(use: (account: StagedAccount, stage: Stage) => Promise<T>): Promise<T> {
  const folder = await folderFor('fault');
  const stage = await startLocalStage(folder, { platform: 'hubspot', records: 120, seed: 7, runbooks: [] }, systemClock, {});
  try {
    return await use(stage.account, stage);
  } finally {
    await stage.stop();
  }
}

const OPTIONS = ['first', 'second', 'third', 'THIRD'];
const FIELDS: readonly FieldSchema[] = [
  ...['name', 'town', 'note', 'owner', 'sum', 'day'].map((name): FieldSchema => ({ name, type: 'string', platformType: 'text', readOnly: false })),
  { name: 'code', type: 'string', platformType: 'text', readOnly: false, unique: true },
  { name: 'step', type: 'enum', platformType: 'choice', readOnly: false, options: OPTIONS },
  { name: 'likes', type: 'set', platformType: 'choices', readOnly: false, options: ['tea', 'milk', 'green tea'] },
  { name: 'out', type: 'boolean', platformType: 'flag', readOnly: true, optedOut: [true, 'true'] },
];

/** An account in memory that is of no vendor: twenty people, each of a group. */
export function memoryAccount(): StagedAccount {
  const tables = new Map<string, Map<string, Record<string, string>>>([
    ['group', new Map([1, 2, 3].map((n) => [`g${n}`, { name: `Group ${n}` }]))],
    ['person', new Map(Array.from({ length: 20 }, (_, n) => [`p${n}`, person(n)]))],
  ]);
  let links: StagedLink[] = Array.from({ length: 20 }, (_, n) => linkOf('person', `p${n}`, 'group', `g${(n % 3) + 1}`));
  let made = 0;
  let fields = FIELDS;
  const table = (object: string): Map<string, Record<string, string>> => tables.get(object) ?? new Map<string, Record<string, string>>();
  const put = (object: string, key: string, values: WrittenValues): void => {
    const taken = values['code'];
    if (taken && [...table(object)].some(([other, held]) => other !== key && held['code'] === taken)) throw new Error('code is taken');
    const next: Record<string, string> = { ...table(object).get(key) };
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === '') delete next[name];
      else next[name] = value;
    }
    table(object).set(key, next);
  };
  const gone = (object: string, key: string): void => {
    table(object).delete(key);
    links = links.filter((link) => link.from !== key && link.to !== key);
  };
  return {
    objects: ['group', 'person'],
    fields: () => fields,
    setOptions: async (_, field, options) => {
      fields = fields.map((each) => (each.name === field ? { ...each, options } : each));
      await Promise.resolve();
    },
    record: async (object, key): Promise<TrueValues | undefined> => await Promise.resolve(table(object).get(key)),
    records: async (object) => await Promise.resolve([...table(object)].map(([key, values]) => ({ key, values }))),
    links: async () => await Promise.resolve(links),
    as: () => ({
      create: async (object, values) => {
        made += 1;
        put(object, `n${made}`, values);
        return await Promise.resolve(`n${made}`);
      },
      update: async (object, key, values) => await Promise.resolve(put(object, key, values)),
      remove: async (object, key) => await Promise.resolve(gone(object, key)),
      link: async (fromObject, from, toObject, to) => {
        links = [...links, linkOf(fromObject, from, toObject, to)];
        await Promise.resolve();
      },
      unlink: async (fromObject, from, toObject, to) => {
        links = links.filter((link) => !(link.from === from && link.to === to) && !(link.from === to && link.to === from));
        await Promise.resolve([fromObject, toObject]);
      },
      merge: async (object, key) => await Promise.resolve(gone(object, key)),
    }),
  };
}

const linkOf = (fromObject: string, from: string, toObject: string, to: string): StagedLink => ({ kind: 'in', fromObject, from, toObject, to });

function person(n: number): Record<string, string> {
  const values = {
    name: `Zoë Müller ${n}`,
    town: `Köln ${n}`,
    owner: n < 8 ? 'lee' : 'kim',
    sum: `${n + 1}.5`,
    day: `2026-0${(n % 9) + 1}-${10 + (n % 3)}`,
  };
  const likes = ['tea', 'milk;tea', 'green tea;milk', 'milk', 'milk;tea;wine'][n % 5] ?? '';
  return { ...values, likes, code: `c${n}`, step: n % 2 ? 'second' : 'third', out: String(n % 2 === 0) };
}
