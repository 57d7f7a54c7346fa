import { objectsAbsent } from './kubernetes/absent.ts';
import { manifest } from './kubernetes/manifest.ts';
import { rollout } from './kubernetes/rollout.ts';
import { kubernetesSecret, secretRemoved } from './kubernetes/secret.ts';

/** Objects of a Kubernetes cluster, by the program `kubectl` that is on the host. */
export const kubernetes = {
  absent: objectsAbsent,
  manifest,
  rollout,
  secret: Object.assign(kubernetesSecret, { absent: secretRemoved }),
};
