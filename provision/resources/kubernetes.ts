import { kubernetesSecret, secretRemoved } from './kubernetes/secret.ts';

/** Objects of a Kubernetes cluster, by the program `kubectl` that is on the host. */
export const kubernetes = {
  secret: Object.assign(kubernetesSecret, { absent: secretRemoved }),
};
