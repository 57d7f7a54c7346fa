import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Host, sh } from '../../../../provision/index.ts';
import type { Target } from './target.ts';

/** A shell line that asks a Sentinel in its own container, where the password is. */
const asking = (command: string) =>
  `REDISCLI_AUTH=$(cat /run/secrets/redis) redis-cli -p 26379 --raw SENTINEL ${command}`;

/** The name of the pod of the Redis master, according to a Sentinel. */
export async function redisMaster(target: Target): Promise<string> {
  const [{ metadata }] = await target.pods('sentinel');
  const said = await target.kubectl(
    sh`exec ${metadata.name} -- sh -c ${asking('GET-MASTER-ADDR-BY-NAME theapp')}`,
  );
  return said.split('\n')[0] ?? '';
}

/** Moves the Redis master off a host, before the load begins. */
export async function moveMasterOff(target: Target, { name }: Host): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(5000)) {
    const master = await target.pod(await redisMaster(target));
    if (target.hostOf(master).name !== name) return;
    target.progress(`moving the Redis master off ${name}`);
    await target.kubectl(sh`exec sentinel-1 -- sh -c ${`${asking('FAILOVER theapp')} || :`}`);
  }
  throw failure({ place: name, what: 'the Redis master did not move off within 120 s' });
}
