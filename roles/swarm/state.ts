import type { Seen } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** What a host's Docker says of itself: `docker info`, `.Swarm` (Engine API: SwarmInfo), as far as it is used. */
export interface Swarm {
  readonly NodeID: string;
  readonly NodeAddr: string;
  readonly LocalNodeState: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  readonly ControlAvailable: boolean;
  readonly Error: string;
  readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
  /** On managers only. */
  readonly Cluster?: { readonly ID: string; readonly Spec: Spec } | null;
}

/** Engine API: SwarmSpec. Durations are nanoseconds. */
export interface Spec {
  readonly Orchestration?: { readonly TaskHistoryRetentionLimit?: number };
  readonly Dispatcher?: { readonly HeartbeatPeriod?: number };
  readonly CAConfig?: { readonly NodeCertExpiry?: number; readonly ForceRotate?: number };
}

/** Engine API: Node, as a manager sees it. */
export interface Node {
  readonly ID: string;
  readonly Spec: {
    readonly Role: 'manager' | 'worker';
    readonly Availability: 'active' | 'pause' | 'drain';
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly Description?: { readonly Hostname?: string };
  readonly Status?: { readonly State?: string; readonly Addr?: string };
}

export const inactive: Swarm = {
  NodeID: '',
  NodeAddr: '',
  LocalNodeState: 'inactive',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: null,
};

/** Says nothing where there is no Docker. */
export const swarmOf = sh`docker info --format '{{json .Swarm}}' 2>/dev/null || :`;

/**
 * `[]` unless this is a manager. One that has just started takes a while to find the others, or itself, as leader;
 * when it does not: its own words.
 */
export const nodesOf = sh`if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
i=0
until ids=$(docker node ls --quiet 2>/dev/null); do
i=$((i+1))
if [ $i -gt 15 ]; then docker node ls; exit 1; fi
sleep 2
done
docker node inspect $ids
else echo '[]'; fi`;

/** The label of a node that says which host it is: its host name may be another. */
export const HOST = 'host';

/** Which host a node is, or was. */
export const ownerOf = ({ Spec, Description }: Node): string =>
  Spec.Labels?.[HOST] ?? Description?.Hostname ?? '';

export function readSwarm({ stdout }: Pick<Seen, 'stdout'>): Swarm {
  const text = stdout.trim();
  return text.startsWith('{') ? { ...inactive, ...(JSON.parse(text) as Partial<Swarm>) } : inactive;
}

export function readNodes({ stdout }: Pick<Seen, 'stdout'>): readonly Node[] {
  const text = stdout.trim();
  return text.startsWith('[') ? (JSON.parse(text) as Node[]) : [];
}

/** Nanoseconds of a duration such as `2160h` or `1m30s`. */
export function nanoseconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
  const parts = [...duration.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0), 0) * 1e9;
}
