import type { Lack } from '../../connector.js';

/** Object types that have a scope of their own. */
const SCOPED: ReadonlySet<string> = new Set(['contacts', 'companies', 'deals']);

/** What a token may not do with object types, by its scopes. Those that are not known by their scope are left out. */
export function lacksOf(objects: readonly string[], scopes: readonly string[]): readonly Lack[] {
  return objects.flatMap((object): Lack[] => {
    const [read, write] = scopesOf(object);
    if (read === undefined || write === undefined) return [];
    const why = (scope: string): string => `the token lacks the scope ${scope}`;
    return [
      ...(scopes.includes(read) ? [] : [{ object, may: 'read', why: why(read) } as const]),
      ...(scopes.includes(write) ? [] : (['update', 'create', 'delete'] as const).map((may) => ({ object, may, why: why(write) }))),
    ];
  });
}

function scopesOf(object: string): readonly [read?: string, write?: string] {
  if (object === 'tickets') return ['tickets', 'tickets'];
  const name = SCOPED.has(object) ? object : /^(?:2-\d+|p\d*_\w+)$/u.test(object) ? 'custom' : undefined;
  return name === undefined ? [] : [`crm.objects.${name}.read`, `crm.objects.${name}.write`];
}
