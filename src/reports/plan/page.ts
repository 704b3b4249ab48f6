import type { PlatformSchema } from '../../connectors/index.js';
import { type Block, documentHtml, documentMarkdown, type Inlines, type TextDocument } from '../../document/index.js';
import { counted, formatCount as count } from '../../lib/index.js';
import type { Fields } from '../../records/index.js';
import type { PlanAction, PlanConflict, PlanHeader, PlanSummary } from '../../restores/index.js';
import { Placeholders } from '../incident/personal.js';
import { recordInlines, shownValue } from '../shown.js';
import type { RecordLook, ShownRecord } from '../types.js';
import type { ChangeGroup, CommonValue, ConflictGroup, GroupExample, PlanGroups } from './groups.js';

/** A page is read, not searched: of more groups than this, the largest. */
const MOST_GROUPS = 60;
const MOST_WRITERS = 3;
const WHOLE = 'the whole record';

/** How the screens say what stands in plans. */
export interface PlanWords {
  readonly actions: Readonly<Record<PlanAction, string>>;
  readonly conflicts: Readonly<Record<PlanConflict['code'], string>>;
  /** What each choice about a conflict does. */
  choices(conflict: PlanConflict): { readonly keep: string; readonly restore: string };
  /** What it was limited to; empty: nothing. */
  readonly filters: string;
  /** `changes 120 records, deletes 18 records`. */
  readonly effect: string;
  /** What it does not cover, a line each. */
  readonly notCovered: readonly string[];
}

/** A plan as a page for someone who is to decide about it. */
export interface PlanPage {
  readonly plan: Pick<PlanSummary, 'header' | 'hash'>;
  readonly schema: PlatformSchema;
  readonly groups: PlanGroups;
  readonly words: PlanWords;
  readonly looks: (object: string, key: string) => RecordLook;
  /** With values of records, names and addresses; without it they are placeholders. */
  readonly personal: boolean;
}

/** The plan as one HTML file: nothing is loaded, nothing runs. The same content and order as {@link planMarkdown}. */
export function planHtml(page: PlanPage): string {
  return documentHtml(new Drawn(page).document());
}

export function planMarkdown(page: PlanPage): string {
  return documentMarkdown(new Drawn(page).document());
}

class Drawn {
  readonly #hide = new Placeholders();

  constructor(private readonly page: PlanPage) {}

