import { SECRET_REF } from '../../workspace/index.js';

/**
 * The names whose text, as it stands in the file, is a reference to a secret. Decided here and nowhere later: a value
 * that is put in by an expression is a value, also where it looks like a reference. So a text that has an expression in
 * it is none.
 */
export function referencesIn(texts: Readonly<Record<string, unknown>> = {}): ReadonlySet<string> {
  return new Set(Object.entries(texts).flatMap(([name, text]) => (typeof text === 'string' && isReference(text) ? [name] : [])));
}

const isReference = (text: string): boolean => SECRET_REF.test(text) && !text.includes('${{');
