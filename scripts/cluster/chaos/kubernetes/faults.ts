import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../../../approaches/approach_4/cluster/objects.ts';
import { failure } from '../../../../provision/index.ts';
import { cutPower } from '../power.ts';
import type { Inject, Scenario } from '../scenario.ts';
import { controlPlanesOf, spread, workerWithoutPrimary } from './placement.ts';
import { moveMasterOff, redisMaster } from './redis.ts';
import { signal, type Target } from './target.ts';

/** Seconds that a machine is off. */
const HOLD = 60;
/** Seconds in which the kubelet notices that a process has ended. */
const NOTICE = 20;
/**
 * Seconds in which everything without data must run again: 12 s until a node counts as lost, and 5 s until its pods are
 * replaced (defaults.yml of the role kubernetes). The rest is for the new pods to start.
 */
const STATELESS = 60;
/** Seconds after the return of a node in which its data must be back: it boots, its pods start, and servers replay their logs. */
const DATA = 60;

/** Faults that happen to a cluster. */
export const faults: readonly Scenario<Target>[] = [
  {
    name: 'kill-app',
    description: 'an application container is killed',
    // requests in flight in one of at least two replicas
    bounds: { protects: 'idempotent', losesSeconds: 0.5, healthySeconds: STATELESS },
    holdSeconds: NOTICE,
    prepare: async (target) => send(target, 'KILL', (await target.pods('app'))[0]),
  },
  {
    name: 'hang-app',
    description: 'an application container hangs (SIGSTOP)',
    // one of at least two replicas receives requests until two readiness checks of 5 s have failed
    bounds: { protects: 'idempotent', losesSeconds: 8, healthySeconds: STATELESS },
    prepare: async (target) => hang(target, (await target.pods('app'))[0]),
  },
  {
    name: 'worker-power-cut',
    description: `a worker without the MariaDB primary loses power for ${HOLD} s`,
    // half of everything until the node counts as lost: 12 s without a report, then kube-proxy must know
    bounds: {
      protects: 'idempotent',
      losesSeconds: 9,
      recoveredSeconds: STATELESS,
      healthySeconds: HOLD + DATA,
    },
    holdSeconds: HOLD,
    async prepare(target) {
      const worker = await workerWithoutPrimary(target);
      await moveMasterOff(target, worker);
      await spread(target);
      return cutPower(target, worker);
    },
  },
  controlPlane('control-plane-power-cut', `the only control plane loses power for ${HOLD} s`, 1),
  controlPlane(
    'control-plane-of-three-power-cut',
    `one of three control planes loses power for ${HOLD} s`,
    3,
  ),
  {
    name: 'redis-master-killed',
    description: 'the Redis master is killed',
    // 5 s until the Sentinels miss it, up to 10 s for the failover (sentinel-start.sh), and TheAPP's next attempt
    bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: STATELESS },
    holdSeconds: NOTICE,
    prepare: async (target) => send(target, 'KILL', await target.pod(await redisMaster(target))),
  },
  {
    name: 'redis-master-hangs',
    description: 'the Redis master hangs (SIGSTOP)',
    // lost as if it were killed; the kubelet kills it after 55 s and 5 s of grace, then it copies the data of the new master
    bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: 120 },
    prepare: async (target) => hang(target, await target.pod(await redisMaster(target))),
  },
  {
    name: 'mysql-primary-killed',
    description: 'the MariaDB primary is killed',
    // writes, until the kubelet has started it again and InnoDB has recovered
    bounds: { protects: 'reads', losesSeconds: 30, healthySeconds: STATELESS },
    holdSeconds: NOTICE,
    prepare: async (target) => send(target, 'KILL', await target.pod('mysql-0')),
  },
  {
    name: 'memcached-killed',
    description: 'Memcached is killed',
    bounds: { protects: 'all', healthySeconds: STATELESS },
    holdSeconds: NOTICE,
    prepare: async (target) => send(target, 'KILL', (await target.pods('memcached'))[0]),
  },
];

/** A control plane loses power, on a cluster that has so many of them. */
function controlPlane(name: string, description: string, number: number): Scenario<Target> {
  return {
    name,
    description,
    // only requests to its own address, until a load balancer notices
    bounds: { protects: 'idempotent', losesSeconds: 3, healthySeconds: HOLD + DATA },
    holdSeconds: HOLD,
    async skip(target) {
      const found = (await controlPlanesOf(target)).length;
      return found === number
        ? undefined
        : `the control planes of the cluster: ${found}, but the scenario needs ${number}`;
    },
    async prepare(target) {
      const host = target.host((await target.probe()).reporter);
      await moveMasterOff(target, host);
      return cutPower(target, host);
    },
  };
}

function send(target: Target, name: 'KILL' | 'STOP', pod: Pod): Inject {
  const script = signal(pod, name);
  return async () => void (await target.on(target.hostOf(pod), script));
}

/** Stops all processes of a pod, and waits until the kubelet replaces its container after failed liveness checks. */
const hang =
  (target: Target, pod: Pod): Inject =>
  async () => {
    await send(target, 'STOP', pod)();
    return () => untilRestarted(target, pod);
  };

async function untilRestarted(target: Target, { metadata, status }: Pod): Promise<void> {
  const before = status.containerStatuses?.[0]?.containerID;
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(2000)) {
    const now = await target.pod(metadata.name).catch(() => undefined);
    if (now && now.status.containerStatuses?.[0]?.containerID !== before) return;
  }
  throw failure({ place: metadata.name, what: 'the hung container was not restarted within 300 s' });
}
