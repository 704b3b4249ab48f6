import type { LinkType } from '../state/link-types.js';
import type { ObjectType } from '../state/object-type.js';
import type { ApiContext } from './route.js';

interface Joined {
  readonly to: readonly { readonly toObjectId: number; readonly associationTypes: readonly unknown[] }[];
  readonly paging?: { readonly next: { readonly after: string } };
}

/** What a record is linked to, one page of it. The cursor is the last id of the page before. */
export function presentJoined(context: ApiContext, from: ObjectType, to: ObjectType, id: string, after: string | undefined, limit: number): Joined {
  const answered: { toObjectId: number; associationTypes: unknown[] }[] = [];
  let waiting = after !== undefined;
  for (const [other, types] of context.portal.links.neighbours(from.name, id, to.name) ?? []) {
    if (waiting) {
      waiting = other !== after;
      continue;
    }
    if (answered.length === limit) return { to: answered, paging: { next: { after: String(answered.at(-1)?.toObjectId ?? '') } } };
    answered.push({ toObjectId: Number(other), associationTypes: [...types].map(({ category, typeId, label }) => ({ category, typeId, label })) });
  }
  return { to: answered };
}

/** A pair that was just linked, with the labels that were asked for. */
export const presentLabels = (
  context: ApiContext,
  from: ObjectType,
  to: ObjectType,
  fromId: string,
  toId: string,
  types: readonly LinkType[],
): unknown => ({
  fromObjectTypeId: from.typeId,
  fromObjectId: Number(context.portal.table(from).find(fromId)?.id ?? fromId),
  toObjectTypeId: to.typeId,
  toObjectId: Number(context.portal.table(to).find(toId)?.id ?? toId),
  labels: types.map(({ label }) => label).filter((label) => label !== null),
});
