import { manifest } from './kubernetes/manifest.ts';
import { rollout } from './kubernetes/rollout.ts';
import { kubernetesSecret, secretRemoved } from './kubernetes/secret.ts';

/** Objects of a Kubernetes cluster, by the program `kubectl` that is on the host. */
export const kubernetes = {
  manifest,
  rollout,
  secret: Object.assign(kubernetesSecret, { absent: secretRemoved }),
};
