import type { OrgState } from './org-state.js';
import type { Values } from './record.js';

/** Activities are archived after a year (help: archived activities). */
const KEPT_MS = 365 * 86_400_000;

/**
 * What Salesforce does in the background: closed tasks of more than a year ago are archived, without a stamp. A query leaves them out,
 * and one that shows the recycle bin tells of them.
 */
export class Archive {
  #day = 0;

  constructor(private readonly org: OrgState) {}

  settle(): void {
    const now = this.org.clock.now().getTime();
    const day = Math.floor(now / 86_400_000);
    if (day === this.#day) return;
    this.#day = day;
    const task = this.org.schema.find('Task');
    if (!task) return;
    for (const record of this.org.tables.all(task))
      if (isDue(record.values, now)) this.org.tables.put(task, { ...record, values: { ...record.values, IsArchived: true } });
  }
}

function isDue({ IsClosed, IsArchived, ActivityDate, CreatedDate }: Values, now: number): boolean {
  return IsClosed === true && IsArchived !== true && Date.parse(String(ActivityDate ?? CreatedDate)) < now - KEPT_MS;
}
