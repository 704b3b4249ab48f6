import { describe, expect, it } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { filterSchema, readFilter } from '../../src/runbooks/document/filter.js';
import { resumeRun, startRun } from '../../src/runbooks/index.js';
import { bench, rejection, runOf, scripted, type Bench } from './support.js';

const STEPS = `
  - { id: first, title: First, action: world.put, with: { name: "\${{ inputs.thing }}" } }
  - { id: look, title: Look, action: world.read, with: { name: "\${{ inputs.word }}" } }`;
const HEAD = 'inputs: { thing: { type: string, prompt: What?, default: box }, word: { type: string, prompt: Which word?, default: good } }';

/** A world whose second step takes no value but the right one, and says which value is to blame. */
const picky = (bad: number): Promise<Bench> =>
  bench({
    mischief: (action, times) => {
      if (action === 'world.read' && times < bad) throw new RunbackError('usage', 'There is no such word', { data: { value: 'name' } });
    },
  });

// A user would lose the run: one typing error, repeated by every resume.
describe('a step that fails because of what was given for an input', () => {
  it('has another value asked for at once, and is done again with it', async () => {
    const { deps, runbook, world, entries } = await picky(2);
    let n = 0;
    const operator = scripted({ word: () => ({ value: ['typo', 'worse', 'right'][(n += 1) - 1] ?? '' }) });
    const run = await startRun({ runbook: await runbook(STEPS, HEAD), inputs: { thing: 'box', word: 'typo-0' }, by: 'maya' }, deps, { operator });
    expect(run).toMatchObject({ state: 'succeeded', inputs: { word: 'worse' } });
    expect(operator.asked.map((question) => question.key)).toEqual(['word', 'word']);
    expect(operator.asked[0]).toMatchObject({ kind: 'input', prompt: 'There is no such word. Which word?', default: 'typo-0' });
    expect(await world.names()).toEqual(['box']);
    expect((await entries(run.id)).filter(({ data }) => data['value'] === 'other-input')).toHaveLength(2);
  });

  it('is not repeated for ever with a value that an answers file gives again and again', async () => {
    const { deps, runbook } = await picky(Infinity);
    const operator = scripted({ word: 'typo' });
    const error = await rejection(
      startRun({ runbook: await runbook(STEPS, HEAD), inputs: { thing: 'box', word: 'typo' }, by: 'maya' }, deps, { operator }),
    );
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.next).toContain(`runback runbook resume ${runOf(error)} --input word=…`);
  });

  it('takes another value with resume, where no step that is done has used the old one', async () => {
    const { deps, runbook } = await picky(1);
    const error = await rejection(startRun({ runbook: await runbook(STEPS, HEAD), inputs: {}, by: 'maya' }, deps));
    const id = runOf(error);
    const resume = (inputs: Record<string, string>) => resumeRun(id, { by: 'maya', inputs }, deps);
    expect(await rejection(resume({ thing: 'bag' }))).toMatchObject({ code: 'usage', message: expect.stringContaining('thing') as string });
    expect(await rejection(resume({ wrod: 'x' }))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('did you mean "word"') as string,
    });
    expect(await resume({ word: 'right' })).toMatchObject({ state: 'succeeded', inputs: { thing: 'box', word: 'right' } });
  });
});

