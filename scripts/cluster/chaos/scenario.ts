import type { Stage } from './stage.ts';

/** What is done to a cluster, and what has to hold meanwhile. */
export interface Scenario {
  readonly name: string;
  /** What happens, for the table. */
  readonly words: string;
  /** Which requests may not be lost: none at all; none that may be sent again; no reading ones; any may. */
  readonly keeps: 'all' | 'idempotent' | 'reads' | 'nothing';
  /** Seconds that the fault lasts before it is taken back. */
  readonly hold?: number;
  /** Services whose tasks the run of the provisioner afterwards may replace: those of another release. */
  readonly replaced?: readonly string[];
  /** Before the load: finds out to whom it is to be done, and sees to it that it proves anything. */
  aim(stage: Stage): Promise<Strike>;
}

/** Does it, at once, and answers how to take it back. It ends when all that was asked for is done. */
export type Strike = () => Promise<Undo | undefined>;

export type Undo = () => Promise<void>;
