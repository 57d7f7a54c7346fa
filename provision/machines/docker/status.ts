import type { Status } from '../lab/status.ts';
import { docker } from './client.ts';
import { filtered, label } from './labels.ts';
import { snapshotsOf } from './snapshot.ts';
import { containersOf } from './state.ts';

/** The status of an approach's containers. @throws ProvisionError */
export async function statusOf(approach: string): Promise<Status[]> {
  const [containers, snapshots] = await Promise.all([containersOf(approach), snapshotsOf(approach)]);
  return containers
    .filter(({ complete }) => complete)
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

/** The names of everything that this lab, or one approach in it, has in Docker. */
export interface DockerObjects {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** The files of machines in their snapshots. */
  readonly images: readonly string[];
}

export async function objectsOf(approach?: string): Promise<DockerObjects> {
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

/** What an interrupted command left behind: objects that belong to no complete machine, with their kind. */
export async function orphansOf(approach: string): Promise<string[]> {
  const [{ containers, volumes, networks }, machines] = await Promise.all([
    objectsOf(approach),
    containersOf(approach),
  ]);
  const complete = machines.filter(({ complete }) => complete).map(({ name }) => name);
  const has = (name: string) =>
    complete.some((one) => name === one || name.startsWith(one.replace(/\w+$/, '')));
  return [
    ...containers.filter((name) => !has(name)).map((name) => `container ${name}`),
    ...volumes.filter((name) => !has(name)).map((name) => `volume ${name}`),
    ...(complete.length === 0 ? networks.map((name) => `network ${name}`) : []),
  ];
}

/** The approaches of this lab that have anything in Docker. */
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
