import { describe, expect, it } from 'vitest';

import type { Automation } from '../../src/sandbox/index.js';
import { type Answer, type Bench, bench } from './support.js';

const FLOWS = '/automation/v4/flows';
const PERSON = { kind: 'person', id: '7' } as const;
const WELCOME: Automation = {
  id: '585051946',
  name: 'Welcome',
  object: 'contacts',
  enabled: true,
  when: { on: 'change', field: 'lifecyclestage', becomes: 'customer' },
  does: [
    { do: 'set', values: { hs_lead_status: 'CONNECTED' } },
    { do: 'wait', ms: 7_200_000 },
    { do: 'mail', to: 'email', subject: 'Welcome aboard' },
  ],
};

async function withFlow(more: Partial<Automation> = {}): Promise<Bench> {
  const to = await bench();
  to.sandbox.automate({ ...WELCOME, ...more });
  return to;
}

const get = async ({ call }: Bench): Promise<Answer> => await call('GET', `${FLOWS}/${WELCOME.id}`);

describe('workflows', () => {
  it('are listed in pages, and read as a whole', async () => {
    const to = await withFlow();
    to.sandbox.automate({ ...WELCOME, id: '585051947', object: 'deals', when: { on: 'create' }, does: [] });
    const first = await to.call('GET', `${FLOWS}?limit=1`);
    expect(first.body).toMatchObject({ results: [{ id: '585051946', isEnabled: true, objectTypeId: '0-1' }], paging: { next: { after: '1' } } });
    const second = await to.call('GET', `${FLOWS}?limit=1&after=1`);
    expect((second.body.results as { id: string }[]).map(({ id }) => id)).toEqual(['585051947']);
    expect(second.body.paging).toBeUndefined();
    const { body } = await get(to);
    expect(body).toMatchObject({
      type: 'CONTACT_FLOW',
      flowType: 'WORKFLOW',
      revisionId: '1',
      startActionId: '1',
      nextAvailableActionId: '4',
      enrollmentCriteria: { type: 'LIST_BASED', shouldReEnroll: false },
    });
    expect((body.actions as { actionTypeId: string; connection?: unknown }[]).map(({ actionTypeId }) => actionTypeId)).toEqual(['0-5', '0-1', '0-4']);
    expect((body.actions as { fields: unknown }[])[1]?.fields).toEqual({ delta: '120', time_unit: 'MINUTES' });
    expect((await to.call('GET', `${FLOWS}/585051947`)).body).toMatchObject({ type: 'PLATFORM_FLOW', objectTypeId: '0-3' });
    expect((await to.call('GET', `${FLOWS}/1`)).status).toBe(404);
  });

  it('are paused by putting back the whole with isEnabled false: nobody is taken until they are on again', async () => {
    const to = await withFlow();
    const { body } = await get(to);
    const paused = await to.call('PUT', `${FLOWS}/${WELCOME.id}`, { ...body, isEnabled: false });
    expect(paused).toMatchObject({ status: 200, body: { isEnabled: false, revisionId: '2' } });
    to.sandbox.writeAs(PERSON).create('contacts', { lifecyclestage: 'customer' });
    expect(to.sandbox.effects()).toEqual([]);
    await to.call('PUT', `${FLOWS}/${WELCOME.id}`, { ...paused.body, isEnabled: true });
    to.sandbox.writeAs(PERSON).create('contacts', { lifecyclestage: 'customer' });
    expect(to.sandbox.effects().map(({ kind }) => kind)).toEqual(['enrolment', 'write']);
  });

  it('refuse a revision that is not the last one, and a body that is not whole', async () => {
    const to = await withFlow();
    const { body } = await get(to);
    to.sandbox.automate({ ...WELCOME, name: 'Changed by a colleague' });
    expect((await to.call('PUT', `${FLOWS}/${WELCOME.id}`, { ...body, isEnabled: false })).status).toBe(409);
    const { actions: _, ...rest } = (await get(to)).body;
    expect((await to.call('PUT', `${FLOWS}/${WELCOME.id}`, rest)).status).toBe(400);
    expect((await to.call('PUT', `${FLOWS}/${WELCOME.id}`, { ...rest, actions: [] })).status).toBe(400);
    expect(to.sandbox.automations()).toMatchObject([{ name: 'Changed by a colleague', enabled: true }]);
  });

  it('want the scope automation', async () => {
    const to = await bench({ scopes: ['oauth', 'crm.objects.contacts.read'] });
    expect(await to.call('GET', FLOWS)).toMatchObject({ status: 403, body: { errors: [{ context: { requiredGranularScopes: ['automation'] } }] } });
  });

  it('write under their own name in the history, and are told apart by the app that set them off', async () => {
    const to = await withFlow();
    to.sandbox.addApp({ token: 'another', appId: '99', name: 'MarketSync' });
    const id = to.sandbox.writeAs(PERSON).create('contacts', { email: 'a@example.com' });
    await to.call('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { lifecyclestage: 'customer' } }, 'another');
    expect(to.sandbox.history('contacts', id, 'hs_lead_status')).toMatchObject([
      { value: 'CONNECTED', source: { type: 'AUTOMATION_PLATFORM', id: WELCOME.id, label: 'Welcome' } },
    ]);
    expect(to.sandbox.effects()[0]?.because).toEqual({ by: 'api', app: '99' });
    expect(to.sandbox.app).toBe('8840213');
  });

  it('are set off by every write of a batch, and by what the account itself does because of one', async () => {
    const to = await bench({ account: { syncsStages: true } });
    to.sandbox.automate({ ...WELCOME, does: [{ do: 'mail', to: 'email', subject: 'Welcome' }] });
    const writer = to.sandbox.writeAs(PERSON);
    const contacts = ['a', 'b'].map((name) => writer.create('contacts', { email: `${name}@example.com` }));
    const linked = writer.create('contacts', { email: 'c@example.com' });
    const deal = writer.create('deals', { dealname: 'D', dealstage: 'contractsent' });
    writer.link('deals', deal, 'contacts', linked);
    const inputs = contacts.map((id) => ({ id, properties: { lifecyclestage: 'customer' } }));
    await to.call('POST', '/crm/v3/objects/contacts/batch/update', { inputs });
    await to.call('PATCH', `/crm/v3/objects/deals/${deal}`, { properties: { dealstage: 'closedwon' } });
    const mails = to.sandbox.effects().filter(({ kind }) => kind === 'mail');
    expect(mails.map(({ key }) => key)).toEqual([...contacts, linked]);
    for (const { because } of mails) expect(because).toEqual({ by: 'api', app: to.sandbox.app });
  });

  it('name a write that the account refused', async () => {
    const to = await withFlow({ does: [{ do: 'set', values: { email: 'taken@example.com' } }] });
    const writer = to.sandbox.writeAs(PERSON);
    writer.create('contacts', { email: 'taken@example.com' });
    writer.create('contacts', { lifecyclestage: 'customer' });
    expect(to.sandbox.effects().at(-1)).toMatchObject({
      kind: 'write',
      field: 'email',
      refused: expect.stringContaining('already exists') as string,
    });
  });

  it('are kept by a dump with their revisions; forms are told apart', async () => {
    const to = await withFlow();
    to.sandbox.automate({ ...WELCOME, when: { on: 'create' } });
    const other = await bench();
    other.sandbox.load(JSON.parse(JSON.stringify(to.sandbox.dump())));
    expect((await get(other)).body).toEqual((await get(to)).body);
    await to.call('POST', '/submissions/v3/integration/submit/62515/0f7a9c3d-1b2c-4d4e-8f6a-7b8c9d0e1f2a', {
      fields: [{ name: 'email', value: 'f@example.com' }],
    });
    expect(to.sandbox.effects()[0]?.because).toEqual({ by: 'form', id: '0f7a9c3d-1b2c-4d4e-8f6a-7b8c9d0e1f2a' });
  });
});
