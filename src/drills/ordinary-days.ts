import { createRandom, type Sandbox } from '../sandbox/index.js';
import type { Cast } from './story.js';

const DAY_MS = 86_400_000;
/** Days that the account has been alive before the story. */
const DAYS = 30;
/** Time between two writes of a night, milliseconds. */
const APART_MS = 200;
/** In so many nights the sync comes to every record once. */
const ROUND = 3;
/** One in so many records has its phone number corrected in a night, and one in so many its given name. */
const RARE = 60;
const NAMES = ['Ana', 'Björn', 'Chloé', 'Dmitri', 'Elif', 'Farid', 'Grace', 'Hanna', 'Ivo', 'Jun', 'Kofi', 'Lena', 'Mateo', 'Noor', 'Olga', 'Priya'];

/**
 * A month in which the sync did what it is there for, back-dated: it keeps the points, and corrects a phone number or a
 * name now and then. Without it nothing could tell its ordinary work from the failure.
 */
export function ordinaryDays(sandbox: Sandbox, { object, fields, sync }: Cast, seed: number): void {
  const random = createRandom(seed);
  const writer = sandbox.writeAs(sync);
  const keys = [...sandbox.truth().records(object)].map(({ key }) => key);
  const now = sandbox.now().getTime();
  for (let day = DAYS; day >= 1; day -= 1) {
    let at = now - day * DAY_MS;
    for (const [i, key] of keys.entries()) {
      if (i % ROUND !== day % ROUND) continue;
      at += APART_MS;
      const values: Record<string, string> = { [fields.points]: String(random.integer(100_000)) };
      if (random.integer(RARE) === 0) values[fields.phone] = `+1 555 01${String(random.integer(90) + 10)}`;
      if (random.integer(RARE) === 0) values[fields.given] = random.pick(NAMES);
      writer.update(object, key, values, at);
    }
  }
}
