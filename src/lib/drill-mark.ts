/** Stands before whatever is part of a drill: titles of incidents, subjects of pages. */
export const DRILL_MARK = 'DRILL: ';
/** The first sentence of every page of a drill. */
export const DRILL_TEXT = 'This is a drill. No real data is affected.';

/** The title of an incident as people see it: that of a drill says so. */
export function titleOf({ title, drill }: { readonly title: string; readonly drill?: string }): string {
  return drill === undefined ? title : `${DRILL_MARK}${title}`;
}
