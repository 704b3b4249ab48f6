import { describe, expect, it } from 'vitest';

import { bench, standingClock, type Bench } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';
const create = { properties: { email: 'w@example.com' } };
const held = ({ sandbox }: Bench): number => sandbox.records('contacts').length;

describe('answers that mean wait', () => {
  it('423 lasts two seconds from the first request it met, and applies nothing meanwhile', async () => {
    const clock = standingClock();
    const to = await bench({ clock });
    to.sandbox.faults.add({ kind: 'locked', method: 'POST', path: CONTACTS });
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    const first = await to.call('POST', CONTACTS, create);
    expect([first.status, first.headers.get('retry-after'), first.body.status]).toEqual([423, null, 'error']);
    clock.move(1999);
    expect((await to.call('POST', CONTACTS, create)).status).toBe(423);
    expect(held(to)).toBe(0);
    clock.move(1);
    expect((await to.call('POST', CONTACTS, create)).status).toBe(201);
    expect(to.sandbox.faults.list()).toMatchObject([{ struck: 1 }]);
  });

  it('477 says how long an account is being moved, and lasts that long', async () => {
    const clock = standingClock();
    const to = await bench({ clock });
    to.sandbox.faults.add({ kind: 'moving', retryAfterSeconds: 30 });
    const first = await to.call('POST', CONTACTS, create);
    expect([first.status, first.headers.get('retry-after')]).toEqual([477, '30']);
    clock.move(29_999);
    expect((await to.call('GET', CONTACTS)).status).toBe(477);
    clock.move(1);
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    expect(held(to)).toBe(0);
  });

  it('any status can be met before or after the request was applied, as JSON or as a page of a gateway', async () => {
    const to = await bench();
    for (const [number, status] of [408, 425, 502, 520, 524].entries()) {
      to.sandbox.faults.add({ kind: 'html-error', status });
      const page = await fetch(to.sandbox.url + CONTACTS, { headers: { authorization: `Bearer ${to.sandbox.token}` } });
      expect(page.headers.get('x-hubspot-correlation-id')).toBeNull();
      expect([page.status, page.headers.get('content-type'), (await page.text()).startsWith('<!DOCTYPE html>')]).toEqual([
        status,
        'text/html;charset=utf-8',
        true,
      ]);
      to.sandbox.faults.add({ kind: 'server-error', status, applied: true });
      expect((await to.call('POST', CONTACTS, { properties: { email: `w${number}@example.com` } })).status).toBe(status);
    }
    expect(held(to)).toBe(5);
    to.sandbox.faults.add({ kind: 'html-error', applied: true });
    await expect(to.call('POST', CONTACTS, create)).rejects.toThrow(SyntaxError);
    expect(held(to)).toBe(6);
  });

  it('can be armed from another process too', async () => {
    const to = await bench();
    for (const fault of [
      { kind: 'locked', ms: 1 },
      { kind: 'moving' },
      { kind: 'html-error', status: 408 },
      { kind: 'partial', answer: 'silent', ids: ['1'] },
    ])
      expect((await to.call('POST', '/__sandbox/faults', fault)).status).toBe(200);
    expect((await to.call('POST', '/__sandbox/faults', { kind: 'partial', answer: 'loud' })).status).toBe(400);
    expect((await to.call('PATCH', '/__sandbox/account', { phones: 'validated' })).status).toBe(204);
    expect((await to.call('DELETE', '/__sandbox/owners/77160411')).status).toBe(204);
    expect((await to.call('DELETE', '/__sandbox/owners/1')).status).toBe(404);
    expect([to.sandbox.portal.settings.phones, to.sandbox.portal.owners.get('77160411')?.archived]).toEqual(['validated', true]);
  });
});

describe('forms without a key', () => {
  const FORM = '/submissions/v3/integration/submit/62515/319478e5-e5fd-4d39-9d13-fc1f90bf46da';
  const submit = ({ sandbox }: Bench, values: Record<string, string>): Promise<Response> =>
    fetch(sandbox.url + FORM, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fields: Object.entries(values).map(([name, value]) => ({ name, value })) }),
    });

  it('make a contact or change the one of that address, and the history names the form', async () => {
    const to = await bench();
    expect((await submit(to, { email: 'f@example.com', firstname: 'F' })).status).toBe(200);
    expect((await submit(to, { email: 'F@example.com', firstname: 'G' })).status).toBe(200);
    const [contact] = to.sandbox.records('contacts');
    expect(contact?.properties).toMatchObject({ email: 'f@example.com', firstname: 'G' });
    expect(to.sandbox.history('contacts', contact?.id ?? '', 'firstname').map((each) => each.source.type)).toEqual(['FORM', 'FORM']);
    expect((await submit(to, { firstname: 'Nobody' })).status).toBe(400);
  });

  it('may be answered long before the contact is there', async () => {
    const clock = standingClock();
    const to = await bench({ clock, formLagMs: 30_000 });
    expect((await submit(to, { email: 'f@example.com', firstname: 'F' })).status).toBe(200);
    clock.move(29_000);
    expect([...to.sandbox.truth().records('contacts')]).toEqual([]);
    clock.move(1000);
    expect([...to.sandbox.truth().records('contacts')].map(({ values }) => values['firstname'])).toEqual(['F']);
    // What is wrong with it is told before that, where it can be told at once.
    expect((await submit(to, { firstname: 'Nobody' })).status).toBe(400);
  });

  it('take fifty in ten seconds, then refuse; ten refusals within a second block the caller for a minute, in plain text', async () => {
    const clock = standingClock();
    const to = await bench({ clock });
    const statuses = async (times: number): Promise<readonly number[]> => {
      const answered: number[] = [];
      for (let count = 0; count < times; count += 1) answered.push((await submit(to, { email: `f${count}@example.com` })).status);
      return [...new Set(answered)];
    };
    expect(await statuses(50)).toEqual([200]);
    const refused = await submit(to, { email: 'x@example.com' });
    expect([refused.status, ((await refused.json()) as { category: string }).category]).toEqual([429, 'RATE_LIMITS']);
    clock.move(10_000);
    expect(await statuses(50)).toEqual([200]);
    expect(await statuses(10)).toEqual([429]);
    clock.move(10_000);
    const blocked = await submit(to, { email: 'x@example.com' });
    expect([blocked.status, blocked.headers.get('content-type'), await blocked.text()]).toEqual([
      429,
      'text/plain; charset=UTF-8',
      'error code: 1015',
    ]);
    clock.move(50_000);
    expect((await submit(to, { email: 'x@example.com' })).status).toBe(200);
    // The limits of apps with a key are others.
    expect((await to.call('GET', CONTACTS)).headers.get('X-HubSpot-RateLimit-Daily-Remaining')).toBe('249999');
  });
});
