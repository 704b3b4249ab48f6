/** A value by name, never something that every object inherits: a field may be called `constructor` or `__proto__`. */
export function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  const value = values[name];
  // What every object inherits are functions, but for `__proto__`: of nearly all values nothing more has to be asked.
  if (value === undefined || (typeof value !== 'function' && name !== '__proto__')) return value;
  return Object.hasOwn(values, name) ? value : undefined;
}

/** Sets a value by name, also one that is called `__proto__`. */
export function setOwn<T>(values: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
  else values[name] = value;
}

/**
 * Values by names from outside (files, command lines, platforms): it inherits nothing, so that `constructor` is a name
 * like any other.
 */
export function named<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const values = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) values[name] = value;
  return values;
}
