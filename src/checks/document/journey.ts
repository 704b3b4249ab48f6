import { z } from 'zod';

import { durationSchema } from '../../workspace/index.js';

/** Most people of one run: each step reads the records of each of them in every place. */
const MOST_PERSONAS = 200;
/** Most writes of all writers to one record: every order of them is tried. */
const MOST_WRITES = 8;
const MOST_INTERLEAVINGS = 1000;

const text = z.string().min(1, 'expected some text');
const word = z.string().regex(/^[a-z][\w-]*$/i, 'expected a word such as "form"');
const literal = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);
const values = z
  .record(text, literal)
  .describe('Fields with their values. {address}, {mark} and {n} in texts stand for what is of that person alone.');

const placeSchema = z
  .strictObject({
    in: z
      .string()
      .regex(/^[^/\s]+\/\S+$/, 'expected a platform of runback.yml and an object type, such as crm/contacts')
      .describe('Platform and object type.'),
    address: text.describe('The field that holds the address of the person. Of a deal or a task, a text that is filled with it, such as its name.'),
    mark: text.exactOptional().describe('A second field that only this test fills: its value is the mark of the person.'),
  })
  .describe('Where records of a person are.');

const wantedField = z.union(
  [
    literal,
    z.strictObject({ has: z.array(z.string()).min(1) }).describe('A set with at least these elements.'),
    z.strictObject({ lacks: z.array(z.string()).min(1) }).describe('A set without any of these elements.'),
    z.strictObject({ at_least: z.number() }),
    z.strictObject({ not: literal }),
    z.strictObject({ filled: z.boolean() }).describe('Any value, or none.'),
  ],
  { error: 'expected a value, or one of has, lacks, at_least, not and filled' },
);

const common = {
  name: text.exactOptional().describe('For people: what happens at this step.'),
  expect: z
    .record(word, z.union([z.enum(['there', 'gone']), z.record(text, wantedField)]))
    .default({})
    .describe('What has to stand in which place from this step on, until a later step says otherwise.'),
  within: durationSchema.default('5m').describe('Longest time until everything is there.'),
  settle: durationSchema.default('10s').describe('How long is waited before it is looked at once more.'),
};

const journeyStep = z.union(
  [
    z.strictObject({ create: word, set: values.default({}), ...common }),
    z.strictObject({ update: word, set: values, ...common }),
    z.strictObject({
      tag: word,
      add: z.record(text, z.array(z.string()).min(1)).default({}),
      remove: z.record(text, z.array(z.string()).min(1)).default({}),
      ...common,
    }),
    z.strictObject({ link: word, to: word, kind: text.exactOptional().describe('Which kind of link, where there are several.'), ...common }),
    z.strictObject({ delete: word, ...common }),
    z.strictObject({ opts_out: word.describe('The place in which the person opts out; each: every person in another one.'), ...common }),
    z.strictObject({ wait: text.describe('What another system does now, in words.'), ...common }),
  ],
  { error: 'expected one of create, update, tag, link, delete, opts_out and wait' },
);

export const personaSchema = z
  .strictObject({
    count: z.int().positive().max(MOST_PERSONAS).default(3).describe('How many people take this journey at the same time.'),
    mappings: z.array(text).default([]).describe('Mappings, by their ids: what they say of two places is looked at after every step.'),
    places: z.record(word, placeSchema).refine((all) => Object.keys(all).length > 0, 'expected a place at least'),
    steps: z.array(journeyStep).min(1),
    grows: z
      .array(z.union([text, z.strictObject({ once: text })]))
      .default([])
      .describe('place.field: numbers and times never go down, sets never lose, other values stay once they are set. once: stays, whatever it is.'),
    opt_out: z
      .record(word, z.record(text, literal))
      .default({})
      .describe('By place, what a person looks like there who opted out. Where one place shows it, every place has to, from then on.'),
    may_empty: z.array(text).default([]).describe('place.field that may lose its value without a step that says so.'),
  })
  .describe('One person after the other through every platform; after each step everything before is looked at again.');

