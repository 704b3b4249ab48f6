import { wholeId } from '../../../records/index.js';

export { wholeId };

/** The same of whatever an answer holds in the place of an id. */
export function idIn(value: unknown): string | undefined {
  return typeof value === 'string' ? wholeId(value) : undefined;
}

/** The first three characters of an id say of which object it is. */
export function prefixOf(id: string): string {
  return id.slice(0, 3);
}
