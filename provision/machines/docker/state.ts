import { docker } from './client.ts';
import { filtered, label } from './labels.ts';

/** A machine as Docker tells of it. */
export interface Container {
  /** What Docker calls it. */
  readonly name: string;
  readonly approach: string;
  readonly machine: string;
  readonly state: 'running' | 'stopped';
  /** It has been started at least once: until then it may lack its keys. */
  readonly whole: boolean;
  /** The name of its image: `debian-13`. */
  readonly image: string;
  /** GiB. */
  readonly disk: number;
  readonly hostKey: string;
  readonly address: string;
  /** The port of this computer's loopback where its sshd answers. */
  readonly sshPort: number;
  /** Port of the machine → port of this computer's loopback. */
  readonly forwarded: Readonly<Record<number, number>>;
}

/** What is used of `docker inspect`. */
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

/** Machines of this lab, in the order of their names; of one approach, where that is given. @throws ProvisionError */
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
    whole: !State.StartedAt.startsWith('0001-'),
    image: Labels[label.image] ?? '',
    disk: Number(Labels[label.disk] ?? 10),
    hostKey: Labels[label.hostKey] ?? '',
    address: network?.IPAMConfig?.IPv4Address ?? '',
    sshPort,
    forwarded,
  };
}

/** Machines of an approach that have a volume, whether or not they have a container. @throws ProvisionError */
export async function volumesOf(approach: string): Promise<string[]> {
  const format = `{{.Label "${label.machine}"}}`;
  return (await docker(['volume', 'ls', ...filtered(approach), '--format', format]))
    .split('\n')
    .filter(Boolean);
}