export const parallelSchema = z
  .strictObject({
    create: word.describe('The side of the mapping on which the records are made.'),
    seed: z.int().min(0).default(1).describe('Which interleavings are run: the same seed runs the same ones.'),
    interleavings: z.int().positive().max(MOST_INTERLEAVINGS).default(20).describe('How many, each on a record of its own.'),
    writers: z
      .array(
        z.strictObject({
          name: word,
          on: word.describe('The side of the mapping on which it writes.'),
          writes: z.array(z.record(text, literal)).min(1).describe('One after the other. {token} in a text stands for what only this write has.'),
        }),
      )
      .min(2)
      .max(4),
    pause: durationSchema.default('2s').describe('Longest time between two writes.'),
    within: durationSchema.default('5m').describe('Longest time until both sides agree.'),
    settle: durationSchema.default('10s').describe('How long is waited before it is looked at once more.'),
  })
  .describe('Several writers write the same records at the same time.');

export type PersonaDocument = z.output<typeof personaSchema>;
export type JourneyStepDocument = z.output<typeof journeyStep>;
export type WantedField = z.output<typeof wantedField>;
export type ParallelDocument = z.output<typeof parallelSchema>;

/** What a document of this kind says that does not fit together: the path inside of it, and why. */
export interface JourneyProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly expected?: string;
}

/** The verb of a step, and the place that it is about; of a wait, none. */
export function doneBy(step: JourneyStepDocument): {
  readonly verb: 'create' | 'update' | 'tag' | 'link' | 'delete' | 'opts_out' | 'wait';
  readonly place?: string;
} {
  if ('create' in step) return { verb: 'create', place: step.create };
  if ('update' in step) return { verb: 'update', place: step.update };
  if ('tag' in step) return { verb: 'tag', place: step.tag };
  if ('link' in step) return { verb: 'link', place: step.link };
  if ('delete' in step) return { verb: 'delete', place: step.delete };
  if ('opts_out' in step) return { verb: 'opts_out', place: step.opts_out };
  return { verb: 'wait' };
}

export function* personaProblems({ places, steps, grows, opt_out: optOut, may_empty: mayEmpty }: PersonaDocument): Iterable<JourneyProblem> {
  const names = Object.keys(places);
  const unknown = (path: readonly (string | number)[], name: string): JourneyProblem => ({
    path,
    message: `there is no place ${name}`,
    expected: names.join(', '),
  });
  for (const [index, step] of steps.entries()) {
    const { verb, place } = doneBy(step);
    const isEach = verb === 'opts_out' && place === 'each';
    if (place !== undefined && !isEach && !names.includes(place)) yield unknown(['steps', index, verb], place);
    if ('to' in step && !names.includes(step.to)) yield unknown(['steps', index, 'to'], step.to);
    if (verb === 'opts_out' && !isEach && place !== undefined && names.includes(place) && optOut[place] === undefined)
      yield { path: ['steps', index, 'opts_out'], message: `opt_out does not say what a person looks like in ${place} who opted out` };
    if (isEach && Object.keys(optOut).length === 0) yield { path: ['steps', index, 'opts_out'], message: 'opt_out names no place' };
    for (const name of Object.keys(step.expect)) if (!names.includes(name)) yield unknown(['steps', index, 'expect', name], name);
  }
  for (const [index, item] of grows.entries()) yield* fieldProblems(['grows', index], typeof item === 'string' ? item : item.once, names);
  for (const [index, item] of mayEmpty.entries()) yield* fieldProblems(['may_empty', index], item, names);
  for (const name of Object.keys(optOut)) if (!names.includes(name)) yield unknown(['opt_out', name], name);
}

function* fieldProblems(path: readonly (string | number)[], item: string, places: readonly string[]): Iterable<JourneyProblem> {
  const [place = '', ...field] = item.split('.');
  if (field.join('.') === '' || !places.includes(place))
    yield { path, message: `${item} is no field of a place`, expected: `a place, a dot and a field; places are ${places.join(', ')}` };
}

export function* parallelProblems({ writers }: ParallelDocument): Iterable<JourneyProblem> {
  const all = writers.reduce((sum, { writes }) => sum + writes.length, 0);
  if (all > MOST_WRITES) yield { path: ['writers'], message: `together they write ${all} times`, expected: `${MOST_WRITES} writes at most` };
  for (const [index, { name, writes }] of writers.entries()) {
    if (writers.findIndex((each) => each.name === name) !== index) yield { path: ['writers', index, 'name'], message: `${name} is there twice` };
    for (const [n, set] of writes.entries())
      if (!Object.values(set).some((value) => typeof value === 'string' && value.includes('{token}')))
        yield { path: ['writers', index, 'writes', n], message: '{token} is nowhere in it, so that nobody could tell this write from the others' };
  }
}
