/** What settings are about. */
export const SETTING_AREAS = [
  'fields',
  'options',
  'record-types',
  'validation-rules',
  'pipelines',
  'scopes',
  'permissions',
  'limits',
  'automations',
  'lists',
  'forms',
] as const;
export type SettingArea = (typeof SETTING_AREAS)[number];

/**
 * Where the settings of each area are told. `object`: for one object type at a time; `account`: for the account as a whole; `none`: a
 * platform of this kind has nothing like it; `described`: all there is stands in the schema, or for scopes in the
 * identity. An area that is missing cannot be told.
 */
export type ToldSettings = Readonly<Partial<Record<SettingArea, 'object' | 'account' | 'described' | 'none'>>>;

/** One thing that somebody has set up in an account. */
export interface Setting {
  /** What it is called, there and in any other account that has the same. */
  readonly name: string;
  /** What programs call it, where that is another name that each account gives anew, or may. */
  readonly id?: string;
  /** What it is set to, by short words for people. */
  readonly says: Readonly<Record<string, string | number | boolean>>;
  /** What it is made of, in its order. */
  readonly parts?: readonly Setting[];
}
