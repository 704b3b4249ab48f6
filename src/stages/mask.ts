import { createHmac, randomBytes } from 'node:crypto';

import { didYouMean, RunbackError } from '../lib/index.js';
import type { Fields, ObjectSchema, Value } from '../records/index.js';

/** Values that stand for others. */
export class Mask {
  readonly #salt = randomBytes(16);
  /** What stands for each text of a field, and the other way round, so that no two texts become one. */
  readonly #given = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(private readonly fields: readonly string[]) {}

  /** What stands for all fields of a record. */
  all(fields: Fields): Fields {
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, this.of(name, value)]));
  }

  /** What stands for a value of a field: itself, where the field is not masked. */
  of(field: string, value: Value): Value {
    if (!this.fields.includes(field) || typeof value !== 'string') return value;
    const known = this.#given.get(`${field}/${value}`);
    if (known !== undefined) return known;
    let made = masked(value, this.#salt, 0);
    for (let turn = 1; this.#taken.has(`${field}/${made}`); turn += 1) made = `${masked(value, this.#salt, turn)}${turn > MOST_TURNS ? turn : ''}`;
    this.#given.set(`${field}/${value}`, made);
    this.#taken.add(`${field}/${made}`);
    return made;
  }
}

/** Short texts have few others of their form: after so many a number is added. */
const MOST_TURNS = 50;

/**
 * An invented text of the same form: letters stay letters, digits digits, case stays. Without the salt nobody can try
 * out which text it was.
 */
function masked(text: string, salt: Buffer, turn: number): string {
  const bytes = createHmac('sha256', salt).update(`${turn}/${text}`).digest();
  const of = (index: number, below: number): number => (bytes[index % bytes.length] ?? 0) % below;
  const letter = (index: number, first: string): string => String.fromCodePoint((first.codePointAt(0) ?? 0) + of(index, 26));
  const changed = Array.from(text, (character, index) => {
    if (/\p{Lu}/u.test(character)) return letter(index, 'A');
    if (/\p{L}/u.test(character)) return letter(index, 'a');
    return /\p{N}/u.test(character) ? String(of(index, 10)) : character;
  }).join('');
  const at = changed.indexOf('@');
  return at > 0 ? `${changed.slice(0, at)}@example.com` : changed;
}

/**
 * Throws `usage` for a field that cannot be masked: a name that is misspelt, or a value that is no text, would leave real
 * values as they are.
 */
export function requireMaskable(mask: readonly string[], schemas: readonly ObjectSchema[]): void {
  const fields = schemas.flatMap((schema) => schema.fields);
  for (const name of mask) {
    const found = fields.filter((field) => field.name === name);
    const state = 'Nothing was put on a stage.';
    if (found.length === 0)
      throw new RunbackError(
        'usage',
        `mask names "${name}", which no object type of the snapshot has${didYouMean(name, [...new Set(fields.map((each) => each.name))])}`,
        {
          why: 'A name that is misspelt would leave real values as they are.',
          state,
        },
      );
    if (found.some(({ type }) => type !== 'string'))
      throw new RunbackError('usage', `${name} cannot be masked`, { why: 'Only texts have others of the same form.', state });
  }
}
