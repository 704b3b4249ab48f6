import { defined } from '../../../lib/index.js';
import { watchedFields } from '../../../records/index.js';
import { importedOf } from '../../../snapshots/index.js';
import type { DecideContext } from '../../decide/context.js';
import type { ChosenCells, RecordSides } from '../../types.js';
import type { DecidingContext, ObjectThenAndNow } from '../context.js';

/** What every decision about one object type depends on. */
export function rulesOf({ filters, suspicion, where, imported, chosen }: DecidingContext, type: ObjectThenAndNow): DecideContext {
  const holds = where?.(type.live);
  return {
    baseSchema: type.base,
    liveSchema: type.live,
    filters,
    suspicion,
    watched: watchedFields(type.live),
    ...(imported === undefined ? {} : { imported: { file: imported.file, of: importedOf(imported, type.base.object).of } }),
    ...(chosen === undefined
      ? defined({ where: holds })
      : {
          where: (field, sides) => isChosen(chosen, field, sides) && holds?.(field, sides) !== false,
          isChosen: (key, field) => chosen.has(type.live.object, key, field),
          since: (key, field) => chosen.since(type.live.object, key, field),
        }),
  };
}

/** Of a record as a whole that is in both snapshots, and gone since, any of its cells that was chosen counts. */
function isChosen(chosen: ChosenCells, field: string, { object, key, base, damaged }: RecordSides): boolean {
  return field === '' && base !== undefined && damaged !== undefined ? chosen.hasRecord(object, key) : chosen.has(object, key, field);
}
