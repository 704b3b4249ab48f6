import type { WriteEntry } from './state/portal.js';

/** What a sandbox was asked for and what came of it. */
export interface SandboxCounts {
  /** Requests to the API, control requests left out; those a fault or a limit refused are among them. */
  readonly requests: number;
  /** By method and path, ids replaced by `{id}`: `POST /crm/v3/objects/contacts/batch/update`. */
  readonly byEndpoint: Readonly<Record<string, number>>;
  /** Answers by status. A request whose connection was cut has none. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** 429s because a limit was really exceeded, not those a fault made. */
  readonly limited: number;
  /** Write attempts per record, `contacts/151000000012` → number, links left out. More than one for one change is a double write. */
  readonly writesPerRecord: Readonly<Record<string, number>>;
  /** The same for creates by unique value or name, so that a record created twice shows: only what occurs twice or more. */
  readonly repeatedCreates: Readonly<Record<string, number>>;
}

/** Counts requests as they come and go. */
export class RequestCounter {
  private requests = 0;
  private readonly byEndpoint = new Map<string, number>();
  private readonly byStatus = new Map<string, number>();

  came(method: string, path: string): void {
    this.requests += 1;
    bump(this.byEndpoint, `${method} ${path.replaceAll(/\/\d{5,}(?=\/|$)/g, '/{id}')}`);
  }

  answered(status: number): void {
    bump(this.byStatus, String(status));
  }

  reset(): void {
    this.requests = 0;
    this.byEndpoint.clear();
    this.byStatus.clear();
  }

  /** The counts, with the writes that took place since `firstWrite`. `nameOf` tells what a created record is known by. */
  report(writes: readonly WriteEntry[], limited: number, nameOf: (entry: WriteEntry) => string | undefined): SandboxCounts {
    const perRecord = new Map<string, number>();
    const creates = new Map<string, number>();
    for (const write of writes) {
      if (write.action === 'link' || write.action === 'unlink') continue;
      bump(perRecord, `${write.object}/${write.id}`);
      const name = write.action === 'create' ? nameOf(write) : undefined;
      if (name !== undefined) bump(creates, `${write.object}/${name}`);
    }
    return {
      requests: this.requests,
      byEndpoint: Object.fromEntries(this.byEndpoint),
      byStatus: Object.fromEntries(this.byStatus),
      limited,
      writesPerRecord: Object.fromEntries(perRecord),
      repeatedCreates: Object.fromEntries([...creates].filter(([, times]) => times > 1)),
    };
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
