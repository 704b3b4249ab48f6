import { RunbackError } from '../../../lib/index.js';
import type { PlatformRecord, Value } from '../../../records/index.js';
import type { ObjectDescription } from '../description/form.js';
import type { Described } from '../description/load.js';
import type { RestApi } from '../wire/api.js';
import { outlineOf } from '../wire/outline.js';
import { valueAt } from '../wire/paths.js';
import { keyIn, Misfit, valueOf } from '../wire/values.js';

/** One object type as it is described, and where. */
export interface Type {
  readonly api: RestApi;
  readonly object: string;
  readonly of: ObjectDescription;
  readonly placeOf: Described['placeOf'];
  /** The fields that are asked for; others do not get into records. Default: all. */
  readonly fields?: ReadonlySet<string>;
  /** The request whose answer is looked at, for messages: `GET /people?limit=10`. */
  readonly request?: string;
}

/**
 * The error for an answer that is not as described. `part`: where the description says so. `why`: `it has no list at data`.
 * `answer`: shown by its names and kinds alone, since its values are people's.
 */
export function misdescribed({ api, object, placeOf, request }: Type, part: readonly string[], why: string, answer?: unknown): RunbackError {
  const { name, platform } = api.words;
  const place = placeOf(['objects', object, ...part]);
  const asked = request === undefined ? [] : [`It was asked: ${api.redact(request)}`];
  const shown = answer === undefined ? [] : [`It answered: ${outlineOf(answer)}`];
  return new RunbackError('platform-nonsense', `Platform ${platform}: an answer of ${name} is not as described: ${why} (${place})`, {
    ...(asked.length + shown.length === 0 ? {} : { why: [...asked, ...shown].join('. ') }),
    state: 'Nothing was written by this request.',
    next: `Correct ${place}, or see what else is not as described: runback doctor --probe --platform ${platform}`,
    data: { place, ...(request === undefined ? {} : { request: api.redact(request) }) },
  });
}

/** A record of an answer. Throws `platform-nonsense` where it is not as described. */
export function recordOf(type: Type, item: unknown): PlatformRecord {
  const { api, of } = type;
  const key = keyOf(type, item);
  const inner = of.fields_at === undefined ? item : valueAt(item, of.fields_at);
  const [fields, meta]: [Record<string, Value>, Record<string, Value>] = [{}, {}];
  for (const [name, field] of Object.entries(of.fields)) {
    if (type.fields?.has(name) === false) continue;
    try {
      (field.read_only ? meta : fields)[name] = valueOf(valueAt(inner, field.at ?? name), name, field, api.says);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      throw misdescribed(type, ['fields', name], `field ${name} of ${type.object} ${key} ${error.message}`, item);
    }
  }
  return { key, fields, meta };
}

/** Its key. Throws `platform-nonsense` where there is none. */
export function keyOf(type: Type, item: unknown): string {
  const key = keyIn(valueAt(item, type.of.key), type.of);
  if (key === undefined) throw misdescribed(type, ['key'], `a record of ${type.object} has no ${type.of.key_type} at ${type.of.key}`, item);
  return key;
}
