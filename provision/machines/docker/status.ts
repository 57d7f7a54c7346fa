import type { Status } from '../lab/status.ts';
import { docker } from './client.ts';
import { filtered, label } from './labels.ts';
import { snapshotsOf } from './snapshot.ts';
import { containersOf } from './state.ts';

/** What Docker has of an approach's machines. @throws ProvisionError */
export async function statusOf(approach: string): Promise<Status[]> {
  const [containers, snapshots] = await Promise.all([containersOf(approach), snapshotsOf(approach)]);
  return containers
    .filter(({ whole }) => whole)
    .map(({ name, machine, state, image, sshPort, forwarded, address }) => ({
      name: machine,
      provider: 'docker',
      state,
      image,
      container: name,
      ...(state === 'running' ? { ssh: sshPort } : {}),
      ports: forwarded,
      privateAddress: address,
      snapshots: snapshots[machine] ?? [],
    }));
}

/** What Docker still has of this lab: of one approach, where that is given. */
export interface Left {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** The files of machines at their snapshots. */
  readonly images: readonly string[];
}

export async function leftOf(approach?: string): Promise<Left> {
  const rows = async (...words: string[]) =>
    (await docker([...words, ...filtered(approach)], { seconds: 30 })).split('\n').filter(Boolean);
  const [containers, volumes, networks, images] = await Promise.all([
    rows('ps', '--all', '--format', '{{.Names}}'),
    rows('volume', 'ls', '--format', '{{.Name}}'),
    rows('network', 'ls', '--format', '{{.Name}}'),
    rows('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'),
  ]);
  return { containers, volumes, networks, images };
}

/** Of what is left, what belongs to no machine: an interrupted command has left it. In words. */
export async function orphansOf(approach: string): Promise<string[]> {
  const [{ containers, volumes, networks }, machines] = await Promise.all([
    leftOf(approach),
    containersOf(approach),
  ]);
  const whole = machines.filter(({ whole }) => whole).map(({ name }) => name);
  const has = (name: string) => whole.some((one) => name === one || name.startsWith(one.replace(/\w+$/, '')));
  return [
    ...containers.filter((name) => !has(name)).map((name) => `container ${name}`),
    ...volumes.filter((name) => !has(name)).map((name) => `volume ${name}`),
    ...(whole.length === 0 ? networks.map((name) => `network ${name}`) : []),
  ];
}

/** Approaches of which Docker has anything in this lab. */
export async function approachesIn(): Promise<string[]> {
  const format = `{{.Label "${label.approach}"}}`;
  const rows = await Promise.all(
    [
      ['ps', '--all'],
      ['volume', 'ls'],
      ['network', 'ls'],
    ].map((words) => docker([...words, ...filtered(), '--format', format], { seconds: 10 })),
  );
  return [...new Set(rows.flatMap((text) => text.split('\n')).filter(Boolean))].sort();
}
