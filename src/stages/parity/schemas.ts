import type { PlatformSchema, SettingArea } from '../../connectors/index.js';
import { compareSetups } from './compare.js';
import { fieldSettings, optionSettings } from './described.js';
import type { Setup } from './setup.js';

const AREAS: readonly SettingArea[] = ['fields', 'options'];
/** Differences that a report of a drill tells. */
const MOST = 20;

/**
 * How the object types of a stage differ from those that it stands for, in words, of the object types that both have: by the
 * same comparison as a parity check. `name`: of the platform of the stage.
 */
export function schemaDifferences(name: string, stage: PlatformSchema, standsFor: PlatformSchema): readonly string[] {
  const both = stage.objects.flatMap(({ object, refused }) =>
    refused === undefined && standsFor.objects.some((other) => other.object === object && other.refused === undefined) ? [object] : [],
  );
  const { items } = compareSetups(setupOf(stage, both), setupOf(standsFor, both), AREAS);
  const lines = items.flatMap(({ item, is, test = '', production = '' }) =>
    is === 'different' ? [`${item.slice(item.indexOf('/') + 1).replace('#', ': ')} is ${test} on ${name}, and ${production} in the snapshot`] : [],
  );
  return lines.length <= MOST ? lines : [...lines.slice(0, MOST), `${lines.length - MOST} more fields and options differ`];
}

function setupOf({ objects }: PlatformSchema, names: readonly string[]): Setup {
  const told = names.flatMap((of) => {
    const schema = objects.find(({ object }) => object === of);
    if (schema === undefined) return [];
    return [
      { area: 'fields' as const, of, settings: fieldSettings(schema) },
      { area: 'options' as const, of, settings: optionSettings(schema, new Map()) },
    ];
  });
  return { told, unread: [], absent: [], none: [] };
}
