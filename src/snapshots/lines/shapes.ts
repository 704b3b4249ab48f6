import { z } from 'zod';

import { nestedDeeper } from '../../lib/index.js';
import type { LinkSchema, ObjectSchema } from '../../records/index.js';

/**
 * What JSON entries of a snapshot may look like. Digests only prove that bytes are those that were written, not who
 * wrote them.
 */

/** Why an entry of a schema that holds something else is damaged. */
export const NO_SCHEMA = 'it does not describe what its name says';

/** Deeper than anything a platform gives. */
export const MOST_NESTED = 500;

const texts = z.array(z.string());
const field = z.looseObject({
  name: z.string(),
  label: z.string().exactOptional(),
  type: z.string(),
  platformType: z.string(),
  readOnly: z.boolean(),
  options: texts.exactOptional(),
  optedOut: z.array(z.unknown()).exactOptional(),
  setsAlso: texts.exactOptional(),
  group: z.string().exactOptional(),
  byHand: z.string().exactOptional(),
  viaLink: z.string().exactOptional(),
});
const object = z.looseObject({
  object: z.string(),
  label: z.string().exactOptional(),
  keyFields: texts,
  keyOrder: z.literal('integer').exactOptional(),
  fields: z.array(field),
  unique: z.array(z.looseObject({ fields: texts, when: texts.exactOptional() })).exactOptional(),
  createWithKey: z.boolean(),
  undelete: z.boolean(),
  sideEffects: texts,
  lostOnCreate: z.looseObject({ always: texts, fields: z.array(z.looseObject({ field: z.string(), what: z.string() })) }).exactOptional(),
});
const link = z.looseObject({
  kind: z.string(),
  from: z.string(),
  to: z.string(),
  viaFields: texts.exactOptional(),
  refersTo: texts.exactOptional(),
});
const platform = z.looseObject({ objects: texts, links: z.array(link) });

/** The order of object types and the kinds of link of one platform, as its entry holds them. */
export interface PlatformEntry {
  readonly objects: readonly string[];
  readonly links: readonly LinkSchema[];
}

/** JSON that may be anything as a value; undefined where it is none, or nests without bound. */
export function boundedJson(bytes: Buffer): unknown {
  if (nestedDeeper(bytes, MOST_NESTED)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** An object type out of its schema entry; undefined where the entry describes none. */
export function objectSchemaIn(bytes: Buffer): ObjectSchema | undefined {
  const value = boundedJson(bytes);
  return object.safeParse(value).success ? (value as ObjectSchema) : undefined;
}

/** Object types and kinds of link out of the entry of a platform; undefined where the entry tells none. */
export function platformIn(bytes: Buffer): PlatformEntry | undefined {
  const value = boundedJson(bytes);
  return platform.safeParse(value).success ? (value as PlatformEntry) : undefined;
}
