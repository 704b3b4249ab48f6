import { z } from 'zod';

import { read } from '../../kit/control.js';
import { badRequest, tooManyInputs } from '../failure.js';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => (value === null ? '' : String(value)));

/** Property values of a write: scalars become text, null clears. */
export const propertiesInput = z.record(z.string(), scalar);
export const idInput = z.union([z.string(), z.number()]).transform(String);
export const associationTypeInput = z.object({
  associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
  associationTypeId: z.number().int(),
});

/** Reads a body with a schema; throws HubSpot's 400 that names the first thing wrong. */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  return read(schema, body, (why) => badRequest(`Invalid input JSON: ${why}`));
}

/** Reads `{inputs: […]}` of at most `limit` entries. */
export function readInputs<T>(schema: z.ZodType<T>, body: unknown, limit: number): readonly T[] {
  const { inputs } = readBody(z.object({ inputs: z.array(schema) }), body);
  if (inputs.length > limit) throw tooManyInputs(limit, inputs.length);
  return inputs;
}

/** A list of names in a query: repeated, comma-separated, or both. */
export const namesInQuery = (query: URLSearchParams, name: string): readonly string[] =>
  query
    .getAll(name)
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** A whole number in a query within its limits; throws HubSpot's 400. */
export function numberInQuery(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw badRequest(`${name} must be a positive whole number`);
  if (value > most) throw badRequest(`${name} must not be greater than ${most}`);
  return value;
}
