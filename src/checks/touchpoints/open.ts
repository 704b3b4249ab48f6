import type { Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined, RunbackError, type SendGuard } from '../../lib/index.js';
import type { Mapping, SideIndex } from '../../mappings/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import type { SecretRef } from '../../workspace/index.js';
import type { TouchpointTest } from '../document/load.js';
import type { StepDocument } from '../document/schema.js';
import { arrivesWithinMs, CHECKS, type CheckNote } from '../ledger.js';
import type { IntakeRequest } from '../load/connection.js';
import type { TestedSides } from './facts.js';

/** What a run works with. */
export interface TouchpointDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  readonly mapping: Mapping;
  /** Opens a platform that may be written to by a test: it is no production. Throws `stage-refused`. */
  readonly openPlatform: (name: string) => Promise<Platform>;
  /** Where something is submitted to. Throws `stage-refused` for what is, or may be, production. */
  readonly guardIntake?: (request: IntakeRequest) => Promise<void>;
  readonly secret?: (ref: SecretRef) => Promise<string>;
  readonly call: CallOptions;
  readonly tell?: (what: string) => void;
}

/** The same under its locks. */
export interface LockedDeps extends TouchpointDeps {
  /** What has to hold where something is submitted; platforms ask for themselves. */
  readonly guard: SendGuard;
}

/** One side, open. */
export interface OpenSide {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
}

/** The side on which records are created. Throws `usage` where a step names none of the two sides, or a deletion whose outcome nobody says. */
export function createdOn({ document: { steps }, file }: TouchpointTest, mapping: Mapping): SideIndex {
  const sides = steps.map((step): SideIndex => {
    const side = mapping.sides.findIndex((each) => each.name === sideOf(step));
    if (side === 0 || side === 1) return side;
    throw new RunbackError('usage', `${file} names ${sideOf(step)}, which is no side of ${mapping.id}`, {
      why: `The sides of ${mapping.id} are ${mapping.sides.map((each) => each.name).join(' and ')}.`,
      state: 'Nothing was written.',
    });
  });
  const from = sides[0] ?? 0;
  for (const [n, step] of steps.entries())
    if ('delete' in step && step.expect === undefined && sides[n] !== from && mapping.onDelete[sides[n] ?? 0] === undefined)
      throw new RunbackError('usage', `${file} deletes on ${step.delete}, and ${mapping.id} does not say what becomes of the others then`, {
        why: `Its records were created on ${mapping.sides[from].name}.`,
        state: 'Nothing was written.',
        next: 'Add expect: deleted, inactive or kept to that step, or on_delete to the mapping.',
      });
  return from;
}

/** The side that a step writes to, by its name. */
export function sideOf(step: StepDocument): string {
  if ('create' in step) return step.create;
  if ('import' in step) return step.import;
  if ('submit' in step) return step.submit;
  if ('activity' in step) return step.activity;
  return 'update' in step ? step.update : step.delete;
}

/** Opens a side. Throws `object-unsupported`, and what opening throws. */
export async function openSide({ sides, id }: Mapping, side: SideIndex, { openPlatform, call }: TouchpointDeps): Promise<OpenSide> {
  const { platform: name, object } = sides[side];
  const platform = await openPlatform(name);
  const { objects } = await platform.connector.describe([object], call);
  const schema = objects.find((each) => each.object === object);
  if (schema === undefined || schema.refused !== undefined)
    throw new RunbackError('object-unsupported', `${name}/${object}, a side of ${id}, cannot be read`, {
      why: schema?.refused ?? `${name} has no ${object}.`,
      state: 'Nothing was written.',
    });
  return { platform, schema };
}

/** Writes down what is about to be created, and where its copies will be. */
export async function keepNote(
  { store, by }: TouchpointDeps,
  {
    id,
    test: { id: test, document },
    mark,
    startedAt,
    people,
    sides,
    tested: { from, marker, nonce },
    belonging,
  }: {
    readonly id: string;
    readonly test: TouchpointTest;
    readonly mark: string;
    readonly startedAt: string;
    readonly people: CheckNote['submissions'];
    readonly sides: readonly [OpenSide, OpenSide];
    readonly tested: TestedSides;
    /** What is made about the records: it goes before them, since nothing else tells whose it is. */
    readonly belonging: readonly CheckNote['places'][number][];
  },
): Promise<void> {
  const place = ({ platform: { name, identity, connector }, schema: { object } }: OpenSide, at: 0 | 1): CheckNote['places'][number] => ({
    platform: name,
    connector: connector.kind,
    account: identity.account,
    object,
    address: marker[at],
    ...defined({ nonce: nonce?.[at] }),
  });
  // The originals go first: a sync would make their copies again.
  const places = [...belonging, place(sides[from], 0), place(sides[from === 0 ? 1 : 0], 1)];
  const note: CheckNote = {
    version: 1,
    id,
    test,
    by,
    startedAt,
    mark,
    submissions: people,
    places,
    arrivesWithinMs: arrivesWithinMs(document.steps),
  };
  await store.document<CheckNote>(CHECKS, id).update(() => note);
}
