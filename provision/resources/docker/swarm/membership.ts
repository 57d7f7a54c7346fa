import { failure } from '../../../errors.ts';
import type { Resource } from '../../../language/resource.ts';
import type { Secret } from '../../../shell/secret.ts';
import { type Script, sh } from '../../../shell/sh.ts';
import { type SwarmInfo, swarmProbe } from './state.ts';

/** Seconds that a node may take to become part of the swarm. */
const DEADLINE_SECONDS = 90;

const leaving = sh`docker swarm leave --force >/dev/null`;

export interface SwarmInitOptions {
  /** The address at which the other nodes reach this host. */
  readonly address: string;
  /** The pool of addresses for overlay networks, each a /24. Docker cannot change it afterwards. */
  readonly subnets: string;
}

/** The host manages a swarm. If it is in none, or only a worker, a new swarm is created. */
export const init = ({ address, subnets }: SwarmInitOptions): Resource<SwarmInfo> => ({
  kind: 'docker.swarm',
  name: 'init',
  probe: swarmProbe,
  plan: (state) => {
    if (state.LocalNodeState === 'active' && state.ControlAvailable) return [];
    if (state.LocalNodeState === 'locked')
      throw failure({
        what: 'the swarm is locked',
        todo: 'run docker swarm unlock on the host, then run again',
      });
    const left = state.LocalNodeState === 'inactive' ? sh`:` : leaving;
    return [
      {
        summary: `create a swarm at ${address}`,
        script: sh`${left}
docker swarm init --advertise-addr ${address} --data-path-addr ${address} --default-addr-pool ${subnets} --default-addr-pool-mask-length 24 >/dev/null`,
      },
    ];
  },
});

export interface SwarmJoinOptions {
  /** The address at which the other nodes reach this host. */
  readonly address: string;
  readonly token: Secret;
  /** Where managers answer: `address:port`. */
  readonly managers: readonly string[];
  /** Ids of nodes that are known to belong to another swarm: a host with one of them has not joined this swarm. */
  readonly strangers: readonly string[];
}

/**
 * The host is a node of the swarm. If it still belongs to an earlier swarm of the same managers, it leaves that one
 * first. If it belongs to any other swarm, this fails.
 */
export const join = ({ address, token, managers, strangers }: SwarmJoinOptions): Resource<SwarmInfo> => ({
  kind: 'docker.swarm',
  name: 'join',
  probe: swarmProbe,
  plan: (state) => {
    if (state.LocalNodeState === 'active' && !strangers.includes(state.NodeID)) return [];
    const known = (state.RemoteManagers ?? []).map(({ Addr }) => Addr);
    const foreign = state.ControlAvailable || !known.some((one) => managers.includes(one));
    if (state.LocalNodeState === 'active' && foreign) {
      throw failure({
        what: 'this host is a node of another swarm',
        why: `the managers of that swarm are ${known.join(', ') || 'unknown'}`,
        todo: 'to make it leave that swarm, run docker swarm leave on the host; then run again',
      });
    }
    const left = state.LocalNodeState === 'inactive' ? sh`:` : leaving;
    const request = { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: address, DataPathAddr: address };
    return [
      {
        summary: `join the swarm at ${managers.join(', ')}`,
        script: joining(request, managers, token, left),
      },
    ];
  },
  timeout: DEADLINE_SECONDS + 60,
});

/**
 * Joins through the Engine API. `docker swarm join` takes the token as an argument, which every user of the host can
 * read with `ps`; curl reads the request from standard input.
 */
function joining(request: object, managers: readonly string[], token: Secret, left: Script): Script {
  const head = JSON.stringify({ ...request, RemoteAddrs: managers }).replace(/\}$/, ',"JoinToken":"');
  return sh`${left}
said=$(printf '%s%s"}' ${head} ${token} | curl -sS --max-time 60 --unix-socket /var/run/docker.sock -H 'Content-Type: application/json' --data-binary @- http://docker/swarm/join 2>&1) || :
i=0
while [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" != active ]; do
i=$((i+1))
if [ $i -gt ${DEADLINE_SECONDS} ]; then
printf '%s\n' "$said" >&2
docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.Error}}' >&2
exit 1
fi
case $said in *message*) case $said in *Timeout*) ;; *) printf '%s\n' "$said" >&2; exit 1 ;; esac ;; esac
sleep 1
done`;
}

/** The host is in no swarm. */
export const leave: Resource<SwarmInfo> = {
  kind: 'docker.swarm',
  name: 'leave',
  probe: swarmProbe,
  plan: ({ LocalNodeState }) =>
    LocalNodeState === 'inactive' ? [] : [{ summary: 'leave the swarm', script: leaving }],
};