// A user would have to give up the run: one wrong answer, found out when its result is looked at.
describe('an answer that turns out to be wrong', () => {
  const LOOKED = `
  - { id: look, title: Look, action: world.read, with: { name: "\${{ inputs.word }}" } }
  - { id: review, title: Is it right?, decide: { "yes": continue, no: stop } }
  - { id: act, title: Act, action: world.put, with: { name: "\${{ inputs.word }}" } }
  - { id: sure, title: Sure?, decide: { "yes": continue, no: stop } }`;

  it('is mended with resume as long as only steps that look have used it: they are done anew with the new one', async () => {
    const { deps, runbook, world, entries } = await bench({});
    const started = startRun({ runbook: await runbook(LOOKED, HEAD), inputs: { thing: 'box', word: 'wrong' }, by: 'maya' }, deps, {
      operator: scripted({ review: 'no' }),
    });
    const id = runOf(await rejection(started));
    const operator = scripted({ review: 'yes', sure: 'yes' });
    expect(await resumeRun(id, { by: 'maya', inputs: { word: 'right' } }, deps, { operator })).toMatchObject({ state: 'succeeded' });
    expect(operator.asked.map(({ key }) => key)).toEqual(['review', 'sure']);
    expect(await world.names()).toEqual(['right']);
    const looks = (await entries(id)).filter(({ type, step }) => type === 'step.intent' && step === 'look');
    expect(looks.map(({ data }) => (data['inputs'] as { name: string }).name)).toEqual(['wrong', 'right']);
  });

  it('cannot be mended once something was done with it', async () => {
    const { deps, runbook, world } = await bench({});
    const operator = scripted({ review: 'yes', sure: 'no' });
    const id = runOf(
      await rejection(startRun({ runbook: await runbook(LOOKED, HEAD), inputs: { thing: 'box', word: 'used' }, by: 'maya' }, deps, { operator })),
    );
    expect(await rejection(resumeRun(id, { by: 'maya', inputs: { word: 'late' } }, deps))).toMatchObject({
      code: 'usage',
      why: expect.stringContaining('step "act" has changed something since') as string,
    });
    expect(await world.names()).toEqual(['used']);
  });

  it('of a decision: it is taken anew from the questions behind it, until something was done on the strength of it', async () => {
    const { deps, runbook, world } = await bench({});
    const answers = [{ value: 'yes' }, { value: 'yes' }];
    let asked = 0;
    const text = `
  - { id: review, title: Is it right?, decide: { "yes": continue, no: stop } }
  - { id: allow, title: May it?, approve: { authority: approve-restore, of: all } }
  - { id: act, title: Act, action: world.put, with: { name: "\${{ inputs.word }}" } }
  - { id: sure, title: Sure?, decide: { "yes": continue, no: stop } }`;
    const operator = scripted({
      review: () => answers[asked] ?? { value: 'yes' },
      allow: () => ((asked += 1) === 1 ? { value: 'back', back: true } : { value: 'approve' }),
      sure: 'yes',
    });
    const run = await startRun({ runbook: await runbook(text, HEAD), inputs: { thing: 'box', word: 'it' }, by: 'maya' }, deps, { operator });
    expect(run.state).toBe('succeeded');
    expect(operator.asked.map(({ key }) => key)).toEqual(['review', 'allow', 'review', 'allow', 'sure']);
    expect(operator.asked.map(({ back }) => back?.step)).toEqual([undefined, 'review', undefined, 'review', undefined]);
    expect(await world.names()).toEqual(['it']);
  });
});

describe('a filter as a person types it', () => {
  const NOW = new Date('2026-11-22T16:00:00Z');
  const read = (value: unknown) => readFilter(value, NOW);

  it('is an object, JSON, or an expression; how long ago becomes a time', () => {
    expect(read({ since: '2h' })).toEqual({ ok: true, filter: { since: '2026-11-22T14:00:00.000Z' } });
    expect(read('{"keys": ["42"]}')).toEqual({ ok: true, filter: { keys: ['42'] } });
    expect(read('field == "email"')).toEqual({ ok: true, filter: { where: 'field == "email"' } });
    expect(read('')).toEqual({ ok: true, filter: {} });
  });

  it.each([
    [{ since: 'gestern' }, /since cannot be "gestern"/],
    [{ until: '2026-11-22T14:00' }, /with its zone/],
    [{ since: '2026-11-22T14:00Z', until: '3h' }, /is before/],
    [{ feilds: ['email'] }, /did you mean "fields"/],
    [{ fields: [] }, /fields/],
    [{ only: ['changes'] }, /only/],
    [{ only: ['links'], fields: ['city'] }, /restores nothing of links/],
    ['{"keys": ["42"', /neither JSON/],
    ['field = "email"', /cannot be used/],
    ['size(field)', /yes or no/],
    ['nothing.here == 1', /nothing is named "nothing"/],
  ])('is refused at once: %j', (value, words) => {
    const found = read(value);
    expect(found).toMatchObject({ ok: false, problem: expect.stringMatching(words) as string });
  });

  it('has a name for each limit of a plan', () => {
    expect(Object.keys(filterSchema.shape).sort()).toEqual(
      ['objects', 'fields', 'except_fields', 'keys', 'only', 'where', 'since', 'until', 'suspects', 'unattributed', 'delete_created'].sort(),
    );
  });
});
