import { SETTING_AREAS, type Setting, type SettingArea } from '../../connectors/index.js';
import { type Matched, matchUp } from './match.js';
import type { Setup, ToldGroup, Unread } from './setup.js';

/** One thing in which a test environment may differ from production. */
export interface Compared {
  /** Where it is: `fields/contacts.jobtitle#length`, `options/contacts.status/NEW`, `limits/DailyApiRequests#most`. */
  readonly item: string;
  readonly area: SettingArea;
  readonly is: 'same' | 'different' | 'unreadable';
  /** What either side says, in words; of what is there on both or could not be read, nothing. */
  readonly test?: string;
  readonly production?: string;
  /** Why it could not be read, and where. */
  readonly why?: string;
}

/** What was compared. */
export interface Comparison {
  readonly items: readonly Compared[];
  /** Areas that platforms of this kind do not have. */
  readonly none: readonly SettingArea[];
}

const THERE = 'there';
const MISSING = 'missing';
const NOT_SET = 'not set';

/** How two accounts differ in how they are set up. What one side did not tell is unreadable, and never the same. */
export function compareSetups(test: Setup, production: Setup, areas: readonly SettingArea[]): Comparison {
  const items = SETTING_AREAS.filter((area) => areas.includes(area) || area === 'fields').flatMap((area) =>
    compareArea(area, { test, production }, areas),
  );
  return { items, none: areas.filter((area) => test.none.includes(area) && production.none.includes(area)) };
}

type Sides<T> = Readonly<Record<'test' | 'production', T>>;

function compareArea(area: SettingArea, sides: Sides<Setup>, areas: readonly SettingArea[]): readonly Compared[] {
  const whole = unreadOf(sides, (one) => one.area === area && one.of === undefined);
  if (whole !== undefined) return [{ item: area, area, is: 'unreadable', why: whole }];
  const groups = (setup: Setup): readonly (string | undefined)[] => [
    ...setup.told.filter((one) => one.area === area).map(({ of }) => of),
    ...setup.unread.filter((one) => one.area === area).map(({ of }) => of),
    ...(area === 'fields' ? setup.absent : []),
  ];
  return [...new Set([...groups(sides.production), ...groups(sides.test)])].flatMap((of) => compareGroup(area, of, sides, areas.includes(area)));
}

/** `isWanted`: what is in it is compared too, and not only whether it is there. */
function compareGroup(area: SettingArea, of: string | undefined, sides: Sides<Setup>, isWanted: boolean): readonly Compared[] {
  const item = of === undefined ? area : `${area}/${of}`;
  const whole = unreadOf(sides, (one) => one.area === area && one.of === of && one.name === undefined);
  if (whole !== undefined) return [{ item, area, is: 'unreadable', why: whole }];
  const told = (setup: Setup): ToldGroup | undefined => setup.told.find((one) => one.area === area && one.of === of);
  const [test, production] = [told(sides.test), told(sides.production)];
  if (test === undefined || production === undefined) {
    // That an object type is missing is told once.
    if (area !== 'fields') return [];
    if (test !== undefined || production !== undefined) return existence(item, area, test !== undefined, production !== undefined);
    const isNowhere = of !== undefined && sides.test.absent.includes(of) && sides.production.absent.includes(of);
    return isNowhere ? [{ item, area, is: 'unreadable', why: 'neither has such an object type' }] : [];
  }
  if (!isWanted) return existence(item, area, true, true);
  const hidden = [...sides.test.unread, ...sides.production.unread].flatMap((one) => (one.area === area && one.of === of ? (one.name ?? []) : []));
  const shown = ({ settings }: ToldGroup): readonly Setting[] => settings.filter(({ name }) => !hidden.includes(name));
  const separator = of === undefined ? '/' : '.';
  return [
    ...(of === undefined ? [] : existence(item, area, true, true)),
    ...[...new Set(hidden)].map((name): Compared => ({
      item: `${item}${separator}${name}`,
      area,
      is: 'unreadable',
      why: unreadOf(sides, (one) => one.area === area && one.of === of && one.name === name) ?? '',
    })),
    ...matchUp(shown(test), shown(production)).flatMap((one) => compareOne(`${item}${separator}${one.name}`, area, one)),
  ];
}

function compareOne(item: string, area: SettingArea, { test, production }: Matched): readonly Compared[] {
  const there = existence(item, area, test !== undefined, production !== undefined);
  if (test === undefined || production === undefined) return there;
  return [...there, ...facets(item, area, test, production), ...parts(item, area, test.parts ?? [], production.parts ?? [])];
}

function existence(item: string, area: SettingArea, test: boolean, production: boolean): readonly Compared[] {
  if (test && production) return [{ item, area, is: 'same' }];
  return [{ item, area, is: 'different', test: test ? THERE : MISSING, production: production ? THERE : MISSING }];
}

function facets(item: string, area: SettingArea, test: Setting, production: Setting): readonly Compared[] {
  const own = ({ id, name, says }: Setting, other: Setting): Setting['says'] => ({
    ...(name === other.name ? {} : { name }),
    ...(id === undefined || other.id === undefined ? {} : { id }),
    ...says,
  });
  const [here, there] = [own(test, production), own(production, test)];
  return [...new Set([...Object.keys(there), ...Object.keys(here)])].map((name) => compareTexts(`${item}#${name}`, area, here[name], there[name]));
}

function compareTexts(item: string, area: SettingArea, test: Setting['says'][string] | undefined, production: typeof test): Compared {
  return test === production ? { item, area, is: 'same' } : { item, area, is: 'different', test: words(test), production: words(production) };
}

function parts(item: string, area: SettingArea, test: readonly Setting[], production: readonly Setting[]): readonly Compared[] {
  const matched = matchUp(test, production);
  const common = matched.filter((one) => one.test !== undefined && one.production !== undefined);
  const order = (of: readonly Setting[], side: 'test' | 'production'): string =>
    [...common]
      .sort((a, b) => of.indexOf(a[side] as Setting) - of.indexOf(b[side] as Setting))
      .map(({ name }) => name)
      .join(', ');
  const inOrder = common.length < 2 ? [] : [compareTexts(`${item}#order`, area, order(test, 'test'), order(production, 'production'))];
  return [...inOrder, ...matched.flatMap((one) => compareOne(`${item}/${one.name}`, area, one))];
}

function words(value: Setting['says'][string] | undefined): string {
  if (value === undefined) return NOT_SET;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** Why something was not read, on either side; undefined where it was on both. */
function unreadOf(sides: Sides<Setup>, isIt: (one: Unread) => boolean): string | undefined {
  const said = (['test', 'production'] as const).flatMap((side) =>
    sides[side].unread.filter(isIt).map(({ why }) => `${side === 'test' ? 'test environment' : 'production'}: ${why}`),
  );
  return said.length === 0 ? undefined : said.join('; ');
}
