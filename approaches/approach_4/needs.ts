import type { Environment } from './rollout.ts';

/** MiB that each environment's permanent pods request, without those that run on a control plane or on every node. */
const PODS: Readonly<Record<Environment, number>> = { staging: 456, production: 664 };
/** The same for metrics-server. */
const METRICS = 200;

/** MiB that all workers together need for these environments. */
export const workerMemory = (environments: readonly Environment[]): number =>
  environments.reduce((sum, name) => sum + PODS[name], METRICS);
