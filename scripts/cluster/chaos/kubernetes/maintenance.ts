import { failure, sh } from '../../../../provision/index.ts';
import type { Provisioned } from '../provisioner.ts';
import { anotherRelease, badWhere } from '../releases.ts';
import type { Bounds, Scenario } from '../scenario.ts';
import { autoscale } from './autoscale.ts';
import { networkPolicy } from './network.ts';
import { evict, spread, workerWithoutPrimary } from './placement.ts';
import { moveMasterOff } from './redis.ts';
import { registry } from './registry.ts';
import { rotate } from './secret.ts';
import type { Target } from './target.ts';
import { upgrade } from './upgrade.ts';

/** Seconds that a node is drained. */
const HOLD = 60;

/** Planned operations. */
export const maintenance: readonly Scenario<Target>[] = [
  {
    name: 'update',
    description: 'a new release is deployed in all environments',
    bounds: { protects: 'all', healthySeconds: 300 },
    mayReplace: ['staging/theapp', 'production/theapp'],
    prepare: async (target) => async () => {
      const { exitCode, errors } = await deploy(target, '// another release');
      if (exitCode !== 0) throw failure({ what: 'the release was refused', said: errors.join('\n') });
      return undefined;
    },
  },
  badRelease('crash', 'crashes at startup', /this release is broken/),
  badRelease('neverReady', 'never becomes ready', /\/readyz: 503/),
  badRelease('answers500', 'answers every request with 500', /\/: 500/),
  {
    name: 'evict',
    description: 'all replicas of TheAPP are evicted; their disruption budget allows one',
    bounds: { protects: 'all', healthySeconds: 60 },
    prepare: async (target) => async () => {
      const pods = await target.pods('app');
      const refused: unknown[] = [];
      for (const { metadata } of pods)
        await evict(target, metadata.name).catch((error: unknown) => refused.push(error));
      const others = refused.filter((error) => !/disruption budget/.test(String(error)));
      if (others.length > 0) throw others[0];
      if (refused.length === pods.length - 1) return undefined;
      throw failure({
        what: `${pods.length - refused.length} of ${pods.length} replicas were evicted at once`,
      });
    },
  },
  {
    name: 'drain',
    description: `a worker without the MariaDB primary is drained for ${HOLD} s`,
    bounds: { protects: 'all', healthySeconds: HOLD + 120 },
    holdSeconds: HOLD,
    async prepare(target) {
      const worker = await workerWithoutPrimary(target);
      await moveMasterOff(target, worker);
      await spread(target);
      return async () => {
        await target.kubectl(
          sh`drain ${worker.name} --ignore-daemonsets --delete-emptydir-data --timeout=300s >/dev/null`,
          { seconds: 330 },
        );
        return async () => void (await target.kubectl(sh`uncordon ${worker.name} >/dev/null`));
      };
    },
  },
  autoscale,
  rotation('rotate-secret', 'mysql', "the application's MariaDB password is rotated", {
    protects: 'all',
    healthySeconds: 300,
  }),
  rotation('rotate-redis-secret', 'redis', 'the password of Redis and Sentinel is rotated', {
    protects: 'idempotent',
    losesSeconds: 20,
    healthySeconds: 420,
  }),
  networkPolicy,
  registry,
  upgrade,
];

/**
 * A release that is bad in the environment only, so that it passes all environments before. It must be refused with the
 * reason; Helm rolls back by itself.
 */
function badRelease(kind: keyof ReturnType<typeof badWhere>, does: string, reason: RegExp): Scenario<Target> {
  const name = { crash: 'crash', neverReady: 'never-ready', answers500: '500' }[kind];
  return {
    name: `bad-release-${name}`,
    description: `a release that ${does} is deployed`,
    bounds: { protects: 'all', healthySeconds: 420 },
    mayReplace: ['staging/theapp'],
    prepare: async (target) => async () => {
      const { exitCode, errors } = await deploy(target, badWhere(isIn(target.environment))[kind]);
      const said = errors.join('\n');
      if (exitCode === 0) throw failure({ what: 'a bad release was accepted' });
      if (reason.test(said)) return undefined;
      throw failure({ what: 'a bad release was refused without naming the reason', said });
    },
  };
}

/** A JavaScript expression that holds in the pods of a namespace: kubelets write its name into their list of domains. */
const isIn = (namespace: string) =>
  `process.getBuiltinModule('node:fs').readFileSync('/etc/resolv.conf', 'utf8').includes('search ${namespace}.svc.')`;

/** Changes a secret of the environment and provisions, as a person does. */
function rotation(name: string, secret: string, description: string, bounds: Bounds): Scenario<Target> {
  return {
    name,
    description,
    bounds,
    prepare: async (target) => async () => {
      const revert = await rotate(target, secret);
      const { exitCode, errors } = await target.provision();
      if (exitCode === 0) return undefined;
      revert();
      throw failure({ what: 'the secret could not be rotated', said: errors.join('\n') });
    },
  };
}

async function deploy(target: Target, code: string): Promise<Provisioned> {
  const { folder, remove } = anotherRelease(code);
  return await target.provision({ from: folder }).finally(remove);
}
