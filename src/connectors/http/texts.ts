/** A surrogate without its other half. */
const BROKEN = /\p{Surrogate}/u;

/** Whether a text cannot be said in UTF-8, and so not in JSON either: something else would arrive. */
export function isBroken(text: string): boolean {
  return BROKEN.test(text);
}
