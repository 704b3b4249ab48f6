import { isRunbackError, type CallOptions, type RunbackError } from '../lib/index.js';
import type { Connector, DescribeOptions, PlatformSchema } from './connector.js';

/** What a platform describes of object types, and which of them it does not have or does not show. */
interface Described {
  readonly schema: PlatformSchema;
  readonly missing: readonly MissingObject[];
}

/** An object type that the platform does not have, cannot handle (`object-unsupported`), or does not show (`scope-missing`). */
interface MissingObject {
  readonly object: string;
  readonly why: string;
  readonly code: RunbackError['code'];
}

/**
 * Describes object types of which some may be gone, misspelt, or not for these credentials: one such costs itself, not
 * the others. Throws what `describe` throws where none of them is left, and everything that is not about one object
 * type.
 */
export async function describeThere(connector: Connector, objects: readonly string[] | undefined, options: DescribeOptions): Promise<Described> {
  try {
    return { schema: await connector.describe(objects, options), missing: [] };
  } catch (error) {
    if (objects === undefined || objects.length < 2 || !isAboutOne(error)) throw error;
    const there: string[] = [];
    const missing: MissingObject[] = [];
    for (const object of objects) {
      const refused = await refusal(connector, object, options);
      if (refused === undefined) there.push(object);
      else missing.push({ object, ...refused });
    }
    if (there.length === 0) throw error;
    return { schema: await connector.describe(there, options), missing };
  }
}

/** Why one object type cannot be described; undefined where it can. */
async function refusal(connector: Connector, object: string, options: CallOptions): Promise<Omit<MissingObject, 'object'> | undefined> {
  try {
    await connector.describe([object], options);
    return undefined;
  } catch (error) {
    if (!isAboutOne(error)) throw error;
    return { why: inWords(error), code: error.code };
  }
}

/** What happened and why, as sentences after each other. */
export function inWords({ message, why }: RunbackError): string {
  return why === undefined ? message : `${message}${/[.?!]$/u.test(message) ? '' : '.'} ${why}`;
}

function isAboutOne(error: unknown): error is RunbackError {
  return isRunbackError(error, 'object-unsupported') || isRunbackError(error, 'scope-missing');
}
