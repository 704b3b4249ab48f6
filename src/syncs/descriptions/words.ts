import type { CelType } from '../../lib/index.js';

type Group = Readonly<Record<string, unknown>>;

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Names of a description under one of its keys. Copes with anything. */
export function namesIn(raw: unknown, key: string): readonly string[] {
  return Object.keys(groupAt(raw, key));
}

export function groupAt(value: unknown, name: string): Group {
  const found = isGroup(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isGroup(found) ? found : {};
}

export function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A description is of programs where its status is one. */
export function isOfPrograms(raw: unknown): boolean {
  return Array.isArray(groupAt(raw, 'status')['run']);
}

/** What expressions of a description may read. */
export function variablesOf(raw: unknown): Readonly<Record<string, CelType>> {
  const own: Readonly<Record<string, CelType>> = isOfPrograms(raw) ? { exit: 'int', stdout: 'string', json: 'dyn' } : { status: 'int', body: 'dyn' };
  const typed = (key: string, type: CelType): Record<string, CelType> => Object.fromEntries(namesIn(raw, key).map((name) => [name, type]));
  return { ...typed('settings', 'string'), ...typed('optional', 'string'), ...typed('reads', 'dyn'), ...own };
}
