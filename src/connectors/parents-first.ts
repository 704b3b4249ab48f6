import type { LinkSchema } from '../records/index.js';

/** Object types, those that others refer to first; what goes round in a circle stays in its order. */
export function parentsFirst(objects: readonly string[], links: readonly LinkSchema[]): readonly string[] {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (object: string): void => {
    if (done.has(object) || open.has(object)) return;
    open.add(object);
    for (const link of links) if (link.from === object && objects.includes(link.to)) visit(link.to);
    done.add(object);
  };
  for (const object of objects) visit(object);
  return [...done];
}
