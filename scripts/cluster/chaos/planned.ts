import { join } from 'node:path';
import { countOf } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, sh } from '../../../provision/index.ts';
import { autoscale } from './autoscale.ts';
import { anotherRelease, bad } from './checkouts.ts';
import { checkout, type Provisioned } from './provision.ts';
import type { Scenario } from './scenario.ts';
import { rotate } from './secret.ts';
import { roles, type Stage, serviceNamed } from './stage.ts';

/** What people do to a cluster on purpose: no request may be lost. */
export const planned: readonly Scenario[] = [
  {
    name: 'update',
    words: 'a new release, rolled out',
    keeps: 'all',
    replaced: [roles.app, 'migrate'],
    aim: async (stage) => async () => {
      const { exitCode, errors } = await release(stage, '// another release');
      if (exitCode !== 0) throw failure({ what: 'the release was refused', said: errors.join('\n') });
      return undefined;
    },
  },
  badRelease('crash', 'a release that ends as soon as it starts', bad.crash, /this release is broken/),
  badRelease('never-ready', 'a release that never becomes ready', bad.neverReady, /\bapp\b/),
  badRelease('500', 'a release that answers 500 to everything', bad.answers500, /\bapp\b/),
  {
    name: 'scale',
    words: `${roles.app} 2 → 6 → 2`,
    keeps: 'all',
    async aim(stage) {
      const { cluster } = await stage.probe();
      const before = countOf(serviceNamed(cluster, roles.app), cluster).wanted;
      return async () => {
        for (const replicas of [2, 6, 2]) await stage.scale(roles.app, replicas);
        return () => stage.scale(roles.app, before);
      };
    },
  },
  autoscale,
  {
    name: 'drain',
    words: 'a worker is drained for a minute, and taken back',
    keeps: 'all',
    hold: 60,
    async aim(stage) {
      const [manager, { name }] = [await stage.manager(), await stage.calmWorker()];
      const set = async (availability: 'drain' | 'active') => {
        const node = sh`docker node ls -q --filter ${`node.label=host=${name}`}`;
        await stage.on(manager, sh`docker node update --availability ${availability} $(${node}) >/dev/null`);
      };
      return async () => {
        await set('drain');
        return () => set('active');
      };
    },
  },
  rotation('rotate-secret', 'mysql', "the application's password for MariaDB is made anew", 'all'),
  rotation(
    'rotate-redis-secret',
    'redis',
    'the password of Redis and the Sentinels is made anew',
    'idempotent',
  ),
];

/** Refused, with its reason, and the cluster has gone back by itself. */
function badRelease(name: string, words: string, code: string, reason: RegExp): Scenario {
  return {
    name: `bad-release-${name}`,
    words,
    keeps: 'all',
    aim: async (stage) => async () => {
      const { exitCode, errors } = await release(stage, code);
      const said = errors.join('\n');
      if (exitCode === 0) throw failure({ what: 'a bad release was taken' });
      if (reason.test(said)) return undefined;
      throw failure({ what: 'a bad release was refused, and it is not said why', said });
    },
  };
}

/** As a person does it: another in the file where secrets are kept, and the provisioner run again. */
function rotation(name: string, secret: string, words: string, keeps: Scenario['keeps']): Scenario {
  return {
    name,
    words,
    keeps,
    aim: async (stage) => async () => {
      const undo = rotate(join(checkout, '.secrets', `${stage.approach}.json`), secret);
      const { exitCode, errors } = await stage.provision();
      if (exitCode === 0) return undefined;
      undo();
      throw failure({ what: 'the secret could not be rotated', said: errors.join('\n') });
    },
  };
}

async function release(stage: Stage, code: string): Promise<Provisioned> {
  const { folder, remove } = anotherRelease(code);
  return await stage.provision({ from: folder }).finally(remove);
}
