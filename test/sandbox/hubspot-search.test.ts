import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum as Operator } from '@hubspot/api-client/lib/codegen/crm/contacts/models/Filter.js';
import { describe, expect, it } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { bench, standingClock, type Bench } from './support.js';

const SEARCH = '/crm/v3/objects/contacts/search';
const found = (body: Record<string, unknown>): string[] => (body.results as { id: string }[]).map((each) => each.id);
const fill = ({ sandbox }: Bench, count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    sandbox.writeAs(person(1)).create('contacts', { email: `c${index}@example.com`, loyalty_points: String(index) }),
  );

describe('search', () => {
  it("finds through the vendor's own client, by number, text, set and absence", async () => {
    const to = await bench();
    const ids = fill(to, 12);
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    const search = async (propertyName: string, operator: Operator, value?: string) =>
      (
        await client.crm.contacts.searchApi.doSearch({
          filterGroups: [{ filters: [{ propertyName, operator, ...(value !== undefined && { value }) }] }],
          limit: 100,
        })
      ).results.map((each) => each.id);
    expect(await search('loyalty_points', Operator.Gte, '9')).toEqual(ids.slice(9));
    expect(await search('email', Operator.Eq, 'C3@example.com')).toEqual([ids[3]]);
    expect(await search('email', Operator.ContainsToken, 'c1*')).toEqual([ids[1], ids[10], ids[11]]);
    expect(await search('phone', Operator.HasProperty)).toEqual([]);
    expect(await search('phone', Operator.NotHasProperty)).toEqual(ids);
  });

  it('lags behind writes, archives included, and the cursor counts what fell out of the page', async () => {
    const clock = standingClock();
    const to = await bench({ clock, searchLagMs: 30_000 });
    const ids = fill(to, 4);
    const search = () => to.call('POST', SEARCH, { limit: 2, sorts: [{ propertyName: 'loyalty_points', direction: 'DESCENDING' }] });
    expect(found((await search()).body)).toEqual([]);
    clock.move(30_000);
    expect(found((await search()).body)).toEqual([ids[3], ids[2]]);
    to.sandbox.writeAs(person(1)).archive('contacts', ids[3] as string);
    const short = await search();
    expect(found(short.body)).toEqual([ids[2]]);
    expect(short.body).toMatchObject({ total: 4, paging: { next: { after: '2' } } });
    clock.move(30_000);
    expect(found((await search()).body)).toEqual([ids[2], ids[1]]);
  });

  it('gives now and then a short page with a live cursor, and loses nothing by it', async () => {
    const to = await bench({ shortSearchPageEvery: 2 });
    const ids = fill(to, 30);
    const seen: string[] = [];
    const sizes: number[] = [];
    let after: string | undefined;
    do {
      const { body } = await to.call('POST', SEARCH, { limit: 10, ...(after !== undefined && { after }) });
      seen.push(...found(body));
      sizes.push(found(body).length);
      after = (body.paging as { next: { after: string } } | undefined)?.next.after;
    } while (after !== undefined);
    expect(seen).toEqual(ids);
    expect(sizes).toContain(5);
  });

  it('compares record ids as text', async () => {
    const to = await bench();
    const ids = fill(to, 3);
    const filter = { propertyName: 'hs_object_id', operator: 'GT', value: '2' };
    expect(found((await to.call('POST', SEARCH, { filterGroups: [{ filters: [filter] }] })).body)).toEqual([]);
    expect(found((await to.call('POST', SEARCH, { filterGroups: [{ filters: [{ ...filter, value: '1' }] }] })).body)).toEqual(ids);
  });

  it('refuses more than 200 a page and more than 10,000 in all', async () => {
    const to = await bench();
    expect((await to.call('POST', SEARCH, { limit: 201 })).status).toBe(400);
    expect((await to.call('POST', SEARCH, { limit: 200, after: '9801' })).status).toBe(400);
    expect((await to.call('POST', SEARCH, { filterGroups: [{ filters: [{ propertyName: 'nope', operator: 'EQ', value: '1' }] }] })).status).toBe(400);
  });
});
