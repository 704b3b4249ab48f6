import { describe, expect, it } from 'vitest';

import { person, type Fault } from '../../src/sandbox/index.js';
import { bench, type Bench } from './support.js';

const RECORDS = '/crm/v3/objects/contacts/batch/read';
const LINKS = '/crm/v4/associations/contacts/companies/batch/read';

/** How an answer that leaves something out tells of it. */
type Answer = NonNullable<Extract<Fault, { kind: 'partial' }>['answer']>;

interface Body {
  readonly results: readonly { readonly id?: string; readonly from?: { readonly id: string } }[];
  readonly numErrors?: number;
  readonly errors?: readonly { readonly category: string; readonly context?: Readonly<Record<string, readonly string[]>> }[];
}

/** Four contacts with a company each, and a fifth without. */
async function office(): Promise<{ to: Bench; ids: readonly string[] }> {
  const to = await bench();
  const writer = to.sandbox.writeAs(person(1));
  const company = writer.create('companies', { name: 'Acme' });
  const ids = Array.from({ length: 5 }, (_, index) => writer.create('contacts', { email: `c${index}@example.com` }));
  for (const id of ids.slice(0, 4)) writer.link('contacts', id, 'companies', company);
  return { to, ids };
}

describe('a batch read that leaves something out', () => {
  const read = async (
    { to, ids }: { to: Bench; ids: readonly string[] },
    path: string,
  ): Promise<{ status: number; body: Body; told: readonly string[] }> => {
    const { status, body } = await to.call('POST', path, { inputs: ids.map((id) => ({ id })) });
    const answered = body as unknown as Body;
    return { status, body: answered, told: answered.results.map((each) => each.from?.id ?? each.id ?? '').sort() };
  };

  it.each<[Answer, number]>([
    ['internal-error', 207],
    ['nameless-error', 207],
    ['count-only', 207],
    ['silent', 200],
  ])('of records: %s', async (answer, status) => {
    const stage = await office();
    const gone = stage.ids.slice(1, 3);
    stage.to.sandbox.faults.add({ kind: 'partial', answer, ids: gone, path: RECORDS });
    const partly = await read(stage, RECORDS);
    expect([partly.status, partly.told]).toEqual([status, stage.ids.filter((id) => !gone.includes(id))]);
    expect(partly.body.numErrors).toBe({ 'internal-error': 1, 'nameless-error': 1, 'count-only': 2, silent: undefined }[answer]);
    expect(partly.body.errors).toEqual(
      answer === 'silent' || answer === 'count-only'
        ? undefined
        : [
            {
              status: 'error',
              category: 'INTERNAL_ERROR',
              message: 'internal error',
              ...(answer === 'internal-error' && { context: { ids: expect.arrayContaining(gone) } }),
            },
          ],
    );
    // Asked again, it is all there.
    expect((await read(stage, RECORDS)).told).toEqual(stage.ids);
  });

  it('of links: errors of both kinds stand beside each other, and nothing tells a missing one from one without links', async () => {
    const stage = await office();
    const [gone = '', without = ''] = [stage.ids[0], stage.ids[4]];
    const struck = async (answer: Answer) => {
      stage.to.sandbox.faults.add({ kind: 'partial', answer, ids: [gone] });
      return await read(stage, LINKS);
    };
    const named = await struck('internal-error');
    expect(named.told).toEqual(stage.ids.slice(1, 4));
    expect(named.body.errors?.map((each) => [each.category, each.context?.fromObjectId])).toEqual([
      ['OBJECT_NOT_FOUND', [without]],
      ['INTERNAL_ERROR', [gone]],
    ]);
    const silent = await struck('silent');
    expect([silent.status, silent.body.numErrors, silent.told]).toEqual([207, 1, stage.ids.slice(1, 4)]);
    const counted = await struck('count-only');
    expect([counted.body.numErrors, counted.body.errors]).toEqual([2, undefined]);
  });

  it('leaves out every second one where none is named, and strikes no other kind of request', async () => {
    const stage = await office();
    stage.to.sandbox.faults.add({ kind: 'partial', answer: 'silent', times: 2 });
    expect((await stage.to.call('GET', '/crm/v3/objects/contacts')).body.results).toHaveLength(5);
    expect((await read(stage, RECORDS)).told).toHaveLength(3);
    expect((await read({ ...stage, ids: stage.ids.slice(0, 1) }, RECORDS)).told).toEqual([]);
    expect((await read(stage, RECORDS)).told).toHaveLength(5);
  });
});
