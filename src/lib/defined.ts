/** The members that have a value, for exact optional properties: `{ ...rest, ...defined({ note, until }) }`. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const left: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const name of Object.keys(members) as (keyof T)[]) {
    const value = members[name];
    if (value !== undefined) left[name] = value as Exclude<T[keyof T], undefined>;
  }
  return left;
}
