import { orchestratorOf } from '../approach.ts';
import { faults as podFaults } from './kubernetes/faults.ts';
import { maintenance as podMaintenance } from './kubernetes/maintenance.ts';
import { newTarget as newKubernetes } from './kubernetes/target.ts';
import { type Suite, suiteOf } from './suite.ts';
import { faults } from './swarm/faults.ts';
import { maintenance } from './swarm/maintenance.ts';
import { newTarget } from './swarm/target.ts';

/** The scenarios of each kind of cluster. */
export const suites = {
  swarm: suiteOf([...maintenance, ...faults], newTarget),
  kubernetes: suiteOf([...podMaintenance, ...podFaults], newKubernetes),
} as const;

export const suiteFor = (approach: string): Suite => suites[orchestratorOf(approach)];
