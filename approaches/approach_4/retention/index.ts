import { kubectl } from '../../../provision/authoring.ts';
import { handler, role, sh } from '../../../provision/index.ts';
import { images } from './images.ts';
import { vars } from './vars.ts';

/** The registry does not keep old images of TheAPP. The host is the control plane that runs the registry. */
export const retention = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars: { images: keep, used, registry, ready_seconds } }) =>
    registry ? [images(registry, { keep, used, collect: collect(ready_seconds) })] : [],
});

/**
 * The pod of the registry collects the layers of removed images before the registry starts again: nobody can push
 * meanwhile, and the registry forgets which layers it had.
 */
const collect = (seconds: number) =>
  handler(
    'collect the layers of removed images',
    sh`${kubectl} --namespace=registry rollout restart deployment/registry >/dev/null`,
    sh`${kubectl} --namespace=registry rollout status deployment/registry --timeout=${`${seconds}s`} >/dev/null`,
  );
