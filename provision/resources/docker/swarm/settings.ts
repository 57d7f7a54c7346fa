import type { Change, Resource } from '../../../language/resource.ts';
import { sh } from '../../../shell/sh.ts';
import { type SwarmInfo, type SwarmSpec, swarmProbe } from './state.ts';

/** Settings of a whole swarm. Durations are written like `2160h` or `1m30s`. */
export interface SwarmSettings {
  /** How long the certificate of a node is valid (`--cert-expiry`). */
  readonly certExpiry: string;
  /** How many times the certificate authority has been replaced since the swarm was created. */
  readonly caGeneration: number;
  /** How often a node reports to the managers (`--dispatcher-heartbeat`). */
  readonly heartbeat: string;
  /** How many old tasks are kept for each replica (`--task-history-limit`). */
  readonly taskHistory: number;
}

/** The swarm that this host manages has these settings. */
export const settings = (wanted: SwarmSettings): Resource<SwarmInfo> => ({
  kind: 'docker.swarm',
  name: 'settings',
  probe: swarmProbe,
  plan: ({ Cluster }) => {
    const spec = Cluster?.Spec ?? {};
    return [...updated(wanted, spec), ...rotated(wanted, spec)];
  },
});

function updated(wanted: SwarmSettings, { CAConfig, Dispatcher, Orchestration }: SwarmSpec): Change[] {
  const all = [
    ['--cert-expiry', wanted.certExpiry, CAConfig?.NodeCertExpiry === nanoseconds(wanted.certExpiry)],
    [
      '--dispatcher-heartbeat',
      wanted.heartbeat,
      Dispatcher?.HeartbeatPeriod === nanoseconds(wanted.heartbeat),
    ],
    [
      '--task-history-limit',
      `${wanted.taskHistory}`,
      Orchestration?.TaskHistoryRetentionLimit === wanted.taskHistory,
    ],
  ] as const;
  const differ = all.filter(([, , same]) => !same).map(([option, value]) => `${option}=${value}`);
  if (differ.length === 0) return [];
  const summary = differ.map((one) => one.replace('--', '').replace('=', ' ')).join(', ');
  return [{ summary: `set ${summary}`, script: sh`docker swarm update ${differ} >/dev/null` }];
}

function rotated({ caGeneration }: SwarmSettings, { CAConfig }: SwarmSpec): Change[] {
  const now = CAConfig?.ForceRotate ?? 0;
  if (now >= caGeneration) return [];
  const turns = Array.from(
    { length: caGeneration - now },
    () => sh`docker swarm ca --rotate --quiet >/dev/null`,
  );
  return [
    {
      summary: `replace the certificate authority (${now} → ${caGeneration})`,
      script: sh`${turns.flatMap((turn) => [turn, sh`;`])}`,
    },
  ];
}

/** A duration such as `2160h` or `1m30s` in nanoseconds. */
export function nanoseconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
  const parts = [...duration.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0), 0) * 1e9;
}