  document(): TextDocument {
    const { header, hash } = this.page.plan;
    const total = Object.values(header.counts.actions).reduce((sum, n) => sum + n, 0);
    return {
      title: `Plan for ${header.platform}: ${this.page.words.effect}`,
      lead: [
        [
          'Plan ',
          { code: header.id },
          `, made by ${header.createdBy}, `,
          { time: header.createdAt },
          '. Nothing of it is written until someone applies it.',
        ],
        ['Hash: ', { code: hash }, '. An approval is bound to it: a plan that differs in one value has another.'],
        this.page.personal
          ? [{ strong: 'Contains personal data.' }, ' Keep it where such data may be kept.']
          : 'Values of records, names and addresses are replaced by placeholders such as [value 1], the same one for the same value. Keys of records and names of writers stay, unless they are addresses.',
        [
          `Examples only: the plan has ${counted(total, 'changes')}. All of them as a table: `,
          { code: `runback restore show ${header.id} --to plan.csv` },
        ],
      ],
      sections: [
        { title: 'What it does', blocks: this.#does(header) },
        { title: 'Groups of changes', blocks: this.#changes() },
        { title: 'Left for people', blocks: this.#left(header) },
        { title: 'What it does not bring back', blocks: this.#missing(header) },
        { title: 'What the platform does by itself', blocks: this.#effects(header) },
        {
          title: 'Approve and apply',
          blocks: [
            steps(
              header,
              this.page.groups.conflicts.reduce((sum, group) => sum + group.open, 0),
            ),
          ],
        },
      ],
    };
  }

  #does(header: PlanHeader): readonly Block[] {
    const { counts } = header;
    const limited = this.page.words.filters;
    const rows: [string, Inlines][] = [
      [
        'Platform',
        `${header.platform} (${header.environment}, account ${header.account}${header.address === undefined ? '' : ` at ${header.address}`})`,
      ],
      ['Records', `${count(counts.records)} of ${count(counts.of)}`],
      ['Values', count(counts.cells)],
      ...(header.history === undefined
        ? ([
            ['From the damage in', { code: header.damaged.snapshot }],
            ['Back to', { code: header.base.snapshot }],
          ] as [string, Inlines][])
        : ([['Back to', "what stood there before, by the platform's own history: there is no snapshot"]] as [string, Inlines][])),
      ...(limited === '' ? [] : ([['Limited to', limited]] as [string, Inlines][])),
      ...(counts.unproved === undefined
        ? []
        : ([
            [
              'Not proved',
              `${counted(counts.unproved, 'changes')}: nothing ties ${counts.unproved === 1 ? 'it' : 'them'} to the incident; a person included ${counts.unproved === 1 ? 'it' : 'them'}`,
            ],
          ] as [string, Inlines][])),
      ...(header.from === undefined
        ? []
        : ([['Follows from', [{ code: header.from }, `, after ${count(Object.keys(header.decisions ?? {}).length)} decisions on conflicts`]]] as [
            string,
            Inlines,
          ][])),
    ];
    return [{ kind: 'facts', caption: 'The plan', rows }];
  }

  #changes(): readonly Block[] {
    const all = this.page.groups.changes;
    if (all.length === 0) return [{ kind: 'paragraph', text: 'Nothing to write.' }];
    const groups = all.slice(0, MOST_GROUPS);
    const overview: Block = {
      kind: 'table',
      caption:
        all.length === groups.length
          ? 'What is written, the largest group first'
          : `The ${count(groups.length)} largest of ${count(all.length)} groups`,
      columns: ['What', 'Object type', 'Field', { number: 'Changes' }, 'Most common now', 'Most common afterwards', 'Written by'],
      rows: groups.map((group) => ({
        cells: [
          this.page.words.actions[group.action],
          group.object,
          group.field === '' ? WHOLE : group.field,
          count(group.changes),
          ...(group.action === 'update' ? [this.#common(group.now), this.#common(group.willBe)] : ['', '']),
          writersOf(group),
        ],
      })),
    };
    const examples: Block = {
      kind: 'table',
      caption: 'Examples of each group',
      columns: ['Record', 'Field', 'Now', 'Will be', 'Written by'],
      rows: groups.flatMap((group) => group.examples.map((example) => ({ cells: this.#example(group, example) }))),
    };
    return [overview, examples];
  }

  #example({ action, field }: ChangeGroup, example: GroupExample): readonly Inlines[] {
    const { writer = 'not known', at } = example;
    const by: Inlines = at === undefined ? writer : [`${writer}, `, { time: at }];
    const record = this.#record(example.object, example.key);
    switch (action) {
      case 'link':
      case 'unlink': {
        const end = example.to === undefined ? '' : this.#record(example.to.object, example.to.key);
        return [record, field, action === 'link' ? '(no link)' : end, action === 'link' ? end : '(no link)', by];
      }
      case 'create':
      case 'undelete':
        return [record, WHOLE, '(deleted)', `(${this.page.words.actions[action]})`, by];
      case 'delete':
        return [record, WHOLE, '(there)', '(deleted)', by];
      case 'update':
        return [record, field, this.#value(example.now), this.#value(example.willBe), by];
    }
  }

  #left(header: PlanHeader): readonly Block[] {
    const { conflicts } = this.page.groups;
    const { byHand = [] } = header.counts;
    if (conflicts.length === 0 && byHand.length === 0) return [{ kind: 'paragraph', text: 'Nothing: the plan has no conflicts.' }];
    const groups = conflicts.slice(0, MOST_GROUPS);
    const blocks: Block[] = [
      { kind: 'paragraph', text: 'Not written unless a person decides, which makes a new plan with another hash.' },
      {
        kind: 'table',
        caption: 'Conflicts',
        columns: ['Conflict', 'Object type', 'Field', { number: 'Changes' }, 'If it is kept', 'If it is restored'],
        rows: groups.map((group) => ({ cells: this.#conflict(group) })),
      },
      {
        kind: 'table',
        caption: 'Examples of each conflict',
        columns: ['Record', 'Field', 'Before', 'Damaged', 'Now', 'Conflict'],
        rows: groups.flatMap((group) =>
          group.examples.map(({ object, key, field, base, damaged, live, code }) => ({
            cells: [
              this.#record(object, key),
              field ?? WHOLE,
              this.#side(base, field),
              this.#side(damaged, field),
              this.#side(live, field),
              { code },
            ] as readonly Inlines[],
          })),
        ),
      },
    ];
    if (byHand.length > 0)
      blocks.push({
        kind: 'table',
        caption: 'Damage that cannot be written, and is fixed by hand',
        columns: ['Object type', 'Field', { number: 'Records' }, 'How'],
        rows: byHand.map(({ object, field, records, how }) => ({ cells: [object, field, count(records), how] })),
      });
    return conflicts.length === 0 ? blocks.slice(-1) : blocks;
  }

  #conflict({ code, object, field, conflicts, open, examples }: ConflictGroup): readonly Inlines[] {
    const [first] = examples;
    const choices = first && this.page.words.choices(first);
    const some = open < conflicts && open > 0 ? ` (${count(open)} of these)` : '';
    return [
      [{ code }, `: ${this.page.words.conflicts[code]}`],
      object,
      field === '' ? WHOLE : field,
      count(conflicts),
      choices?.keep ?? '',
      open === 0 ? 'not possible' : `${choices?.restore ?? ''}${some}`,
    ];
  }

  #missing({ withheld = {}, lost = [] }: PlanHeader): readonly Block[] {
    const rows: [string, string][] = [
      ...this.page.words.notCovered.map((line): [string, string] => ['Not covered', this.#text(line)]),
      ...Object.entries(withheld).map(([object, names]): [string, string] => [object, `${names.join(', ')}: never stored, and stays as it is`]),
      ...lost.flatMap(({ object, records, always, fields }) => [
        ...fields.map(({ field, what, records: n }): [string, string] => [object, `${what} (${field}) of ${counted(n, 'records')} created again`]),
        ...always.map((what): [string, string] => [object, `${what}, of ${counted(records, 'records')} created again`]),
      ]),
    ];
    return rows.length === 0
      ? [{ kind: 'paragraph', text: 'Everything that was asked for is covered.' }]
      : [{ kind: 'table', caption: 'Not covered, or not brought back', columns: ['What', 'Why'], rows: rows.map((cells) => ({ cells })) }];
  }

  #effects({ filters }: PlanHeader): readonly Block[] {
    const objects = new Set(this.page.groups.changes.map(({ object }) => object));
    const rows = this.page.schema.objects
      .filter(({ object }) => objects.has(object) && filters.objects?.includes(object) !== false)
      .flatMap(({ object, sideEffects }) => sideEffects.map((sentence) => ({ cells: [object, sentence] })));
    return rows.length === 0
      ? [{ kind: 'paragraph', text: 'The platform tells of nothing that writing these records sets off.' }]
      : [{ kind: 'table', caption: 'What writing sets off', columns: ['Object type', 'What happens'], rows }];
  }

  #record(object: string, key: string): Inlines {
    const { name, address, page } = this.page.looks(object, key);
    // A key may be an address, and so may what is made of it.
    const id = this.#text(key, true);
    const shown: ShownRecord = {
      object,
      key: id,
      ...(name === undefined ? {} : { name: this.#word(name) }),
      ...(address === undefined ? {} : { address: this.#word(address) }),
      ...(page === undefined || id !== key ? {} : { page }),
    };
    return recordInlines(shown);
  }

  #common(common: CommonValue | undefined): string {
    return common === undefined ? 'all different' : `${this.#value(common.value)} (${count(common.times)} times)`;
  }

  /** One side of a conflict: a value, or the fields of a whole record. */
  #side(value: unknown, field: string | undefined): string {
    if (field !== undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return this.#value(value);
    const held = Object.entries(value as Fields).filter(([, one]) => one !== null && one !== '');
    return held.length === 0 ? '(every field is empty)' : held.map(([name, one]) => `${name}: ${this.#value(one)}`).join('; ');
  }

  #value(value: unknown): string {
    return shownValue(this.page.personal || value === undefined ? value : this.#hide.value(value));
  }

  #word(text: string): string {
    return this.page.personal ? text : this.#hide.word(text);
  }

  /** `id`: it is the key of something. */
  #text(text: string, id = false): string {
    return this.page.personal ? text : this.#hide.text(text, id);
  }
}

function writersOf({ writers }: ChangeGroup): string {
  if (writers.length === 0) return 'not known';
  const shown = writers.slice(0, MOST_WRITERS).map(({ writer, changes }) => `${writer} (${count(changes)})`);
  return writers.length > shown.length ? `${shown.join(', ')} and ${count(writers.length - shown.length)} more` : shown.join(', ');
}

function steps({ id, environment, counts }: PlanHeader, open: number): Block {
  return {
    kind: 'facts',
    caption: 'What comes next',
    rows: [
      ['Look at every change', { code: `runback restore show ${id} --browse` }],
      ...(open > 0 ? ([['Decide the conflicts', { code: `runback restore show ${id} --decide` }]] as const) : []),
      ['Approve this hash', { code: `runback approve ${id}` }],
      ['Apply it', { code: `runback restore apply ${id} --confirm ${environment}:${counts.records}` }],
      ['Undo it', { code: 'runback restore undo latest' }],
    ],
  };
}
