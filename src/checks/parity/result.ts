import type { SettingArea } from '../../connectors/index.js';
import type { Apart, LeakFindings } from '../../stages/index.js';

/** What became of one thing that was compared. */
export interface JudgedItem {
  /** `fields/contacts.jobtitle#length` */
  readonly item: string;
  readonly area: SettingArea | 'leak';
  readonly status: 'accepted' | 'different' | 'unreadable';
  /** What either side says, in words; absent where it could not be read. */
  readonly test?: string;
  readonly production?: string;
  /** Why it could not be read. */
  readonly why?: string;
  readonly reason?: string;
  /** Last day of an acceptance. */
  readonly until?: string;
  /** It was accepted until then, and is not any more. */
  readonly expired?: true;
}

/** Counts of an area. */
export interface AreaCounts {
  readonly area: SettingArea;
  readonly same: number;
  readonly accepted: number;
  readonly different: number;
  readonly unreadable: number;
}

/** What came of looking for the marker. `off`: as parity.yml says; `skipped`: as whoever started it said. */
export type LeakResult =
  | { readonly status: 'off' | 'skipped' }
  | (Omit<LeakFindings, 'read' | 'sightings'> & {
      readonly settle: string;
      /** Where markers were written. */
      readonly marked: readonly { readonly object: string; readonly key: string; readonly field: string }[];
      readonly read: readonly { readonly platform: string; readonly objects: LeakFindings['read'][number]['objects']; readonly why?: string }[];
      /** `from`: the text that it was written to in the test environment. */
      readonly sightings: readonly {
        readonly platform: string;
        readonly object: string;
        readonly key: string;
        readonly field: string;
        readonly from: string;
      }[];
    });

/** What a check came to. */
export interface ParityResult {
  readonly check: string;
  readonly test: string;
  readonly production: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /**
   * `like`: nothing differs that is not accepted, everything was read, and no leak was seen where one was looked for. `refused`: the two
   * are, or may be, one, so that nothing was compared or written.
   */
  readonly verdict: 'like' | 'different' | 'unproven' | 'refused';
  /** Why it was refused. */
  readonly because?: string;
  readonly apart: readonly Apart[];
  readonly counts: readonly AreaCounts[];
  /** Everything that is not the same. */
  readonly items: readonly JudgedItem[];
  /** Areas that platforms of this kind do not have. */
  readonly none: readonly SettingArea[];
  /** Areas that parity.yml leaves out. */
  readonly left_out: readonly SettingArea[];
  /** Acceptances of nothing that differs. */
  readonly unneeded: readonly string[];
  readonly leak: LeakResult;
  /** What guards could not look at, in words. */
  readonly unseen: readonly string[];
}
