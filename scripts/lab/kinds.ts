import { existsSync, readdirSync } from 'node:fs';
import { failure } from '../../provision/index.ts';
import { daemonAnswers } from '../../provision/machines/docker/client.ts';
import { doorOf as containerDoor } from '../../provision/machines/docker/machine.ts';
import * as containers from '../../provision/machines/docker/snapshot.ts';
import { containersOf } from '../../provision/machines/docker/state.ts';
import {
  approachesIn,
  statusOf as containerStatus,
  orphansOf,
} from '../../provision/machines/docker/status.ts';
import { destroy as destroyContainers, hasContainers } from '../../provision/machines/docker.ts';
import type { Door } from '../../provision/machines/lab/door.ts';
import { labFolder, machineFolder } from '../../provision/machines/lab/folders.ts';
import type { Status } from '../../provision/machines/lab/status.ts';
import { doorOf as virtualDoor } from '../../provision/machines/qemu/machine.ts';
import * as virtual from '../../provision/machines/qemu/snapshot.ts';
import { machinesOf, readSaved } from '../../provision/machines/qemu/state.ts';
import { statusOf as virtualStatus } from '../../provision/machines/qemu/status.ts';
import { destroy as destroyVirtual } from '../../provision/machines/qemu.ts';

type Report = (topic: string, line: string) => void;

/** The operations of the lab on existing machines of one kind. */
export interface Kind {
  takeSnapshot(approach: string, name: string, report: Report): Promise<void>;
  restoreSnapshot(approach: string, name: string, report: Report): Promise<void>;
  doorOf(approach: string, machine: string): Promise<Door | undefined>;
}

const kinds: Readonly<Record<Status['provider'], Kind>> = {
  qemu: {
    takeSnapshot: virtual.takeSnapshot,
    restoreSnapshot: virtual.restoreSnapshot,
    async doorOf(approach, machine) {
      const saved = readSaved(machineFolder(approach, machine));
      return saved && virtualDoor(approach, machine, saved);
    },
  },
  docker: {
    takeSnapshot: containers.takeSnapshot,
    restoreSnapshot: containers.restoreSnapshot,
    async doorOf(approach, machine) {
      const found = (await containersOf(approach)).find((one) => one.machine === machine);
      return found && containerDoor(found);
    },
  },
};

/** The kind of an approach's machines. @throws ProvisionError (failed) if it has none */
export async function kindOf(approach: string): Promise<Kind> {
  const [first] = await statusOf(approach);
  if (first) return kinds[first.provider];
  throw failure({ place: approach, what: 'has no machines', todo: `npm run lab -- up ${approach}` });
}

/** The machines of an approach, of both kinds. */
export async function statusOf(approach: string): Promise<Status[]> {
  const inDocker = (await usesDocker(approach)) ? await containerStatus(approach) : [];
  return [...(await virtualStatus(approach)), ...inDocker];
}

/** What an interrupted command has left behind of an approach. */
export const leftoversOf = async (approach: string): Promise<string[]> =>
  (await usesDocker(approach)) ? await orphansOf(approach) : [];

/** The other approaches that have anything in the lab. */
export async function othersThan(approach: string): Promise<string[]> {
  const folders = existsSync(labFolder())
    ? readdirSync(labFolder(), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const inFolders = folders
    .map(({ name }) => name)
    .filter((name) => name !== 'images' && machinesOf(name).length > 0);
  const inDocker = (await usesDocker(approach)) ? await approachesIn() : [];
  return [...new Set([...inFolders, ...inDocker])].filter((name) => name !== approach).sort();
}

/** Removes all machines of an approach, of both kinds, and returns what it removed. */
export async function destroy(approach: string, waiting: (line: string) => void): Promise<string[]> {
  const names = new Set(machinesOf(approach));
  let left: string[] = [];
  if (await usesDocker(approach)) {
    for (const { machine } of await containersOf(approach)) names.add(machine);
    left = await orphansOf(approach);
    await destroyContainers(approach, waiting);
  }
  await destroyVirtual(approach, waiting);
  return names.size > 0 ? [...names] : left;
}

/**
 * Whether to query Docker. If Docker does not answer, that is an error only if the approach has had containers in this
 * lab: they may still exist.
 *
 * @throws ProvisionError (failed)
 */
async function usesDocker(approach: string): Promise<boolean> {
  const { answers, error } = await daemonAnswers();
  if (answers) return true;
  if (hasContainers(approach) && error) throw error;
  return false;
}
