import type { CallOptions } from '../../../lib/index.js';
import type { Link } from '../../../records/index.js';
import type { ReadLinksRequest } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { prefixOf, wholeId } from '../wire/ids.js';
import { piecesOf, type Query, rowsOf } from './query.js';
import { keyOf } from './records.js';

/**
 * References of one kind, as pairs. `prefix`: what ids of the object type at their end begin with, where a field may refer to several;
 * undefined where all do.
 */
export async function* readLinks(
  api: SalesforceApi,
  { link, fromKeys, toKeys }: ReadLinksRequest,
  prefix: string | undefined,
  call: CallOptions,
): AsyncGenerator<readonly Link[]> {
  const { kind: name } = link;
  const set: Query = { names: ['Id', name], object: link.from, where: [`${name} != null`] };
  const ids = (keys: readonly string[] | undefined): readonly string[] => [...new Set(keys)].filter((key) => wholeId(key) === key);
  const isAll = fromKeys === undefined && toKeys === undefined;
  const queries = isAll ? [set] : [...piecesOf(api, set, 'Id', ids(fromKeys)), ...piecesOf(api, set, name, ids(toKeys))];
  // A record has one such reference.
  const given = isAll ? undefined : new Set<string>();
  for (const query of queries)
    for await (const { rows } of rowsOf(api, query, call)) {
      const links = rows.flatMap((row): Link[] => {
        const to = typeof row[name] === 'string' ? wholeId(row[name]) : undefined;
        const from = keyOf(api, row);
        if (to === undefined || given?.has(from) === true || (prefix !== undefined && prefixOf(to) !== prefix)) return [];
        given?.add(from);
        return [{ from, to }];
      });
      yield links;
    }
}
