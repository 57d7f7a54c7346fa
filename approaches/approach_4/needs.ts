/** MiB that the pods request that cannot run on a control plane: staging's, production's, and metrics-server. */
export const WORKER_MEMORY = 456 + 712 + 200;
