import type { KeptTruth, Score } from '../../stages/index.js';
import { scoreTruth } from '../../stages/index.js';
import { type Field, firmsOf, named, peopleOf, type Side, truthOf } from './people.js';

/** What the sync did to both sides, for people to read. */
export interface LoopDone {
  /** People whose values it wrote over, on both sides. */
  readonly overwritten: number;
  /** Newer values among them, which people had written since the last backup. */
  readonly newer: number;
  /** Times that it went round. */
  readonly rounds: number;
  /** People that it tied to another firm, on both sides. */
  readonly moved: number;
  /** People that it deleted, on either side. */
  readonly deleted: number;
}

/** A person as both sides should have it. */
interface Person {
  readonly values: Record<Field, string>;
  readonly firm: string;
  /** What one side has of its own, by its name. */
  readonly own: Map<string, Partial<Record<Field, string>>>;
}

/** Times that the sync goes round. */
const ROUNDS = 3;
/** Time that passes between two things that happen, in milliseconds: Salesforce tells times in whole seconds. */
const APART_MS = 3000;
const DAY_MS = 86_400_000;
/** Days that the accounts have been alive before the story. */
const DAYS = 30;
/** In so many days the sync comes to every person once. */
const ROUND = 7;

/**
 * A sync between two platforms that goes round in a loop: it takes what the other side held before for newer, so that it
 * writes older values over newer ones, and adds to a number each time that it comes round. And what both sides should
 * hold, to judge a repair by.
 */
export class LoopStory {
  readonly #people = new Map<string, Person>();
  readonly #damaged = new Set<string>();
  readonly #legitimate = new Set<string>();
  #touched: readonly string[] = [];

  constructor(
    private readonly sides: readonly [Side, Side],
    /** Lets time pass on both platforms. */
    private readonly pass: (ms: number) => void,
  ) {}

