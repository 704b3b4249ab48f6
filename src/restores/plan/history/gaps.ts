import { watchedFields, type ObjectSchema } from '../../../records/index.js';
import type { HistoryGap, HistoryRead, NotCovered, PlanFilters } from '../../types.js';
import type { Finding } from './finding.js';
import type { Gathered } from './reading.js';

/** What the histories of one object type came to, and what they do not tell. */
export class ObjectTally {
  #read = 0;
  #written = 0;
  #created = 0;
  #linked = 0;
  #deleted = 0;
  readonly #unknown = new Map<string, number>();
  readonly #untold = new Map<string, number>();
  #lacking = 0;

  /** Takes in that the history of one record was read. */
  read(records: number): void {
    this.#read += records;
  }

  count({ written, created, linked, deleted, unknown = [], untold = [] }: Finding): void {
    if (written === true || created === true) this.#written += 1;
    if (created === true) this.#created += 1;
    if (linked === true) this.#linked += 1;
    if (deleted === true) this.#deleted += 1;
    for (const why of new Set(unknown)) this.#unknown.set(why, (this.#unknown.get(why) ?? 0) + 1);
    if (untold.length > 0) this.#lacking += 1;
    for (const field of untold) this.#untold.set(field, (this.#untold.get(field) ?? 0) + 1);
  }

  told(object: string, { of }: Gathered): HistoryRead['objects'][number] {
    return { object, read: this.#read, of, written: this.#written };
  }

  /** What is not covered, as lines of the plan's header. */
  gaps(schema: ObjectSchema, { deleted, begins }: Gathered, filters: PlanFilters, isLinked: boolean): readonly NotCovered[] {
    const { object } = schema;
    const gaps: NotCovered[] = [];
    const add = (extent: HistoryGap, why: string, more: Pick<NotCovered, 'records' | 'fields'> = {}): void => {
      gaps.push({ object, extent, why, ...more });
    };
    if (this.#created > 0)
      add('created', 'the incident created them. They had no earlier values, and this plan deletes nothing', { records: this.#created });
    const left = deleted === undefined ? undefined : deleted - this.#deleted;
    const others = this.#deleted > 0 ? 'no other is' : 'none is';
    if (left === undefined) add('deleted', `how many records were deleted since the window began is not known; ${others} created again`);
    else if (left > 0)
      add(
        'deleted',
        this.#deleted > 0
          ? 'deleted since the window began, and not by the incident. None of them is created again'
          : 'deleted since the window began, whoever did it. Their history is not read, and none is created again',
        { records: left },
      );
    if (isLinked && filters.fields === undefined)
      add('links', 'the platform keeps no history of links, so none is made or removed', this.#linked > 0 ? { records: this.#linked } : {});
    if (begins === null) add('beyond', 'the history tells nothing of them, so it is not known who wrote them');
    else if (begins !== undefined && Date.parse(begins) > Date.parse(filters.since ?? ''))
      add('beyond', `the history begins at ${begins}, within the window. What was written before that is not known`);
    for (const why of ['beyond', 'merged', 'untold', 'unsure'] as const) {
      const records = this.#unknown.get(why) ?? 0;
      if (records > 0) add(why, WHY[why], { records });
    }
    if (this.#untold.size > 0)
      add('fields', 'they hold values, but the platform tells no history of them', {
        records: this.#lacking,
        fields: [...this.#untold.keys()].sort(),
      });
    if (watchedFields(schema).length > 0 && filters.fields === undefined)
      add('consent', 'consent that is kept outside of the fields of a record is not looked at');
    return gaps;
  }
}

const WHY: Readonly<Record<'beyond' | 'merged' | 'untold' | 'unsure', string>> = {
  beyond: 'values that stood before the window are not among the changes that the platform keeps. They are left as they are',
  merged: 'other records were merged into them, and their history does not tell which earlier value was theirs. They are left as they are',
  untold: 'the history does not tell which value stood there before. They are left as they are',
  unsure:
    'their time has no zone, and clocks were set back then: nothing tells whether they were written within the window. They are left as they are',
};
