import { type Suite, suiteOf } from './suite.ts';
import { faults } from './swarm/faults.ts';
import { maintenance } from './swarm/maintenance.ts';
import { newTarget } from './swarm/target.ts';

/** The scenarios of a Docker Swarm. */
export const swarm = suiteOf([...maintenance, ...faults], newTarget);

export const suiteFor = (_approach: string): Suite => swarm;

/** The names of all scenarios of all suites. */
export const scenarioNames: readonly string[] = [swarm].flatMap(({ all }) => all.map(({ name }) => name));
