import type { Submission } from './facts.js';

/**
 * The submissions of a run: `count` of them, `twice` among them the second ones of people who submit twice, right after
 * their first. `mark` is what only this run has; every address and nonce begins with it, and no two are the same.
 */
export function submissionsOf(
  { count, twice, domain }: { readonly count: number; readonly twice: number; readonly domain: string },
  mark: string,
): readonly Submission[] {
  const people = count - twice;
  const width = String(count).length;
  const name = (n: number): string => `${mark}-${String(n).padStart(width, '0')}`;
  const all: Submission[] = [];
  // Spread evenly, so that it is not only the first ones who submit twice.
  for (let person = 0; person < people; person += 1) {
    const times = Math.floor(((person + 1) * twice) / people) - Math.floor((person * twice) / people);
    for (let time = 0; time <= times; time += 1) all.push({ n: all.length, person: `${name(person)}@${domain}`, nonce: `${name(all.length)}x` });
  }
  return all;
}
