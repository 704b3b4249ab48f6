import type { Counts } from '../sandbox.js';

/** A write as far as counting goes. */
export interface CountedWrite {
  readonly action: string;
  readonly object: string;
  readonly id: string;
}

/** Counts requests as they come and go. */
export class RequestCounter {
  private requests = 0;

  /** `id`: what stands between two slashes and is an id of the vendor. */
  constructor(private readonly id = /^\d{5,}$/) {}

  private readonly byEndpoint = new Map<string, number>();
  private readonly byStatus = new Map<string, number>();

  came(method: string, path: string): void {
    this.requests += 1;
    bump(
      this.byEndpoint,
      `${method} ${path
        .split('/')
        .map((part) => (this.id.test(part) ? '{id}' : part))
        .join('/')}`,
    );
  }

  answered(status: number): void {
    bump(this.byStatus, String(status));
  }

  reset(): void {
    this.requests = 0;
    this.byEndpoint.clear();
    this.byStatus.clear();
  }

  /** The counts, with the writes that took place. `nameOf` tells what a created record is known by. */
  report<W extends CountedWrite>(writes: readonly W[], limited: number, nameOf: (entry: W) => string | undefined): Counts {
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
