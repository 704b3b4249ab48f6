import { describeThere, inWords, type Platform, type Setting, type SettingArea, type ToldSettings } from '../../connectors/index.js';
import { type CallOptions, isRunbackError } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { fieldSettings, optionSettings } from './described.js';
import type { Setup, ToldGroup, Unread } from './setup.js';

/** What is read of an account. */
export interface SetupRequest {
  /** Object types; all that the credentials see where absent. */
  readonly objects: readonly string[] | undefined;
  readonly areas: readonly SettingArea[];
}

const UNTOLD = 'this connector cannot tell';
const DESCRIBED: ToldSettings = { fields: 'described', options: 'described' };

/** Reads how an account is set up; what cannot be read is said, and never guessed. Changes nothing; throws `interrupted` and bugs. */
export async function readSetup(platform: Platform, request: SetupRequest, call: CallOptions): Promise<Setup> {
  return await new SetupReader(platform, request, call).read();
}

class SetupReader {
  readonly #told: ToldGroup[] = [];
  readonly #unread: Unread[] = [];
  readonly #none: SettingArea[] = [];
  readonly #absent: string[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly request: SetupRequest,
    private readonly call: CallOptions,
  ) {}

  async read(): Promise<Setup> {
    const objects = await this.#objects();
    // Which object types there are is told in any case.
    const areas = [...new Set<SettingArea>(['fields', ...this.request.areas])];
    for (const [done, area] of areas.entries()) {
      this.call.reporter?.progress({ task: `Reading how ${this.platform.name} is set up`, done, total: areas.length, unit: 'areas' });
      await this.#area(area, objects);
    }
    return { told: this.#told, unread: this.#unread, absent: this.#absent, none: this.#none };
  }

  /** The object types that are there; undefined where that could not be read. */
  async #objects(): Promise<readonly ObjectSchema[] | undefined> {
    const described = await this.#tried({ area: 'fields' }, async () => await this.#described());
    if (described === undefined) return undefined;
    for (const { object, why, code } of described.missing)
      if (code === 'object-unsupported') this.#absent.push(this.#common(object));
      else this.#unread.push({ area: 'fields', of: this.#common(object), why });
    for (const { object, refused, withheld = [] } of described.schema.objects) {
      const of = this.#common(object);
      if (refused !== undefined) this.#unread.push({ area: 'fields', of, why: refused });
      for (const name of withheld) this.#unread.push({ area: 'fields', of, name, why: 'it is not read' });
    }
    return described.schema.objects.filter(({ refused }) => refused === undefined);
  }

  async #described(): Promise<Awaited<ReturnType<typeof describeThere>>> {
    const { connector } = this.platform;
    const { objects } = this.request;
    connector.settingsMayHaveChanged?.();
    try {
      return await describeThere(connector, objects, this.call);
    } catch (error) {
      if (objects === undefined || !isRunbackError(error, 'object-unsupported')) throw error;
      return { schema: { objects: [], links: [] }, missing: objects.map((object) => ({ object, why: inWords(error), code: error.code })) };
    }
  }

  async #area(area: SettingArea, objects: readonly ObjectSchema[] | undefined): Promise<void> {
    const { connector } = this.platform;
    const { [area]: told } = connector.capabilities.settings ?? DESCRIBED;
    if (told === 'none') return void this.#none.push(area);
    if (area === 'scopes') return this.#scopes();
    if (told === 'account') return await this.#group({ area }, async () => await this.#settings(area, undefined));
    if (told === undefined) return void this.#unread.push({ area, why: UNTOLD });
    if (objects === undefined) return void this.#unread.push({ area, why: 'its object types could not be read' });
    for (const schema of objects) await this.#group({ area, of: this.#common(schema.object) }, async () => await this.#ofObject(area, schema, told));
  }

  /** Fields and options without a word about them are those of the schema. */
  async #ofObject(area: SettingArea, schema: ObjectSchema, told: 'object' | 'described'): Promise<readonly Setting[]> {
    const more = told === 'object' ? await this.#settings(area, schema) : [];
    if (area === 'fields') return [...fieldSettings(schema), ...more];
    if (told === 'object') return more;
    return optionSettings(schema, (await this.platform.connector.optionLabels?.(schema.object, this.call)) ?? new Map());
  }

  async #settings(area: SettingArea, schema: ObjectSchema | undefined): Promise<readonly Setting[]> {
    return (await this.platform.connector.settings?.(area, schema, this.call)) ?? [];
  }

  #scopes(): void {
    const { scopes } = this.platform.identity;
    if (scopes === undefined) this.#unread.push({ area: 'scopes', why: 'the platform does not say what these credentials may' });
    else this.#told.push({ area: 'scopes', settings: [...new Set(scopes)].sort().map((name) => ({ name, says: {} })) });
  }

  async #group(of: Pick<ToldGroup, 'area' | 'of'>, read: () => Promise<readonly Setting[]>): Promise<void> {
    const settings = await this.#tried(of, read);
    if (settings !== undefined) this.#told.push({ ...of, settings });
  }

  async #tried<T>(of: Pick<Unread, 'area' | 'of'>, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!isRunbackError(error) || error.code === 'interrupted' || error.code === 'bug' || this.call.signal?.aborted === true) throw error;
      this.#unread.push({ ...of, why: inWords(error) });
      return undefined;
    }
  }

  /** Some platforms put the id of the account into names: what is the same elsewhere bears another one there. */
  #common(object: string): string {
    const { account } = this.platform.identity;
    return object.replace(account, '{account}');
  }
}
