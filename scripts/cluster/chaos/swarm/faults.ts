import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Host, lines, type Script, sh } from '../../../../provision/index.ts';
import { cutPower } from '../power.ts';
import type { Inject, Scenario } from '../scenario.ts';
import { services, signal, type Target } from './target.ts';

/** Seconds that a machine, a network link or a disk is unavailable. */
const HOLD = 60;
/** Seconds in which a cluster notices that a process has ended. */
const NOTICE = 20;

/**
 * Faults that happen to a cluster. The times until it is healthy are longer than those in the table of approach_2's
 * README, because emulated processors need longer to start anything.
 */
export const faults: readonly Scenario<Target>[] = [
  {
    name: 'kill-app',
    description: 'an application container is killed',
    // what it was answering, and what comes until nginx resolves the replicas again, every second
    bounds: { protects: 'idempotent', losesSeconds: 5, healthySeconds: 60 },
    holdSeconds: NOTICE,
    prepare: (target) => kill(target, services.app),
  },
  {
    name: 'hang-app',
    description: 'an application container hangs (SIGSTOP)',
    // what it gets before nginx avoids it, after 5 s without an answer each time; three health checks of up to 30 s, up to
    // 40 s to stop, and the start of another
    bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: 180 },
    holdSeconds: HOLD,
    async prepare(target) {
      const { host, id } = await target.container(services.app);
      return async () => {
        await target.on(host, signal(id, 'STOP'));
        return () => untilReplaced(target, id);
      };
    },
  },
  {
    name: 'worker-power-cut',
    description: `a worker loses power for ${HOLD} s`,
    // the managers notice it after 15 s of silence
    bounds: { protects: 'idempotent', losesSeconds: 15, healthySeconds: 120 },
    holdSeconds: HOLD,
    prepare: async (target) => cutPower(target, await target.statelessWorker()),
  },
  {
    name: 'manager-restart',
    description: 'the manager, which runs the MariaDB primary, restarts',
    // writes, while the machine boots and InnoDB recovers
    bounds: { protects: 'reads', losesSeconds: 40, healthySeconds: 120 },
    holdSeconds: NOTICE,
    async prepare(target) {
      const manager = await target.manager();
      return async () => void (await restart(target, manager));
    },
  },
  {
    name: 'network-cut',
    description: `two workers cannot reach each other for ${HOLD} s`,
    // at most half of what may not be sent again goes from one side to the other
    bounds: { protects: 'idempotent', losesSeconds: 30, healthySeconds: 120 },
    holdSeconds: HOLD,
    async prepare(target) {
      const { cluster } = await target.probe();
      const workers = cluster.nodes.filter(({ Spec }) => Spec.Role === 'worker');
      const [one, other] = workers.map(({ Status }) => Status?.Addr);
      const host = target.hosts.find(({ privateAddress }) => privateAddress === one);
      if (!host || other === undefined)
        throw failure({ what: 'the scenario needs two workers with addresses' });
      const chains = [sh`PREROUTING --source ${other}`, sh`OUTPUT --destination ${other}`];
      const drop = chains.map((rule) => sh`iptables --table raw --insert ${rule} --jump DROP`);
      const restore = chains.map(
        (rule) => sh`while iptables --table raw --delete ${rule} --jump DROP 2>/dev/null; do :; done`,
      );
      return async () => {
        await target.on(host, lines([revertLater(lines(restore)), ...drop]));
        return async () => void (await target.on(host, lines(restore)));
      };
    },
  },
  {
    name: 'redis-master-node-killed',
    description: `the node with the Redis master loses power for ${HOLD} s`,
    // 5 s until the Sentinels miss it, up to 10 s for the failover (sentinel-start.sh), and TheAPP's next attempt
    bounds: { protects: 'idempotent', losesSeconds: 20, healthySeconds: 120 },
    holdSeconds: HOLD,
    async prepare(target) {
      await moveMasterOffManager(target);
      return cutPower(target, await target.redisMaster());
    },
  },
  {
    name: 'mysql-primary-killed',
    description: 'the MariaDB primary is killed',
    // writes, until Docker has started it again and InnoDB has recovered
    bounds: { protects: 'reads', losesSeconds: 30, healthySeconds: 60 },
    holdSeconds: NOTICE,
    prepare: (target) => kill(target, services.primary),
  },
  {
    name: 'disk-full',
    description: `the disk of a worker is full for ${HOLD} s`,
    // neither TheAPP nor nginx writes; a Redis server that cannot write stops, and counts wait for another (2 s each)
    bounds: { protects: 'idempotent', losesSeconds: 10, healthySeconds: 120 },
    holdSeconds: HOLD,
    async prepare(target) {
      const host = await target.statelessWorker();
      const remove = sh`rm -f /var/lib/docker/chaos.fill`;
      const fill = sh`${revertLater(remove)}
fallocate -l "$(df --output=avail -B1 /var/lib/docker | tail -n 1 | tr -d ' ')" /var/lib/docker/chaos.fill`;
      if (host.container) await requireOwnDisk(target, host);
      return async () => {
        await target.on(host, fill);
        return async () => void (await target.on(host, remove));
      };
    },
  },
];

