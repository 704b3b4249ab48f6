import { type FieldError, invalidFields } from '../failure.js';

/** What a field of a body has to be. */
export type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array' | readonly string[];
export type Body = Readonly<Record<string, unknown>>;

const nameOf = (value: unknown): string => {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

/** Reads a body by its schema; throws with everything that is wrong. What the schema does not name is passed over. */
export function checkedBody(body: unknown, schema: Readonly<Record<string, Kind>>, required: readonly string[] = []): Body {
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw invalidFields([{ field: '', message: `Schema describes object, ${nameOf(given)} found instead` }]);
  const errors = wrongIn(given as Body, schema, required);
  if (errors.length > 0) throw invalidFields(errors);
  return given as Body;
}

/** What is wrong with a body, and where. */
export function wrongIn(body: Body, schema: Readonly<Record<string, Kind>>, required: readonly string[] = [], at = ''): readonly FieldError[] {
  const errors: FieldError[] = [];
  const missing = required.filter((name) => body[name] === undefined);
  if (missing.length > 0) errors.push({ field: at.replace(/\.$/, ''), message: `Required fields were not provided: ${missing.join(', ')}` });
  for (const [name, kind] of Object.entries(schema)) {
    const value = body[name];
    if (value === undefined) continue;
    const message = wrong(value, kind);
    if (message !== undefined) errors.push({ field: `${at}${name}`, message });
  }
  return errors;
}

function wrong(value: unknown, kind: Kind): string | undefined {
  if (typeof kind !== 'string')
    return typeof value === 'string' && kind.includes(value) ? undefined : `Data presented is not one of the accepted values: ${kind.join(', ')}`;
  const found = nameOf(value);
  const fits = found === kind || (kind === 'number' && found === 'integer');
  return fits ? undefined : `Schema describes ${kind}, ${found} found instead`;
}

export const textIn = (body: Body, name: string): string => (typeof body[name] === 'string' ? body[name] : '');
