import type { Context, Host } from '../../provision/index.ts';
import { kubernetes } from './index.ts';

/**
 * All control planes but the first leave the cluster, one after another: each takes its member out of etcd, for which the
 * others must still work. One that fails is left out of the run.
 */
export async function dissolve(
  work: Pick<Context<string>, 'apply' | 'remaining'>,
  controlPlanes: readonly Host[],
): Promise<void> {
  for (const host of work.remaining(controlPlanes.slice(1)).toReversed()) {
    try {
      await work.apply(host, kubernetes({ part: 'reset' }));
    } catch (error) {
      if (work.remaining([host]).length > 0) throw error;
    }
  }
}
