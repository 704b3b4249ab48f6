/** Texts about as long as what fits: one character less, as long, one more. */
export function aroundLength(length: number): readonly [string, string, string] {
  return ['x'.repeat(length - 1), 'x'.repeat(length), 'x'.repeat(length + 1)];
}
