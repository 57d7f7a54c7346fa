import { manifest } from './kubernetes/manifest.ts';
import { rollout } from './kubernetes/rollout.ts';

/** Objects of a cluster, by the `kubectl` that is on a control plane. */
export const kubernetes = { manifest, rollout };
