import type { Host } from '../../../provision/index.ts';
import { oneOf } from '../../command/options.ts';
import type { Sessions } from '../sessions.ts';
import { type ExperimentOptions, type Result, runExperiment } from './experiment.ts';
import type { Power } from './power.ts';
import type { Scenario } from './scenario.ts';
import type { Subject } from './subject.ts';

/** What every kind of cluster under test is made from. */
export interface TargetOptions {
  readonly approach: string;
  /** The environment that gets the load; undefined: the only one, or production. */
  readonly environment?: string | undefined;
  readonly hosts: readonly Host[];
  /** They observe the cluster. */
  readonly sessions: Sessions;
  /** They inject faults, so that a command that takes long does not hold up the observation. */
  readonly commands: Sessions;
  /** Arguments for every provisioning run: where the machines are, and variables. */
  readonly where: readonly string[];
  readonly words: readonly string[];
  readonly power: Power;
  readonly progress: (line: string) => void;
}

/** The scenarios of an approach. */
export interface Suite {
  readonly all: readonly Named[];
  /** The scenarios with a name, or whose names begin with it. @throws ProvisionError (input) if there are none */
  matching(name: string): readonly Named[];
  /** The result, or the reason why this cluster cannot have the fault. @throws ProvisionError if it is not healthy */
  run(scenario: Named, options: TargetOptions, experiment: ExperimentOptions): Promise<Result | string>;
}

export type Named = Pick<Scenario<never>, 'name' | 'description'>;

export function suiteOf<Target extends Subject>(
  all: readonly Scenario<Target>[],
  newTarget: (options: TargetOptions) => Target,
): Suite {
  const names = all.map(({ name }) => name);
  const matching = (name: string) => {
    const found = all.filter((one) => one.name === name || one.name.startsWith(`${name}-`));
    return found.length > 0 ? found : all.filter((one) => one.name === oneOf('scenario', names, name));
  };
  return {
    all,
    matching,
    run: async ({ name }, options, experiment) => {
      const scenario = all.find((one) => one.name === name) as Scenario<Target>;
      const target = newTarget(options);
      return (await scenario.skip?.(target)) ?? (await runExperiment(target, scenario, experiment));
    },
  };
}
