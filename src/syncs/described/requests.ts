import { requestOf, valueAt } from '../../connectors/index.js';
import { type CallOptions, type HttpAnswer, type HttpClient, type HttpRequest, ownValue, RunbackError } from '../../lib/index.js';
import type { ChangeDescription, ControllerDescription, ReadDescription } from '../descriptions/form.js';
import { answered } from '../drivers/wire.js';
import type { Port, Values } from './port.js';

const MOST_PAGES = 200;

interface Settings {
  /** Name of the sync. */
  readonly name: string;
  readonly says: ControllerDescription;
  readonly address: URL;
  /** Made with the first request: credentials are not resolved before. */
  readonly connect: () => Promise<HttpClient>;
}

/** Calls of a description that are requests. */
export function requestPort({ name, says, address, connect }: Settings): Port {
  const prefix = address.pathname.replace(/\/$/u, '');
  const said = ({ status, body }: HttpAnswer): string | undefined => {
    const words = says.error === undefined ? undefined : valueAt(body, says.error);
    const told = [
      ...(typeof words === 'string' ? [words] : []),
      ...(ownValue(says.hints, String(status)) === undefined ? [] : [says.hints[String(status)]]),
    ];
    return told.length === 0 ? undefined : told.join(' ');
  };
  const ask = async (call: ReadDescription, given: Values, options?: CallOptions): Promise<HttpAnswer> => {
    const { path, ...request } = requestOf(call, given);
    return answered(name, address, await (await connect()).request({ ...request, path: prefix + path, repeatable: true }, options), said);
  };
  return {
    async status(call, given, options) {
      const { status, body } = await ask(call, given, options);
      return { status, body };
    },
    async read(call, given, options) {
      if (call.items === undefined) return (await ask(call, given, options)).body;
      return await wholeList(name, call, async (cursor) => (await ask(call, { ...given, ...cursor }, options)).body);
    },
    async change(call, given, _, options) {
      const result = await (await connect()).request({ ...changeOf(call, given, prefix), repeatable: false }, options);
      if (result.kind === 'answered' && call.again?.includes(result.status) === true) return 'stale';
      answered(name, address, result, said);
      return 'sent';
    },
  };
}

function changeOf(call: ChangeDescription, given: Values, prefix: string): Pick<HttpRequest, 'method' | 'path' | 'body' | 'raw'> {
  const { method, path, body } = requestOf(call, given);
  if (call.form !== true) return { method, path: prefix + path, ...(body === undefined ? {} : { body }) };
  const text = new URLSearchParams(body as Record<string, string>).toString();
  return { method, path: prefix + path, raw: { type: 'application/x-www-form-urlencoded', text } };
}

/** All pages of a list: what is missing of it would be work that nobody waits for. */
async function wholeList(name: string, call: ReadDescription, page: (place: Values) => Promise<unknown>): Promise<unknown[]> {
  const { items = '.' } = call;
  const all: unknown[] = [];
  const seen = new Set<string>();
  for (let place: Values = { offset: 0, page: 1 }; ;) {
    const body = await page(place);
    const list = valueAt(body, items);
    if (!Array.isArray(list)) throw unclear(name, `there is no list at ${items} of the answer`);
    for (const item of list as unknown[]) all.push(item);
    const next = nextPage(name, call, { body, list, before: all.length, page: seen.size + 2 });
    if (next === undefined) return all;
    if (seen.has(next.mark) || seen.size >= MOST_PAGES)
      throw unclear(name, `its list does not end: the page ${next.told} comes again, or there are too many`);
    seen.add(next.mark);
    place = next.place;
  }
}

/** Where the next page is, and what tells this one from all others; undefined after the last one. */
function nextPage(
  name: string,
  { next, page_size: size }: ReadDescription,
  { body, list, before, page }: { readonly body: unknown; readonly list: readonly unknown[]; readonly before: number; readonly page: number },
): { readonly place: Values; readonly mark: string; readonly told: string } | undefined {
  if (size !== undefined) {
    // A tool that knows nothing of pages gives the same one again.
    const mark = JSON.stringify(list[0]);
    return list.length < size ? undefined : { place: { offset: before, page }, mark, told: String(page - 1) };
  }
  const cursor = next === undefined ? undefined : valueAt(body, next);
  if (cursor === undefined || cursor === null || cursor === '') return undefined;
  if (typeof cursor !== 'string' && typeof cursor !== 'number') throw unclear(name, `what is at ${next ?? ''} of the answer is no cursor`);
  return { place: { cursor }, mark: String(cursor), told: String(cursor) };
}

function unclear(name: string, why: string): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} did not answer as expected`, { why, next: `runback sync status ${name}` });
}
