/** The value at a path of a description in an answer; undefined where there is none. Only what is its own counts. */
export function valueAt(body: unknown, path: string): unknown {
  if (path === '.') return body;
  let found = body;
  for (const part of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[part];
  }
  return found;
}

/** Puts a value at a path, with the groups that it lies in. */
export function putAt(group: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let here = group;
  for (const part of parts) {
    const inner = Object.hasOwn(here, part) ? here[part] : undefined;
    if (typeof inner === 'object' && inner !== null) here = inner as Record<string, unknown>;
    else {
      const made: Record<string, unknown> = {};
      here[part] = made;
      here = made;
    }
  }
  here[last] = value;
}

/** A text or a number as text; undefined for everything else. */
export function wordAt(body: unknown, path: string | undefined): string | undefined {
  const value = path === undefined ? undefined : valueAt(body, path);
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
