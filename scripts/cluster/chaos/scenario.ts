import type { Target } from './target.ts';

/** A fault or a planned operation, and what must hold while it lasts. */
export interface Scenario {
  readonly name: string;
  /** What happens, for the table. */
  readonly description: string;
  /** The requests that must not be lost: all, idempotent ones, reads only, or none. */
  readonly protects: 'all' | 'idempotent' | 'reads' | 'nothing';
  /** Seconds that the fault lasts before it is reverted. */
  readonly holdSeconds?: number;
  /** Services whose tasks the next provisioning run may replace, such as those of another release. */
  readonly mayReplace?: readonly string[];
  /** Runs before the load: chooses the target of the fault and makes sure that the experiment is meaningful. */
  prepare(target: Target): Promise<Inject>;
}

/** Injects the fault and returns how to revert it. Resolves once it has taken effect. */
export type Inject = () => Promise<Revert | undefined>;

export type Revert = () => Promise<void>;
