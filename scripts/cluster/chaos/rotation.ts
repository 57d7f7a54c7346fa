import { requireSuccess } from './provisioner.ts';
import type { Scenario } from './scenario.ts';
import type { Subject } from './subject.ts';

/** Replaces a secret where the next provisioning run finds it. Returns how to restore the old one. */
type Replace<Target> = (target: Target, secret: string) => Promise<() => void>;

/**
 * Secrets are replaced and the machines provisioned, as an operator does. `healthySeconds` are the bounds for each secret.
 */
export function rotations<Target extends Subject>(
  replace: Replace<Target>,
  healthySeconds: Readonly<Record<'mysql' | 'redis', number>>,
): Scenario<Target>[] {
  const rotate = (secret: string) => async (target: Target) => async () => {
    const restore = await replace(target, secret);
    try {
      requireSuccess(await target.provision(), 'the secret could not be rotated');
    } catch (error) {
      restore();
      throw error;
    }
    return undefined;
  };
  return [
    {
      name: 'rotate-secret',
      description: "the application's MariaDB password is rotated",
      bounds: { protects: 'all', healthySeconds: healthySeconds.mysql },
      prepare: rotate('mysql'),
    },
    {
      name: 'rotate-redis-secret',
      description: 'the password of Redis and Sentinel is rotated',
      // the master is replaced once: what it costs when it is killed
      bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: healthySeconds.redis },
      prepare: rotate('redis'),
    },
  ];
}
