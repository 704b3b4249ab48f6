/** Ends a switch over every case: the compiler proves that nothing comes here. */
export function exhausted(value: never): never {
  throw new TypeError(`unforeseen: ${JSON.stringify(value)}`);
}
