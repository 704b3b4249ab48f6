import type { Mutation } from '../../../connectors/index.js';
import { RunbackError } from '../../../lib/index.js';
import type { Fields, LinkSchema, PlatformRecord, Value } from '../../../records/index.js';
import { doneBy, type JourneyStepDocument, type PersonaDocument } from '../../document/journey.js';
import { valueIn } from '../../touchpoints/facts.js';
import { type Outcome, writeAll } from '../writes.js';
import { type Look, oneOf, type Persona, type Place } from './facts.js';
import type { JourneyDeps, Stage } from './open.js';
import { elementsOf, filled } from './wanted.js';

/** What a step did for one person. */
export interface Act {
  readonly n: number;
  readonly place: string;
  readonly outcome: Outcome;
  /** The fields that it wrote. */
  readonly set: Fields;
}

/** One write of a step, before it is sent. */
type Planned = { readonly n: number; readonly place: Place; readonly set: Fields } & ({ readonly mutation: Mutation } | { readonly refused: string });

/** Does what a step says for every person, each write once. A wait does nothing. */
export async function actStep(
  step: JourneyStepDocument,
  {
    stage,
    people,
    look,
    persona,
  }: { readonly stage: Stage; readonly people: readonly Persona[]; readonly look: Look; readonly persona: PersonaDocument },
  { clock, call }: JourneyDeps,
): Promise<readonly Act[]> {
  const planned = people.flatMap((one) => plannedFor(step, one, { stage, look, optOut: persona.opt_out }));
  const acts: Act[] = [];
  for (const place of new Set(planned.map((each) => each.place))) {
    const own = planned.filter((each) => each.place === place);
    const sent = own.flatMap((each) => ('mutation' in each ? [each] : []));
    const outcomes = await writeAll(
      place.platform.connector,
      sent.map(({ mutation }) => mutation),
      { clock, call },
    );
    for (const each of own) {
      const outcome: Outcome =
        'refused' in each ? { state: 'refused', why: each.refused } : (outcomes[sent.indexOf(each)] ?? { state: 'refused', why: 'no result' });
      acts.push({ n: each.n, place: place.name, outcome, set: each.set });
    }
  }
  return acts;
}

function plannedFor(
  step: JourneyStepDocument,
  person: Persona,
  { stage, look, optOut }: { readonly stage: Stage; readonly look: Look; readonly optOut: PersonaDocument['opt_out'] },
): readonly Planned[] {
  const place = placeOf(step, person, stage, optOut);
  if (place === undefined) return [];
  const { n } = person;
  const { schema } = place;
  if ('create' in step) {
    const set = { ...filledAll(step.set, person), [place.address]: person.address, ...(place.mark !== undefined && { [place.mark]: person.mark }) };
    return [{ n, place, set, mutation: { action: 'create', schema, key: String(n), set } }];
  }
  const record = oneOf(look, place.name, n);
  if (record === undefined) return [{ n, place, set: {}, refused: `there is no record of this person in ${place.name}` }];
  if ('delete' in step) return [{ n, place, set: {}, mutation: { action: 'delete', schema, key: record.key, expect: record.fields } }];
  if ('link' in step) {
    const other = oneOf(look, step.to, n);
    if (other === undefined) return [{ n, place, set: {}, refused: `there is no record of this person in ${step.to}` }];
    return [{ n, place, set: {}, mutation: linking(linkOf(step, stage), record, other, stage) }];
  }
  const set = 'update' in step ? filledAll(step.set, person) : 'tag' in step ? tagged(step, record) : filledAll(optOut[place.name] ?? {}, person);
  return [{ n, place, set, mutation: { action: 'update', schema, key: record.key, set, expect: expected(record, set) } }];
}

/** Where a step writes for one person. Opting out everywhere, each person begins in another place. */
function placeOf(step: JourneyStepDocument, { n }: Persona, { places }: Stage, optOut: PersonaDocument['opt_out']): Place | undefined {
  const { verb, place } = doneBy(step);
  // Some platforms let nobody opt a person out through their API: there it is only looked for.
  const all = Object.keys(optOut).filter((each) => canOptOut(places, each, optOut));
  const name = verb === 'opts_out' && place === 'each' ? all[n % Math.max(1, all.length)] : place;
  return places.find((each) => each.name === name);
}

/** Whether what a person looks like who opted out can be written in a place. */
export function canOptOut(places: readonly Place[], name: string, optOut: PersonaDocument['opt_out']): boolean {
  const fields = places.find((place) => place.name === name)?.schema.fields ?? [];
  return Object.keys(optOut[name] ?? {}).every((field) => fields.some((each) => each.name === field && !each.readOnly));
}

const filledAll = (set: Readonly<Record<string, Value>>, person: Persona): Fields =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [name, filled(value, person)]));

function tagged({ add, remove }: Extract<JourneyStepDocument, { tag: string }>, record: PlatformRecord): Fields {
  const names = new Set([...Object.keys(add), ...Object.keys(remove)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const left = elementsOf(valueIn(record, name)).filter((each) => !(remove[name] ?? []).includes(each));
      return [name, [...new Set([...left, ...(add[name] ?? [])])].sort()];
    }),
  );
}

function expected({ fields }: PlatformRecord, set: Fields): Fields {
  return Object.fromEntries(Object.keys(set).flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name] ?? null]] : [])));
}

/** Two records are linked; by a field of one where the platform keeps the link in one. */
function linking({ link, isTurned }: MeantLink, record: PlatformRecord, other: PlatformRecord, { places }: Stage): Mutation {
  const [from, to] = isTurned ? [other, record] : [record, other];
  const [field] = link.viaFields ?? [];
  const schema = places.find((place) => place.schema.object === link.from)?.schema;
  if (field === undefined || schema === undefined) return { action: 'link', link, from: from.key, to: to.key };
  const set = { [field]: to.key };
  return { action: 'update', schema, key: from.key, set, expect: expected(from, set) };
}

/** A kind of link, and whether the platform names it from the other end. */
export interface MeantLink {
  readonly link: LinkSchema;
  readonly isTurned: boolean;
}

/** The kind of link that a step means. Throws `usage` where there is none, or several and it names none. */
export function linkOf(step: { readonly link: string; readonly to: string; readonly kind?: string }, { places, links }: Stage): MeantLink {
  const [from, to] = [step.link, step.to].map((name) => places.find((place) => place.name === name));
  const all = (links.get(from?.platform.name ?? '') ?? []).filter(
    (link) =>
      link.readOnly !== true &&
      ((link.from === from?.schema.object && link.to === to?.schema.object) || (link.to === from?.schema.object && link.from === to?.schema.object)),
  );
  const fit = step.kind === undefined ? all : all.filter(({ kind, label }) => kind === step.kind || label === step.kind);
  const [only] = fit;
  if (from?.platform === to?.platform && only !== undefined && (fit.length === 1 || step.kind === undefined)) {
    const link = fit.find(({ label }) => label === undefined) ?? only;
    return { link, isTurned: link.from !== from?.schema.object };
  }
  throw new RunbackError('usage', `${step.link} cannot be linked to ${step.to}${step.kind === undefined ? '' : ` as ${step.kind}`}`, {
    why:
      all.length === 0
        ? 'There is no kind of link between the two that can be written.'
        : `There are: ${all.map(({ kind, label }) => label ?? kind).join(', ')}.`,
    state: 'Nothing was written.',
  });
}
