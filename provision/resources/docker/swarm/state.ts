import type { Seen } from '../../../shell/exchange.ts';
import { sh } from '../../../shell/sh.ts';

/** The part of `docker info`'s `.Swarm` that is used here (Engine API: SwarmInfo). */
export interface SwarmInfo {
  readonly NodeID: string;
  readonly NodeAddr: string;
  readonly LocalNodeState: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  readonly ControlAvailable: boolean;
  readonly Error: string;
  readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
  /** On managers only. */
  readonly Cluster?: { readonly ID: string; readonly Spec: SwarmSpec } | null;
}

/** Engine API: SwarmSpec. Durations are nanoseconds. */
export interface SwarmSpec {
  readonly Orchestration?: { readonly TaskHistoryRetentionLimit?: number };
  readonly Dispatcher?: { readonly HeartbeatPeriod?: number };
  readonly CAConfig?: { readonly NodeCertExpiry?: number; readonly ForceRotate?: number };
}

/** A node, as a manager describes it (Engine API: Node). */
export interface SwarmNode {
  readonly ID: string;
  readonly Spec: {
    readonly Role: 'manager' | 'worker';
    readonly Availability: 'active' | 'pause' | 'drain';
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly Description?: { readonly Hostname?: string };
  readonly Status?: { readonly State?: string; readonly Addr?: string };
}

const inactive: SwarmInfo = {
  NodeID: '',
  NodeAddr: '',
  LocalNodeState: 'inactive',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: null,
};

/** Whether the host is in a swarm, and in which. A host without Docker is inactive. */
export const swarmProbe = {
  script: sh`docker info --format '{{json .Swarm}}' 2>/dev/null || :`,
  read: ({ stdout }: Pick<Seen, 'stdout'>): SwarmInfo => {
    const text = stdout.trim();
    return text.startsWith('{') ? { ...inactive, ...(JSON.parse(text) as Partial<SwarmInfo>) } : inactive;
  },
};

/**
 * The nodes of the swarm, empty unless the host is a manager. A manager that has just started needs a while to elect a
 * leader; if there is none after 30 s, the script fails with Docker's error.
 */
export const swarmNodesProbe = {
  script: sh`if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
i=0
until ids=$(docker node ls --quiet 2>/dev/null); do
i=$((i+1))
if [ $i -gt 15 ]; then docker node ls; exit 1; fi
sleep 2
done
docker node inspect $ids
else echo '[]'; fi`,
  read: ({ stdout }: Pick<Seen, 'stdout'>): readonly SwarmNode[] => {
    const text = stdout.trim();
    return text.startsWith('[') ? (JSON.parse(text) as SwarmNode[]) : [];
  },
};
