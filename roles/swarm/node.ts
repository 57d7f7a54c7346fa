import type { Change, Resource } from '../../provision/authoring.ts';
import { failure, type Script, sh } from '../../provision/index.ts';
import { nanoseconds, readSwarm, type Swarm, swarmOf } from './state.ts';
import type { Join } from './vars.ts';

/** Seconds that a node may take to be part of the swarm. */
const DEADLINE_SECONDS = 90;

const probe = { script: swarmOf, read: readSwarm };

/** A swarm begins on this host, unless it is in one as a manager. */
export const begun = (address: string, subnets: string): Resource<Swarm> => ({
  kind: 'swarm',
  name: 'init',
  probe,
  plan: (now) => {
    if (now.LocalNodeState === 'active' && now.ControlAvailable) return [];
    if (now.LocalNodeState === 'locked')
      throw failure({ what: 'the swarm is locked', todo: 'docker swarm unlock on the host, then run again' });
    const left = now.LocalNodeState === 'inactive' ? sh`:` : leave;
    return [
      {
        summary: `begin a swarm at ${address}`,
        script: sh`${left}
docker swarm init --advertise-addr ${address} --data-path-addr ${address} --default-addr-pool ${subnets} --default-addr-pool-mask-length 24 >/dev/null`,
      },
    ];
  },
});

/**
 * This host is a node of the swarm. Its membership of a swarm that is no more, begun by the same managers, ends
 * first; that of another swarm is somebody's, and is refused.
 */
export const joined = (address: string, { token, managers, strangers }: Join): Resource<Swarm> => ({
  kind: 'swarm',
  name: 'join',
  probe,
  plan: (now) => {
    if (now.LocalNodeState === 'active' && !strangers.includes(now.NodeID)) return [];
    const theirs = (now.RemoteManagers ?? []).map(({ Addr }) => Addr);
    const foreign = now.ControlAvailable || !theirs.some((one) => managers.includes(one));
    if (now.LocalNodeState === 'active' && foreign) {
      throw failure({
        what: 'this host is a node of another swarm',
        why: `its managers are ${theirs.join(', ') || 'not known'}`,
        todo: 'if it is to leave that swarm: docker swarm leave on the host, then run again',
      });
    }
    const left = now.LocalNodeState === 'inactive' ? sh`:` : leave;
    const request = { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: address, DataPathAddr: address };
    return [
      { summary: `join the swarm at ${managers.join(', ')}`, script: join(request, managers, token, left) },
    ];
  },
  timeout: DEADLINE_SECONDS + 60,
});

const leave = sh`docker swarm leave --force >/dev/null`;

/**
 * By the Engine's own interface: `docker swarm join` takes the token as an argument, where everybody on the host
 * reads it (ps). The request comes on curl's standard input.
 */
function join(request: object, managers: readonly string[], token: Join['token'], left: Script): Script {
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

/** No node of any swarm. */
export const left: Resource<Swarm> = {
  kind: 'swarm',
  name: 'leave',
  probe,
  plan: ({ LocalNodeState }) =>
    LocalNodeState === 'inactive' ? [] : [{ summary: 'leave the swarm', script: leave }],
};

interface Settings {
  readonly cert_expiry: string;
  readonly ca_generation: number;
  readonly heartbeat: string;
  readonly task_history: number;
}

/** What holds for the whole swarm. */
export const settings = (wanted: Settings): Resource<Swarm> => ({
  kind: 'swarm',
  name: 'settings',
  probe,
  plan: ({ Cluster }) => {
    const spec = Cluster?.Spec ?? {};
    return [...updated(wanted, spec), ...rotated(wanted, spec)];
  },
});

function updated(
  wanted: Settings,
  { CAConfig, Dispatcher, Orchestration }: NonNullable<Swarm['Cluster']>['Spec'],
) {
  const all = [
    ['--cert-expiry', wanted.cert_expiry, CAConfig?.NodeCertExpiry === nanoseconds(wanted.cert_expiry)],
    [
      '--dispatcher-heartbeat',
      wanted.heartbeat,
      Dispatcher?.HeartbeatPeriod === nanoseconds(wanted.heartbeat),
    ],
    [
      '--task-history-limit',
      `${wanted.task_history}`,
      Orchestration?.TaskHistoryRetentionLimit === wanted.task_history,
    ],
  ] as const;
  const differ = all.filter(([, , same]) => !same).map(([option, value]) => `${option}=${value}`);
  if (differ.length === 0) return [];
  const summary = differ.map((one) => one.replace('--', '').replace('=', ' ')).join(', ');
  return [{ summary, script: sh`docker swarm update ${differ} >/dev/null` }];
}

function rotated({ ca_generation }: Settings, { CAConfig }: NonNullable<Swarm['Cluster']>['Spec']): Change[] {
  const now = CAConfig?.ForceRotate ?? 0;
  if (now >= ca_generation) return [];
  const turns = Array.from(
    { length: ca_generation - now },
    () => sh`docker swarm ca --rotate --quiet >/dev/null`,
  );
  return [
    {
      summary: `replace the certificate authority (${now} → ${ca_generation})`,
      script: sh`${turns.flatMap((turn) => [turn, sh`;`])}`,
    },
  ];
}
