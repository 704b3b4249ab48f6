import type { Document, Store } from '../../store/index.js';
import type { AlertAction, AlertState } from '../alerts/types.js';
import type { Spent } from '../measure/budget.js';
import type { Judgement } from '../types.js';

/** What was decided and is not done yet. An action that opens an incident has its id from the beginning: done twice, it is one. */
export interface PendingAction {
  readonly action: AlertAction;
  readonly incident?: string;
}

/** The incident of the latest alert of a group. */
export interface GroupIncident {
  readonly number: number;
  readonly incident: string;
  /** When the alert was well again. */
  readonly endedAt?: string;
}

/** How one series stands, as it was judged last. Times are ISO 8601, UTC. */
export interface Standing {
  readonly judgement: Judgement;
  readonly measuredAt?: string;
  /** When it was last seen to be well. */
  readonly goodAt?: string;
}

/** All that a tick leaves for the next one. */
export interface MonitorState {
  readonly version: 1;
  /** Counts the ticks that measured: who keeps histories in memory sees by it that another process has measured. */
  readonly writes: number;
  readonly alerts: AlertState;
  readonly pending: readonly PendingAction[];
  readonly incidents: Readonly<Record<string, GroupIncident>>;
  /** By the key of the series. */
  readonly standings: Readonly<Record<string, Standing>>;
  /** By platform. */
  readonly spent: Readonly<Record<string, Spent>>;
}

/** What is kept of monitors but for what they measured. */
export const stateOf = (store: Store): Document<MonitorState> => store.document<MonitorState>('monitors', 'state', { exact: 'all' });
