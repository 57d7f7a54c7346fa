import { join } from 'node:path';
import { countOf } from '../../../../approaches/approach_2/services/swarm.ts';
import { failure, sh } from '../../../../provision/index.ts';
import { checkout, type Provisioned } from '../provisioner.ts';
import { anotherRelease, bad } from '../releases.ts';
import type { Bounds, Scenario } from '../scenario.ts';
import { autoscale } from './autoscale.ts';
import { rotateSecret } from './secret.ts';
import { serviceNamed, services, type Target } from './target.ts';

/** Planned operations. */
export const maintenance: readonly Scenario<Target>[] = [
  {
    name: 'update',
    description: 'a new release is deployed',
    bounds: { protects: 'all', healthySeconds: 120 },
    mayReplace: [services.app, 'migrate'],
    prepare: async (target) => async () => {
      const { exitCode, errors } = await deploy(target, '// another release');
      if (exitCode !== 0) throw failure({ what: 'the release was refused', said: errors.join('\n') });
      return undefined;
    },
  },
  badRelease('crash', 'a release that crashes at startup is deployed', bad.crash, /this release is broken/),
  badRelease('never-ready', 'a release that never becomes ready is deployed', bad.neverReady, /\bapp\b/),
  badRelease('500', 'a release that answers every request with 500 is deployed', bad.answers500, /\bapp\b/),
  {
    name: 'scale',
    description: `${services.app} is scaled 2 → 6 → 2`,
    bounds: { protects: 'all', healthySeconds: 180 },
    async prepare(target) {
      const { cluster } = await target.probe();
      const before = countOf(serviceNamed(cluster, services.app), cluster).wanted;
      return async () => {
        for (const replicas of [2, 6, 2]) await target.scale(services.app, replicas);
        return () => target.scale(services.app, before);
      };
    },
  },
  autoscale,
  {
    name: 'drain',
    description: 'a worker is drained for 60 s',
    bounds: { protects: 'all', healthySeconds: 120 },
    holdSeconds: 60,
    async prepare(target) {
      const [manager, { name }] = [await target.manager(), await target.statelessWorker()];
      const set = async (availability: 'drain' | 'active') => {
        const node = sh`docker node ls -q --filter ${`node.label=host=${name}`}`;
        await target.on(manager, sh`docker node update --availability ${availability} $(${node}) >/dev/null`);
      };
      return async () => {
        await set('drain');
        return () => set('active');
      };
    },
  },
  rotation('rotate-secret', 'mysql', "the application's MariaDB password is rotated", {
    protects: 'all',
    healthySeconds: 60,
  }),
  rotation('rotate-redis-secret', 'redis', 'the password of Redis and Sentinel is rotated', {
    protects: 'idempotent',
    losesSeconds: 20,
    healthySeconds: 420,
  }),
];

/** A bad release, which must be refused with the reason; the cluster rolls back by itself. */
function badRelease(name: string, description: string, code: string, reason: RegExp): Scenario<Target> {
  return {
    name: `bad-release-${name}`,
    description,
    bounds: { protects: 'all', healthySeconds: 120 },
    prepare: async (target) => async () => {
      const { exitCode, errors } = await deploy(target, code);
      const said = errors.join('\n');
      if (exitCode === 0) throw failure({ what: 'a bad release was accepted' });
      if (reason.test(said)) return undefined;
      throw failure({ what: 'a bad release was refused without naming the reason', said });
    },
  };
}

/** Changes a secret in the secrets file and provisions again, as a person does. */
function rotation(name: string, secret: string, description: string, bounds: Bounds): Scenario<Target> {
  return {
    name,
    description,
    bounds,
    prepare: async (target) => async () => {
      const revert = rotateSecret(join(checkout, '.secrets', `${target.approach}.json`), secret);
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
