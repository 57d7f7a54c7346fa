/** A fault or a planned operation, and what must hold while it lasts. `Target` is the kind of cluster it is for. */
export interface Scenario<Target> {
  readonly name: string;
  /** What happens, for the table. */
  readonly description: string;
  readonly bounds: Bounds;
  /** Seconds that the fault lasts before it is reverted. */
  readonly holdSeconds?: number;
  /** Services whose replicas the next provisioning run may replace, such as those of another release. */
  readonly mayReplace?: readonly string[];
  /** Why this cluster cannot have the fault; undefined if it can. Such a scenario is skipped. */
  skip?(target: Target): Promise<string | undefined>;
  /** Runs before the load: chooses the target of the fault and makes sure that the experiment is meaningful. */
  prepare(target: Target): Promise<Inject>;
}

/** What a scenario may cost at most. */
export interface Bounds {
  /** The requests that must not be lost: all, idempotent ones, or only reads. */
  readonly protects: 'all' | 'idempotent' | 'reads';
  /** How many of the other requests may be lost, in seconds of their rate; default: 0. */
  readonly losesSeconds?: number;
  /** Seconds after the fault until no request is lost and everything without data runs again; default: no bound of its own. */
  readonly recoveredSeconds?: number;
  /** Seconds after the fault until the cluster must be healthy again. */
  readonly healthySeconds: number;
}

/** Injects the fault and returns how to revert it. Resolves once it has taken effect. */
export type Inject = () => Promise<Revert | undefined>;

export type Revert = () => Promise<void>;