/** A container may share the disk of this computer, which must not become full. */
async function requireOwnDisk(target: Target, host: Host): Promise<void> {
  const source = await target.on(host, sh`findmnt --noheadings --output SOURCE --target /var/lib/docker`);
  if (source.startsWith('/dev/loop')) return;
  throw failure({
    place: host.name,
    what: 'the machine has no disk of its own that could be filled',
    why: 'Docker does not give its container a loop device',
    todo: 'run the scenario on virtual machines: --provider qemu',
  });
}

/** The machine reverts the fault by itself after a while, in case this process dies. */
const revertLater = (script: Script) =>
  sh`systemd-run --quiet --collect --on-active=${HOLD * 3} sh -c ${script.text}`;

async function kill(target: Target, service: string): Promise<Inject> {
  const { host, id } = await target.container(service);
  return async () => void (await target.on(host, sh`docker kill --signal KILL ${id} >/dev/null`));
}

/** Waits until Docker replaces a hung container: after three failed health checks and the whole stop grace period. */
async function untilReplaced(target: Target, id: string): Promise<void> {
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(2000)) {
    const tasks = (await target.probe().catch(() => undefined))?.cluster.tasks ?? [];
    const task = tasks.find(({ Status }) => Status.ContainerStatus?.ContainerID === id);
    if (tasks.length > 0 && task?.Status.State !== 'running') return;
  }
  throw failure({ what: `the hung container ${id.slice(0, 12)} was not replaced within 300 s` });
}

/** Moves the Redis master off the manager: a cluster with one manager does not survive without it. */
async function moveMasterOffManager(target: Target): Promise<void> {
  const manager = await target.manager();
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(5000)) {
    if ((await target.redisMaster()).name !== manager.name) return;
    const { id, host } = await target.container('sentinel-1');
    await target.on(
      host,
      sh`docker exec ${id} sh -c 'REDISCLI_AUTH=$(cat /run/secrets/redis) redis-cli -p 26379 SENTINEL FAILOVER theapp' || :`,
    );
  }
  throw failure({ what: 'the Redis master did not move off the manager within 120 s' });
}

/** Reboots a machine. If its emulator exits instead, starts it again. */
async function restart(target: Target, host: Host): Promise<void> {
  const { power } = target;
  if (power.restarts) {
    await power.off(host);
    return await power.on(host);
  }
  const began = (await target.on(host, sh`cat /proc/sys/kernel/random/boot_id`)).trim();
  await target.on(host, sh`systemctl --no-block reboot`);
  for (const end = performance.now() + 600_000; performance.now() < end; await sleep(2000)) {
    if (!power.isOn(host)) await power.on(host);
    const now = await target.on(host, sh`cat /proc/sys/kernel/random/boot_id`, 10).catch(() => began);
    if (now.trim() !== began) return;
  }
  throw failure({ place: host.name, what: 'did not come back within 600 s' });
}
