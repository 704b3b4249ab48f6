import { RunbackError } from '../../lib/index.js';
import type { Fields, FieldSchema, ObjectSchema, Value } from '../../records/index.js';
import type { StepDocument } from '../document/schema.js';
import type { TestedField, TestedSides } from './facts.js';
import { candidatesOf } from './values.js';

type Update = Extract<StepDocument, { update: string }>;

/** Throws `usage` where a step would write to a field that is not there, that cannot be written, or by which the records are known. */
export function refuseUnwritable({ set }: Update, sides: TestedSides, names: readonly [string, string]): void {
  const { marker, nonce } = sides;
  for (const [name, value] of Object.entries(set)) {
    const field = fieldIn(sides.schemas[sides.from], name);
    const why =
      name === marker[0] || name === nonce?.[0]
        ? 'By that field the records of the test are known.'
        : field === undefined
          ? 'There is no field of that name.'
          : field.readOnly
            ? 'The platform does not let it be written.'
            : isEach(value) && mappedField(sides, name) === undefined
              ? 'It is not mapped, so that which values fit both sides is not known.'
              : undefined;
    if (why !== undefined)
      throw new RunbackError('usage', `A test cannot change ${names[0]}.${name}`, {
        why,
        state: 'Nothing was written.',
        next: 'Take it out of the test.',
      });
  }
}

/** What a record is given by a step: one option or edge after the other, or a value of the file. */
export function setFor({ set }: Update, sides: TestedSides, n: number): Fields {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]): [string, Value] => {
      if (!isEach(value)) return [name, value];
      const mapped = mappedField(sides, name);
      const fit = mapped === undefined ? [] : candidatesOf(mapped, sides.from, true);
      return [name, fit[n % Math.max(1, fit.length)] ?? null];
    }),
  );
}

const isEach = (value: unknown): boolean => value === 'each-option' || value === 'each-edge';

function mappedField({ fields, held, from }: TestedSides, name: string): TestedField | undefined {
  return [...fields, ...held].find(({ field: { names } }) => names[from] === name);
}

const fieldIn = ({ fields }: ObjectSchema, name: string): FieldSchema | undefined => fields.find((field) => field.name === name);
