import { createRandom, type Sandbox, type Who } from '../sandbox/index.js';
import { keepTruth, linkName, scoreTruth, type KeptTruth, type Score } from '../stages/index.js';

/** What the failure did, for people. */
export interface DamageDone {
  readonly overwritten: number;
  readonly emptied: number;
  readonly linksCut: number;
  readonly duplicates: number;
}

/** What the story calls things on a platform. */
export interface Cast {
  /** Whose truth is kept. */
  readonly objects: readonly string[];
  /** The object type that is damaged, and the one that it is linked to. */
  readonly object: string;
  readonly linked: string;
  /**
   * A given and a family name, a phone number, an address for mail, where somebody works and lives, and a number that
   * the sync keeps.
   */
  readonly fields: Readonly<Record<'given' | 'family' | 'phone' | 'email' | 'job' | 'city' | 'points', string>>;
  readonly sync: Who;
  readonly colleague: Who;
}

/** A sync that goes wrong on a platform, and the truth to judge the repair by. Speaks to any sandbox. */
export class Story {
  readonly #expected: KeptTruth;
  readonly #damaged = new Set<string>();
  readonly #legitimate = new Set<string>();
  readonly #original: readonly string[];
  /** Links of the damaged object type, by the key of its record. */
  readonly #links = new Map<string, ReturnType<typeof linkName>[]>();
  readonly #others = new Map<string, string>();
  readonly #random: ReturnType<typeof createRandom>;
  #damagedKeys: readonly string[] = [];
  #turn = 0;

  constructor(
    readonly sandbox: Sandbox,
    private readonly cast: Cast,
    seed: number,
  ) {
    this.#random = createRandom(seed);
    this.#expected = keepTruth(sandbox, cast.objects);
    this.#original = [...sandbox.truth().records(cast.object)].map(({ key }) => key);
    for (const link of sandbox.truth().links()) this.#remember(link);
  }

  /** What the sync is there for: these writes must survive the rollback. */
  rightfulWrite(): void {
    this.#turn += 1;
    const key = this.#original[(this.#turn * 37) % this.#original.length] ?? '';
    this.#edit(this.cast.sync, key, this.cast.fields.points, String(1000 + this.#turn));
  }

  /** The sync breaks: it overwrites names, empties phone numbers, cuts links, creates duplicates. */
  goWrong(): DamageDone {
    const { fields, colleague } = this.cast;
    const shuffled = this.#random.shuffle(this.#original);
    // Corrections made after the nightly snapshot: the base does not know them, and they must come back all the same.
    // What has the very time of the damage could not be told to be older.
    const earlier = this.sandbox.now().getTime() - 1;
    for (const key of shuffled.slice(0, 3)) this.#edit(colleague, key, fields.given, `Renamed ${key.slice(-3)}`, earlier);
    const share = Math.max(4, Math.round(this.#original.length * 0.05));
    const overwritten = shuffled.slice(0, share).filter((key) => this.#damage(key, fields.given, 'Valued Customer'));
    const emptied = shuffled.slice(Math.round(share / 2), share * 2).filter((key) => this.#damage(key, fields.phone, ''));
    this.#damagedKeys = [...new Set([...overwritten, ...emptied])];
    let linksCut = 0;
    for (const key of this.#random.shuffle(this.#original)) if (linksCut < share / 5 && this.#cut(key)) linksCut += 1;
    const copies = shuffled.slice(-Math.max(2, Math.round(share / 8)));
    for (const key of copies) this.#duplicate(key);
    return { overwritten: overwritten.length, emptied: emptied.length, linksCut, duplicates: copies.length };
  }

  /**
   * A colleague works on, not knowing: corrects records by hand, damaged ones too, and adds one. Gives the number of
   * edits.
   */
  colleagueWorks(): number {
    const { object, fields, colleague } = this.cast;
    const before = this.#legitimate.size;
    const few = Math.max(2, Math.round(this.#damagedKeys.length / 25));
    const some = this.#random.shuffle(this.#damagedKeys);
    for (const key of some.slice(0, few)) this.#edit(colleague, key, fields.given, `Corrected ${key.slice(-3)}`);
    for (const key of some.slice(few, 2 * few)) this.#edit(colleague, key, fields.city, 'Springfield');
    for (const key of this.#random.shuffle(this.#original).slice(0, 3 * few)) this.#edit(colleague, key, fields.job, `Head of ${key.slice(-2)}`);
    const values = { [fields.given]: 'New', [fields.family]: `Since ${String(before)}`, [fields.email]: `new.${String(before)}@example.org` };
    const key = this.sandbox.writeAs(colleague).create(object, values);
    this.#expected.records.set(`${object}/${key}`, { ...this.sandbox.truth().record(object, key) });
    this.#legitimate.add(`${object}/${key}`);
    return this.#legitimate.size - before;
  }

  /** Judges the account as it is now, by the sandbox's own records. */
  score(): Score {
    const actual = keepTruth(this.sandbox, this.cast.objects);
    return scoreTruth({ expected: this.#expected, actual, damaged: this.#damaged, legitimate: this.#legitimate });
  }

  /** A change that must survive: made in the account and in what is expected of it. */
  #edit(who: Who, key: string, name: string, value: string, at?: number): void {
    const id = `${this.cast.object}/${key}`;
    const should = this.#expected.records.get(id);
    if (!should || this.#valuesOf(key) === undefined) return;
    this.sandbox.writeAs(who).update(this.cast.object, key, { [name]: value }, at);
    const stored = this.#valuesOf(key)?.[name];
    if (stored === undefined) delete should[name];
    else should[name] = stored;
    this.#legitimate.add(`${id}/${name}`);
    this.#damaged.delete(`${id}/${name}`);
  }

  #damage(key: string, name: string, value: string): boolean {
    const values = this.#valuesOf(key);
    if (!values || (values[name] ?? '') === value) return false;
    this.sandbox.writeAs(this.cast.sync).update(this.cast.object, key, { [name]: value });
    this.#damaged.add(`${this.cast.object}/${key}/${name}`);
    this.#legitimate.delete(`${this.cast.object}/${key}/${name}`);
    return true;
  }

  /** Cuts what ties a record to the first one that it is linked to. */
  #cut(key: string): boolean {
    const other = this.#others.get(key);
    if (other === undefined) return false;
    for (const name of this.#links.get(`${key} ${other}`) ?? []) this.#damaged.add(name);
    this.sandbox.writeAs(this.cast.sync).unlink(this.cast.object, key, this.cast.linked, other);
    this.#others.delete(key);
    return true;
  }

  #duplicate(key: string): void {
    const { object, fields, sync } = this.cast;
    const { [fields.given]: given = '', [fields.family]: family = '' } = this.#valuesOf(key) ?? {};
    const copy = this.sandbox.writeAs(sync).create(object, { [fields.given]: given, [fields.family]: family, [fields.job]: 'imported' });
    this.#damaged.add(`${object}/${copy}`);
  }

  #valuesOf(key: string): Readonly<Record<string, string>> | undefined {
    return this.sandbox.truth().record(this.cast.object, key);
  }

  #remember(link: Parameters<typeof linkName>[0]): void {
    const { object, linked } = this.cast;
    const forward = link.fromObject === object && link.toObject === linked;
    if (!forward && !(link.fromObject === linked && link.toObject === object)) return;
    const [key, other] = forward ? [link.from, link.to] : [link.to, link.from];
    if (!this.#others.has(key)) this.#others.set(key, other);
    this.#links.set(`${key} ${other}`, [...(this.#links.get(`${key} ${other}`) ?? []), linkName(link)]);
  }
}
