import { RunbackError } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { ParallelDocument } from '../../document/journey.js';
import type { ParallelTest } from '../../document/load.js';
import { CHECKS, type CheckNote } from '../../ledger.js';
import type { TestedSides } from '../../touchpoints/facts.js';
import { type OpenSide, openSide, type TouchpointDeps } from '../../touchpoints/open.js';
import { testedSides } from '../../touchpoints/sides.js';
import type { Field } from './race.js';

/** Both sides of a test of writers, open. */
export interface Arena {
  readonly sides: readonly [OpenSide, OpenSide];
  /** Where the records are made. */
  readonly from: SideIndex;
  readonly tested: TestedSides;
  readonly names: readonly [string, string];
  readonly fields: readonly Field[];
  /** The side of each writer. */
  readonly on: readonly SideIndex[];
}

/** Opens both sides. Throws `usage` where the file names a side or a field that is not there, or one by which records are known. */
export async function openArena({ document: { parallel }, file }: ParallelTest, deps: TouchpointDeps): Promise<Arena> {
  const { mapping } = deps;
  const from = sideNamed(mapping, parallel.create, file);
  const on = parallel.writers.map((writer) => sideNamed(mapping, writer.on, file));
  const sides = [await openSide(mapping, 0, deps), await openSide(mapping, 1, deps)] as const;
  const schemas = [sides[0].schema, sides[1].schema] as const;
  const tested = testedSides(mapping, from, schemas);
  const fields = fieldsOf(mapping, parallel, on, schemas, file);
  const marks = [tested.marker, ...(tested.nonce === undefined ? [] : [tested.nonce])];
  for (const { names } of fields)
    for (const [here, there] of marks)
      if (names[from] === here || names[from === 0 ? 1 : 0] === there)
        throw refused(file, `${here} is written, and by it the records of the test are known`);
  return { sides, from, tested, names: [mapping.sides[0].name, mapping.sides[1].name], fields, on };
}

function sideNamed({ sides, id }: Mapping, name: string, file: string): SideIndex {
  const side = sides.findIndex((each) => each.name === name);
  if (side === 0 || side === 1) return side;
  throw refused(file, `${name} is no side of ${id}, whose sides are ${sides.map((each) => each.name).join(' and ')}`);
}

/** Every field that a writer writes, with its counterpart. */
function fieldsOf(
  mapping: Mapping,
  { writers }: ParallelDocument,
  on: readonly SideIndex[],
  schemas: readonly [ObjectSchema, ObjectSchema],
  file: string,
): readonly Field[] {
  const found = new Map<string, Field>();
  const schemaOf = (side: SideIndex, name: string): Field['schemas'][0] => schemas[side].fields.find((field) => field.name === name);
  for (const [n, writer] of writers.entries()) {
    const side = on[n] ?? 0;
    for (const name of new Set(writer.writes.flatMap((set) => Object.keys(set)))) {
      const schema = schemaOf(side, name);
      if (schema === undefined || schema.readOnly) throw refused(file, `${writer.on}.${name} is ${schema === undefined ? 'not there' : 'read-only'}`);
      const mapped = mapping.fields.find(({ names }) => names[side] === name);
      const id = mapped === undefined ? `${side}.${name}` : mapped.names.join(' ↔ ');
      if (found.has(id)) continue;
      if (mapped === undefined) {
        const alone = side === 0 ? ([name, undefined] as const) : ([undefined, name] as const);
        found.set(id, { id, rule: { kind: 'alone', side }, names: alone, schemas: side === 0 ? [schema, undefined] : [undefined, schema] });
      } else
        found.set(id, { id, rule: mapped.flow, names: mapped.names, schemas: [schemaOf(0, mapped.names[0]), schemaOf(1, mapped.names[1])], mapped });
    }
  }
  return [...found.values()];
}

function refused(file: string, what: string): RunbackError {
  return new RunbackError('usage', `${file}: ${what}`, { state: 'Nothing was written.' });
}

/** Writes down what is about to be made, and where its copies will be: the originals first. */
export async function keepRaceNote(
  { store, by }: TouchpointDeps,
  { sides, from, tested: { marker, nonce } }: Arena,
  note: Pick<CheckNote, 'id' | 'test' | 'startedAt' | 'mark' | 'submissions' | 'arrivesWithinMs'>,
): Promise<void> {
  const places = ([from, from === 0 ? 1 : 0] as const).map((side, at) => {
    const { platform, schema } = sides[side];
    const mark = nonce?.[at];
    return {
      platform: platform.name,
      connector: platform.connector.kind,
      account: platform.identity.account,
      object: schema.object,
      address: marker[at] ?? marker[0],
      ...(mark === undefined ? {} : { nonce: mark }),
    };
  });
  await store.document<CheckNote>(CHECKS, note.id).update(() => ({ version: 1, by, ...note, places }));
}
