import { docker } from './client.ts';
import { filtered, label } from './labels.ts';

/** A machine as Docker describes it. */
export interface Container {
  /** The name of its container. */
  readonly name: string;
  readonly approach: string;
  readonly machine: string;
  readonly state: 'running' | 'stopped';
  /** Whether it has been started at least once; before that, its keys may be missing. */
  readonly complete: boolean;
  /** The name of its image: `debian-13`. */
  readonly image: string;
  /** GiB. */
  readonly disk: number;
  readonly hostKey: string;
  readonly address: string;
  /** The port of its sshd on this computer's loopback interface. */
  readonly sshPort: number;
  /** Port of the machine → port of this computer's loopback interface. */
  readonly forwarded: Readonly<Record<number, number>>;
}

/** The part of the output of `docker inspect` that is used. */
export interface Inspected {
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly StartedAt: string };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostPort: string }[]>> | null;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAMConfig?: { readonly IPv4Address?: string } | null }>
    >;
  };
}

/** The machines of this lab, or of one approach in it, sorted by name. @throws ProvisionError */
export async function containersOf(approach?: string, seconds = 30): Promise<Container[]> {
  const only = [...filtered(approach), '--filter', `label=${label.machine}`];
  const ids = (await docker(['ps', '--all', '--quiet', '--no-trunc', ...only], { seconds })).split('\n');
  if (ids.filter(Boolean).length === 0) return [];
  const found = JSON.parse(
    await docker(['container', 'inspect', ...ids.filter(Boolean)], { seconds }),
  ) as Inspected[];
  return found.map(containerOf).sort((a, b) => (a.machine < b.machine ? -1 : 1));
}

export function containerOf({ Name, State, Config, HostConfig, NetworkSettings }: Inspected): Container {
  const { Labels } = Config;
  const ports = Object.entries(HostConfig.PortBindings ?? {}).map(([guest, [bound]]) => [
    Number.parseInt(guest, 10),
    Number(bound?.HostPort),
  ]);
  const { 22: sshPort = 0, ...forwarded } = Object.fromEntries(ports) as Record<number, number>;
  const [network] = Object.values(NetworkSettings.Networks);
  return {
    name: Name.replace(/^\//, ''),
    approach: Labels[label.approach] ?? '',
    machine: Labels[label.machine] ?? '',
    state: State.Running ? 'running' : 'stopped',
    complete: !State.StartedAt.startsWith('0001-'),
    image: Labels[label.image] ?? '',
    disk: Number(Labels[label.disk] ?? 10),
    hostKey: Labels[label.hostKey] ?? '',
    address: network?.IPAMConfig?.IPv4Address ?? '',
    sshPort,
    forwarded,
  };
}

/** The machines of an approach that have a volume, with or without a container. @throws ProvisionError */
export async function volumesOf(approach: string): Promise<string[]> {
  const format = `{{.Label "${label.machine}"}}`;
  return (await docker(['volume', 'ls', ...filtered(approach), '--format', format]))
    .split('\n')
    .filter(Boolean);
}
