import type { PlatformSchema } from '../connectors/index.js';
import type { FieldSchema } from '../records/index.js';
import type { Sandbox } from '../sandbox/index.js';
import { fieldsIn } from './fields.js';

/** The fields of a sandbox on a stage, and the options of their choices, which may change while it stands. */
export class StagedChoices {
  #objects: PlatformSchema['objects'];
  /** What those that changed offered at first, by `<object>/<field>`. */
  readonly #first = new Map<string, readonly string[]>();

  /** `schema`: as the connector describes the account at first. */
  constructor(
    private readonly sandbox: Sandbox,
    schema: PlatformSchema,
  ) {
    this.#objects = schema.objects;
  }

  fields(object: string): readonly FieldSchema[] {
    return fieldsIn(this.#objects, object);
  }

  set(object: string, field: string, options: readonly string[]): void {
    const before = this.#optionsOf(object, field);
    this.sandbox.setOptions?.(object, field, options);
    const name = `${object}/${field}`;
    if (!this.#first.has(name)) this.#first.set(name, before);
    const changed = (each: FieldSchema): FieldSchema => (each.name === field ? { ...each, options } : each);
    this.#objects = this.#objects.map((each) => (each.object === object ? { ...each, fields: each.fields.map(changed) } : each));
  }

  /**
   * Adds what was taken away, as a person does in the settings; what is new stays, since records may hold it. Gives the
   * names of the fields, `<object>/<field>`.
   */
  putBack(): readonly string[] {
    const names: string[] = [];
    for (const [name, first] of this.#first) {
      const [object = '', field = ''] = name.split('/');
      const now = this.#optionsOf(object, field);
      if (first.every((option) => now.includes(option))) continue;
      this.set(object, field, [...new Set([...first, ...now])]);
      names.push(name);
    }
    return names;
  }

  #optionsOf(object: string, field: string): readonly string[] {
    return this.fields(object).find(({ name }) => name === field)?.options ?? [];
  }
}
