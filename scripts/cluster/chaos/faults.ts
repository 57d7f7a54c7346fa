import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Host, lines, type Script, sh } from '../../../provision/index.ts';
import type { Scenario, Strike } from './scenario.ts';
import { roles, type Stage, signal } from './stage.ts';

/** Seconds that a machine, a cable or a disk is gone. */
const HOLD = 60;
/** Seconds in which a cluster has noticed that something ended. */
const NOTICE = 20;

/** What happens to a cluster. */
export const faults: readonly Scenario[] = [
  {
    name: 'kill-app',
    words: 'a container of the application is killed',
    keeps: 'idempotent',
    hold: NOTICE,
    aim: (stage) => kill(stage, roles.app),
  },
  {
    name: 'hang-app',
    words: 'a container of the application hangs (SIGSTOP)',
    keeps: 'idempotent',
    hold: HOLD,
    async aim(stage) {
      const { host, id } = await stage.container(roles.app);
      return async () => {
        await stage.on(host, signal(id, 'STOP'));
        return () => replaced(stage, id);
      };
    },
  },
  {
    name: 'worker-power-cut',
    words: `a worker loses its power for ${HOLD} s`,
    keeps: 'idempotent',
    hold: HOLD,
    aim: async (stage) => cutPower(stage, await stage.calmWorker()),
  },
  {
    name: 'manager-restart',
    words: 'the manager is restarted, and with it the MariaDB primary',
    keeps: 'reads',
    hold: NOTICE,
    async aim(stage) {
      const manager = await stage.manager();
      return async () => void (await restart(stage, manager));
    },
  },
  {
    name: 'network-cut',
    words: `two workers do not hear of each other for ${HOLD} s`,
    keeps: 'idempotent',
    hold: HOLD,
    async aim(stage) {
      const { cluster } = await stage.probe();
      const workers = cluster.nodes.filter(({ Spec }) => Spec.Role === 'worker');
      const [one, other] = workers.map(({ Status }) => Status?.Addr);
      const host = stage.hosts.find(({ privateAddress }) => privateAddress === one);
      if (!host || other === undefined) throw failure({ what: 'there are no two workers with addresses' });
      const chains = [sh`PREROUTING --source ${other}`, sh`OUTPUT --destination ${other}`];
      const drop = chains.map((rule) => sh`iptables --table raw --insert ${rule} --jump DROP`);
      const mend = chains.map(
        (rule) => sh`while iptables --table raw --delete ${rule} --jump DROP 2>/dev/null; do :; done`,
      );
      return async () => {
        await stage.on(host, lines([byItself(lines(mend)), ...drop]));
        return async () => void (await stage.on(host, lines(mend)));
      };
    },
  },
  {
    name: 'redis-master-node-killed',
    words: `the node with the Redis master loses its power for ${HOLD} s`,
    keeps: 'idempotent',
    hold: HOLD,
    async aim(stage) {
      await leaveManager(stage);
      return cutPower(stage, await stage.redisMaster());
    },
  },
  {
    name: 'mysql-primary-killed',
    words: "MariaDB's primary is killed",
    keeps: 'reads',
    hold: NOTICE,
    aim: (stage) => kill(stage, roles.primary),
  },
  {
    name: 'disk-full',
    words: `a worker's disk is full for ${HOLD} s`,
    keeps: 'idempotent',
    hold: HOLD,
    async aim(stage) {
      const host = await stage.calmWorker();
      const remove = sh`rm -f /var/lib/docker/chaos.fill`;
      const fill = sh`${byItself(remove)}
fallocate -l "$(df --output=avail -B1 /var/lib/docker | tail -n 1 | tr -d ' ')" /var/lib/docker/chaos.fill`;
      return async () => {
        await stage.on(host, fill);
        return async () => void (await stage.on(host, remove));
      };
    },
  },
];

/** What a broken run of ours would leave behind is taken back by the machine itself. */
const byItself = (script: Script) =>
  sh`systemd-run --quiet --collect --on-active=${HOLD * 3} sh -c ${script.text}`;

async function kill(stage: Stage, service: string): Promise<Strike> {
  const { host, id } = await stage.container(service);
  return async () => void (await stage.on(host, sh`docker kill --signal KILL ${id} >/dev/null`));
}

/** Three health checks fail, and it is given time to stop that it does not use: until then it counts as running. */
async function replaced(stage: Stage, id: string): Promise<void> {
  for (const end = performance.now() + 300_000; performance.now() < end; await sleep(2000)) {
    const tasks = (await stage.probe().catch(() => undefined))?.cluster.tasks ?? [];
    const task = tasks.find(({ Status }) => Status.ContainerStatus?.ContainerID === id);
    if (tasks.length > 0 && task?.Status.State !== 'running') return;
  }
  throw failure({ what: `nobody has noticed within 300 s that ${id.slice(0, 12)} hangs` });
}

const cutPower =
  (stage: Stage, host: Host): Strike =>
  async () => {
    await stage.power.off(host);
    return () => stage.power.on(host);
  };

/** A cluster of one manager does not outlive it: the Redis master is to stand elsewhere. */
async function leaveManager(stage: Stage): Promise<void> {
  const manager = await stage.manager();
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(5000)) {
    if ((await stage.redisMaster()).name !== manager.name) return;
    const { id, host } = await stage.container('sentinel-1');
    await stage.on(
      host,
      sh`docker exec ${id} sh -c 'REDISCLI_AUTH=$(cat /run/secrets/redis) redis-cli -p 26379 SENTINEL FAILOVER theapp' || :`,
    );
  }
  throw failure({ what: 'the Redis master does not leave the manager' });
}

/** As `reboot` does it, where a machine can; an emulator that ends instead is started again. */
async function restart(stage: Stage, host: Host): Promise<void> {
  const { power } = stage;
  if (power.restarts) {
    await power.off(host);
    return await power.on(host);
  }
  const began = (await stage.on(host, sh`cat /proc/sys/kernel/random/boot_id`)).trim();
  await stage.on(host, sh`systemctl --no-block reboot`);
  for (const end = performance.now() + 600_000; performance.now() < end; await sleep(2000)) {
    if (!power.isOn(host)) await power.on(host);
    const now = await stage.on(host, sh`cat /proc/sys/kernel/random/boot_id`, 10).catch(() => began);
    if (now.trim() !== began) return;
  }
  throw failure({ place: host.name, what: 'has not come back within 600 s' });
}
