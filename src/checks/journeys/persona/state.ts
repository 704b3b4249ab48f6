import type { JourneyStepDocument, PersonaDocument, WantedField } from '../../document/journey.js';
import type { Act } from './act.js';
import { type Book, NOTHING, withoutFields, withStep } from './book.js';
import { type Look, oneOf, type Persona, type Want } from './facts.js';
import { type Judged, judgeWants, type Memory, NO_MEMORY, remembered, unreached } from './judge.js';
import { further, type Furthest, type Grown, grownFields, growWants, NOBODY, type OptedOut, optedOutNow, optOutWants } from './never-back.js';
import type { Stage } from './open.js';
import { isWanted } from './wanted.js';
import { keptWants, mappingWants, saidWants } from './wants.js';

const NOTHING_SEEN: Look = { records: new Map(), links: new Set() };

/** What is wanted of every person after the steps so far, and what was seen. Calls nothing. */
export class State {
  readonly #books = new Map<number, Book>();
  readonly #grown: readonly Grown[];
  #memory: Memory = NO_MEMORY;
  #furthest: Furthest = new Map();
  #out: OptedOut = NOBODY;
  #before: Look = NOTHING_SEEN;
  #unknown: readonly Want[] = [];
  /** People of whom a write did not happen, or nobody knows: what later steps expect of them rests on it. */
  readonly #strayed = new Set<number>();

  constructor(private readonly run: { readonly stage: Stage; readonly persona: PersonaDocument; readonly people: readonly Persona[] }) {
    this.#grown = grownFields(run.persona.grows, run.stage.places);
  }

  bookOf(n: number): Book {
    return this.#books.get(n) ?? NOTHING;
  }

  /**
   * What a step did. A write whose answer was lost counts as done where the record shows it; else nothing is known of what it was to, and
   * nothing that later steps expect of that person is wanted: no sync can carry what never came to be.
   */
  acted(step: number, said: JourneyStepDocument, acts: readonly Act[], look: Look): void {
    const unknown: Want[] = [];
    const outByStep = new Set<number>();
    for (const persona of this.run.people) {
      const act = acts.find(({ n }) => n === persona.n);
      const book = this.bookOf(persona.n);
      if (act === undefined || act.outcome.state === 'done' || (act.outcome.state === 'unknown' && showsIt(said, act, persona, look))) {
        if ('opts_out' in said && act !== undefined) outByStep.add(persona.n);
        const step = this.#strayed.has(persona.n) ? { ...said, expect: {} } : said;
        this.#books.set(persona.n, withStep(book, optOutAsUpdate(step, act), act === undefined ? undefined : wantedOf(act)));
        continue;
      }
      this.#strayed.add(persona.n);
      if (act.outcome.state === 'unknown') {
        unknown.push(unknownWant(step, act));
        this.#books.set(persona.n, withoutFields(book, act.place, Object.keys(act.set)));
      }
    }
    this.#unknown = unknown;
    this.#out = optedOutNow(this.run.persona.opt_out, this.run.people, this.#out, look, outByStep);
  }

  /** Places in which something is not as wanted yet, and those that a mapping ties to them; what was told of before is not waited for. */
  openPlaces(look: Look): ReadonlySet<string> {
    const open = new Set(unreached(this.#wants(look), this.#memory).map(({ place }) => place));
    const tied = this.run.stage.pairs.flatMap(({ places }) => (places.some((place) => open.has(place)) ? places : []));
    const consent = Object.keys(this.run.persona.opt_out);
    return new Set([...open, ...tied, ...(consent.some((place) => open.has(place)) ? consent : [])]);
  }

  /** What everything comes to after a step, which is remembered for the next. */
  judged(step: number, atDeadline: Look, later: Look): readonly Judged[] {
    const first = this.#wants(atDeadline);
    const judged = judgeWants(step, first, this.#wants(later), this.#memory);
    this.#memory = remembered(step, judged, this.#memory);
    this.#furthest = further(this.#grown, this.run.people, further(this.#grown, this.run.people, this.#furthest, atDeadline), later);
    this.#out = optedOutNow(this.run.persona.opt_out, this.run.people, this.#out, later);
    this.#before = later;
    return [...judged, ...this.#unknown];
  }

  /** Keys of records, by person and place, as they were seen last. */
  keys(): (n: number, place: string) => string | undefined {
    const look = this.#before;
    return (n, place) => oneOf(look, place, n)?.key;
  }

  #wants(look: Look): readonly Want[] {
    const { stage, persona, people } = this.run;
    const out = optedOutNow(persona.opt_out, people, this.#out, look);
    const known = { people: out.people, knew: this.#out.knew };
    return people.flatMap((one): readonly Want[] => {
      const said = saidWants(this.bookOf(one.n), one, look).filter(({ place, field }) => !this.#isConsent(known, one, place, field));
      const mapped = mappingWants(stage.pairs, one, look);
      const grown = growWants(this.#grown, one, this.#furthest, look);
      const consent = optOutWants(persona.opt_out, one, known, look);
      return [...said, ...mapped, ...grown, ...consent, ...this.#kept(one, look, [...said, ...mapped, ...grown])];
    });
  }

  /** What a step wanted of whoever had not opted out by then. */
  #isConsent({ people }: OptedOut, { n }: Persona, place: string, field: string | undefined): boolean {
    return people.has(n) && field !== undefined && Object.hasOwn(this.run.persona.opt_out[place] ?? {}, field);
  }

  #kept(one: Persona, look: Look, others: readonly Want[]): readonly Want[] {
    const { stage, persona } = this.run;
    const known = new Set([...others.map(({ place, field }) => `${place}.${field ?? ''}`), ...persona.may_empty]);
    for (const [place, of] of Object.entries(persona.opt_out)) for (const field of Object.keys(of)) known.add(`${place}.${field}`);
    const places = stage.places.map(({ name, schema }) => ({
      name,
      fields: schema.fields.filter(({ readOnly }) => !readOnly).map((field) => field.name),
    }));
    return keptWants(one, this.#before, look, { places, knows: (place, field) => known.has(`${place}.${field}`) });
  }
}

const wantedOf = ({ set }: Act): Readonly<Record<string, WantedField>> => set as Readonly<Record<string, WantedField>>;

/** Who opted out by a step wrote the same as an update does. */
function optOutAsUpdate(said: JourneyStepDocument, act: Act | undefined): JourneyStepDocument {
  if (!('opts_out' in said) || act === undefined) return said;
  const { opts_out: _, ...rest } = said;
  return { ...rest, update: act.place, set: {} };
}

function showsIt(said: JourneyStepDocument, { n, place, set }: Act, persona: Persona, look: Look): boolean {
  const record = oneOf(look, place, n);
  if ('delete' in said) return record === undefined;
  if (record === undefined || 'link' in said) return false;
  const { fields } = record;
  return Object.entries(set).every(([name, value]) => isWanted(fields[name] ?? null, value as WantedField, persona));
}

const unknownWant = (step: number, { n, place, outcome, set }: Act): Want => ({
  n,
  place,
  field: Object.keys(set).join(', '),
  rests: 'said',
  verdict: 'unknown',
  found: 'why' in outcome ? outcome.why : null,
  wanted: `an answer to the write of step ${step}`,
});