  /** Fills both sides with the same people and firms. */
  fill(people: number, firms: number): void {
    for (let n = 0; n < people; n += 1)
      this.#people.set(`person.${String(n)}@example.com`, {
        values: {
          title: TITLES[n % TITLES.length] ?? '',
          city: CITIES[n % CITIES.length] ?? '',
          phone: `+1 555 ${String(1000 + n)}`,
          family: `Person ${String(n)}`,
          own: `Department ${String(n)}`,
        },
        firm: `Firm ${String(n % firms)}`,
        own: new Map(),
      });
    this.#touched = [...this.#people.keys()].slice(0, Math.ceil(people / 4));
    for (const side of this.sides) {
      const writer = side.sandbox.writeAs(side.person);
      const keys = new Map<string, string>();
      for (let n = 0; n < firms; n += 1) keys.set(`Firm ${String(n)}`, writer.create(side.firms, { [side.firmName]: `Firm ${String(n)}` }));
      for (const [email, { values, firm }] of this.#people)
        side.tie(writer, writer.create(side.people, { [side.email]: email, ...named(side, values) }), keys.get(firm) ?? '');
    }
    for (const side of this.sides) this.#ordinaryDays(side);
    this.pass(APART_MS);
  }

  /** A month in which the sync carried a phone number or a title now and then: its ordinary work. */
  #ordinaryDays(side: Side): void {
    const [writer, keys, now] = [side.sandbox.writeAs(side.sync), peopleOf(side), side.sandbox.now().getTime()];
    for (let day = DAYS; day > 0; day -= 1)
      for (const [n, [email, { values }]] of [...this.#people].entries()) {
        if (n % ROUND !== day % ROUND) continue;
        const isLast = day <= ROUND;
        const at = now - day * DAY_MS + n * 1000;
        const phone = isLast ? values.phone : `+1 555 ${String(2000 + n + day)}`;
        const title = isLast ? values.title : (TITLES[(n + day) % TITLES.length] ?? '');
        writer.update(side.people, keys.get(email) ?? '', named(side, n % 2 === 0 ? { phone } : { title }), at);
      }
  }

  /**
   * People work on, not knowing: on each side they keep what that side is in charge of, and things that no sync carries.
   * Gives the number of their edits.
   */
  peopleWork(turn: number): number {
    this.pass(APART_MS);
    const picked = this.#touched.filter((_, n) => n % 5 === turn % 5);
    for (const [n, email] of picked.entries()) {
      this.#edit(0, email, 'title', `Head of ${String(turn)}.${String(n)}`);
      this.#edit(1, email, 'phone', `+49 30 ${String(turn)}${String(100 + n)}`);
      this.#edit((n % 2) as 0 | 1, email, 'own', `Department ${String(turn)}.${String(n)}`);
    }
    this.pass(APART_MS);
    return 3 * picked.length;
  }

  /** The sync goes round and round. */
  goWrong(): LoopDone {
    const all = [...this.#people.keys()];
    const touched = this.#touched;
    const newer = [...this.#legitimate].filter((cell) => !cell.endsWith('/own')).length / 2;
    const old = new Map(touched.map((email) => [email, this.#stale(email)]));
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const side of this.sides) {
        const writer = side.sandbox.writeAs(side.sync);
        for (const [email, key] of peopleOf(side)) {
          const was = old.get(email);
          if (was === undefined) continue;
          writer.update(
            side.people,
            key,
            named(side, { title: was.title.toUpperCase(), city: `${was.city},`.repeat(round), phone: `+1 ${'+1 '.repeat(round)}${was.phone}` }),
          );
        }
        this.pass(APART_MS);
      }
    }
    for (const { name } of this.sides)
      for (const email of touched) for (const field of ['title', 'city', 'phone']) this.#damage(`${name}/${email}/${field}`);
    const moved = this.#move(all.slice(-Math.ceil(all.length / 10)));
    const deleted = this.#delete(all.slice(Math.ceil(all.length / 3)));
    this.pass(APART_MS);
    return { overwritten: touched.length, newer, rounds: ROUNDS, moved, deleted };
  }

  /** Judges both sides as they are now, by the sandboxes' own records. */
  score(): Score {
    const sides = this.sides.map((side) => truthOf(side));
    const actual: KeptTruth = {
      records: new Map(sides.flatMap(({ records }) => [...records])),
      links: new Set(sides.flatMap(({ links }) => [...links])),
    };
    const expected: KeptTruth = { records: new Map(), links: new Set() };
    for (const { name } of this.sides)
      for (const [email, { values, firm, own }] of this.#people) {
        expected.records.set(`${name}/${email}`, { ...values, ...own.get(name) });
        expected.links.add(`${name}/${email} at ${firm}`);
      }
    return scoreTruth({ expected, actual, damaged: this.#damaged, legitimate: this.#legitimate });
  }

  /** Ties people to the firm of the next one, on both sides. */
  #move(emails: readonly string[]): number {
    for (const side of this.sides) {
      const [writer, keys, firms] = [side.sandbox.writeAs(side.sync), peopleOf(side), firmsOf(side)];
      const names = [...firms.keys()];
      for (const email of emails) {
        const should = this.#people.get(email)?.firm ?? '';
        const wrong = names[(names.indexOf(should) + 1) % names.length] ?? '';
        side.tie(writer, keys.get(email) ?? '', firms.get(wrong) ?? '');
        for (const firm of [should, wrong]) this.#damage(`${side.name}/${email} at ${firm}`);
      }
    }
    return emails.length;
  }

  /** Deletes a few on each side, one of them for ever. */
  #delete(emails: readonly string[]): number {
    for (const [n, side] of this.sides.entries()) {
      const [writer, keys] = [side.sandbox.writeAs(side.sync), peopleOf(side)];
      for (const [i, email] of emails.slice(3 * n, 3 * n + 3).entries()) {
        const key = keys.get(email) ?? '';
        if (i === 0) side.deleteForEver(key);
        else writer.remove(side.people, key);
        this.#damage(`${side.name}/${email}`);
      }
    }
    return 6;
  }

  /** What the sync takes for right: what stood there before people wrote something newer. */
  #stale(email: string): Record<Field, string> {
    const [, n = '0'] = /(\d+)@/u.exec(email) ?? [];
    const i = Number(n);
    return {
      title: TITLES[i % TITLES.length] ?? '',
      city: CITIES[i % CITIES.length] ?? '',
      phone: `+1 555 ${String(1000 + i)}`,
      family: '',
      own: '',
    };
  }

  #damage(cell: string): void {
    this.#damaged.add(cell);
    this.#legitimate.delete(cell);
  }

  /** A person writes on one side, and both should hold it in the end. */
  #edit(side: 0 | 1, email: string, field: Field, value: string): void {
    const person = this.#people.get(email);
    const at = this.sides[side];
    const key = peopleOf(at).get(email);
    if (person === undefined || key === undefined) return;
    at.sandbox.writeAs(at.person).update(at.people, key, named(at, { [field]: value }));
    if (field === 'own') {
      person.own.set(at.name, { ...person.own.get(at.name), own: value });
      this.#legitimate.add(`${at.name}/${email}/own`);
      return;
    }
    person.values[field] = value;
    for (const { name } of this.sides) {
      this.#legitimate.add(`${name}/${email}/${field}`);
      this.#damaged.delete(`${name}/${email}/${field}`);
    }
  }
}

const TITLES = ['Manager', 'Engineer', 'Director', 'Analyst', 'Designer', 'Buyer'];
const CITIES = ['Springfield', 'Oslo', 'Lyon', 'Porto', 'Turin', 'Ghent', 'Bern'];
