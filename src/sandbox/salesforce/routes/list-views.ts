import { ApiFailure, notFound } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { parseQuery } from '../soql/parse.js';
import { presentRow, runQuery } from '../soql/run.js';
import { nthId } from '../state/ids.js';
import { type ApiContext, askedOf, on, type SalesforceRoute } from './route.js';

/** Fields of the one view that there is, as far as an object has them. */
const COLUMNS = ['Name', 'Title', 'Email', 'Phone', 'Id', 'CreatedDate', 'LastModifiedDate', 'SystemModstamp'];
const DEFAULT_ROWS = 25;
const MOST_ROWS = 2000;

/**
 * List views (REST guide, "List Views" and "List View Results"): every object has one of all its records, by name. Its results are 25
 * records unless `limit` says more, 2000 at most, from an `offset` that is no more than that either: the rest is on no page.
 */
export function listViewRoutes(context: ApiContext): readonly SalesforceRoute[] {
  const { org } = context;
  const viewOf = (object: ObjectType): { readonly id: string; readonly developerName: string; readonly label: string } => ({
    id: nthId('00B', org.facts.pod, Math.max(1, [...org.schema.all()].indexOf(object) + 1)),
    developerName: `All${object.name}s`,
    label: `All ${object.label}s`,
  });
  return [
    on('GET', '/sobjects/([^/]+)/listviews', (_, version, name = '') => {
      const object = org.schema.get(name);
      const view = viewOf(object);
      const url = `/services/data/v${version}/sobjects/${object.name}/listviews/${view.id}`;
      return {
        status: 200,
        body: {
          done: true,
          listviews: [{ ...view, describeUrl: `${url}/describe`, resultsUrl: `${url}/results`, soqlCompatible: true, url }],
          nextRecordsUrl: null,
          size: 1,
          sobjectType: object.name,
        },
      };
    }),
    on('GET', '/sobjects/([^/]+)/listviews/([^/]+)/results', ({ query }, version, name = '', id = '') => {
      const object = org.schema.get(name);
      const view = viewOf(object);
      if (id !== view.id && id !== view.developerName) throw notFound();
      const [limit, offset] = [numberIn(query, 'limit', DEFAULT_ROWS, 1), numberIn(query, 'offset', 0, 0)];
      const names = COLUMNS.filter((each) => object.fields.has(each) && org.sees(object.name, each));
      const asked = askedOf(context, false);
      const order = names.includes('Name') ? 'Name' : 'Id';
      const result = runQuery(parseQuery(`SELECT ${names.join(',')} FROM ${object.name} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`), asked);
      const records = result.records.map((record) => {
        const row = presentRow(result, record, asked, version);
        return { columns: names.map((each) => ({ fieldNameOrPath: each, value: textOf(row[each]) })) };
      });
      const columns = names.map((each) => ({ fieldNameOrPath: each, hidden: each === 'Id', label: object.fields.get(each)?.label ?? each }));
      return { status: 200, body: { ...view, columns, done: true, records, size: records.length } };
    }),
  ];
}

/** A view tells every value as a text. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function numberIn(query: URLSearchParams, name: string, otherwise: number, least: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= MOST_ROWS) return number;
  throw new ApiFailure(400, 'NUMBER_OUTSIDE_VALID_RANGE', `${name} is a number from ${least} to ${MOST_ROWS}`);
}
