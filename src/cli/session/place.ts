import type { Clock } from '../../lib/index.js';
import type { ChannelDeps } from '../../notify/index.js';
import type { ApprovalServices } from '../../runbooks/index.js';
import type { Store } from '../../store/index.js';
import type { Workspace } from '../../workspace/index.js';

/** What a session has of its workspace, for what works in one; see `Session`. */
export interface Place {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly clock: Clock;
  /** Who works. */
  readonly by: string;
  /** Who may approve what; undefined where nothing is said of it. */
  approvals(): Promise<ApprovalServices | undefined>;
  /** What channels are opened with. */
  channelDeps(): ChannelDeps;
}
