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
  /** Before the load: what has to be so for it to prove anything. */
  prepare?(stage: Stage): Promise<void>;
  /** Does it, and answers how to take it back. It ends when all that was asked for is done. */
  inflict(stage: Stage): Promise<Undo | undefined>;
}

export type Undo = () => Promise<void>;
