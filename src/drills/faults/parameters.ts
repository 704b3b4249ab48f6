import { z } from 'zod';

import { RunbackError, suggest } from '../../lib/index.js';
import type { FieldSchema } from '../../records/index.js';
import type { StagedRecord } from '../../stages/index.js';
import type { FaultStage } from './fault.js';

/** Parameters that more than one fault has. */
export const object = z.string().min(1).describe('The object type, as the platform names it.');
export const field = z.string().min(1).describe('The field, as the platform names it.');
export const share = z.number().gt(0).max(1).describe('How many of the records, from 0 to 1.');
export const records = z.int().positive().describe('How many records.');

/** How many records are hit: a share, or a number; 5 % unless said. */
export const howMany = { share: share.exactOptional(), records: records.exactOptional() };

/** {@link howMany} as it is read. */
export interface HowMany {
  readonly share?: number;
  readonly records?: number;
}

/** Throws that this fault cannot take effect on this stage. */
export function impossible(why: string): never {
  throw new RunbackError('fault-impossible', 'The fault cannot be staged here', {
    why,
    state: 'Nothing was damaged, and nothing was proved.',
    next: 'Change the fault of the drill, or its stage.',
  });
}

/** A field of the stage. Throws `fault-impossible` with the nearest name. */
export function fieldOf(stage: FaultStage, objectName: string, name: string): FieldSchema {
  requireObject(stage, objectName);
  // Who breaks an account is not bound to its API: consent is read-only there, and yet it is lost.
  const fields = stage.account.fields(objectName).filter(({ readOnly, optedOut }) => !readOnly || optedOut !== undefined);
  const found = fields.find((each) => each.name === name);
  if (found !== undefined) return found;
  const near = suggest(
    name,
    fields.map((each) => each.name),
  );
  return impossible(`${objectName} have no field "${name}" that can be written${near === undefined ? '' : `. Did you mean ${near}?`}`);
}

/** Throws `fault-impossible` where the stage has no such object type. */
export function requireObject({ account }: FaultStage, objectName: string): void {
  if (!account.objects.includes(objectName)) impossible(`There are no ${objectName} here, only ${account.objects.join(', ')}.`);
}

/**
 * Takes records by chance, of those that fit: as many as the share of all records, or the number, says, and at least
 * one. Throws `fault-impossible` where too few fit.
 */
export async function take(
  { account, random }: FaultStage,
  objectName: string,
  { share: part = 0.05, records: number }: HowMany,
  fits: (record: StagedRecord) => boolean = () => true,
): Promise<readonly StagedRecord[]> {
  const all = await account.records(objectName);
  const wanted = number ?? Math.max(1, Math.round(all.length * part));
  const fitting = random.shuffle(all.filter(fits));
  if (fitting.length < wanted && number !== undefined)
    impossible(`Only ${fitting.length} of the ${objectName} can be damaged this way, not ${wanted}.`);
  if (fitting.length === 0) impossible(`None of the ${objectName} can be damaged this way.`);
  return fitting.slice(0, wanted);
}
