import { withLock } from '../../computer/lock.ts';
import { failure } from '../../errors.ts';
import { folderOf } from '../lab/folders.ts';
import { requireName, unknownSnapshot } from '../lab/snapshots.ts';
import { docker, tryDocker } from './client.ts';
import { filtered, label, labelled, labelsOf, nameOf } from './labels.ts';
import { createContainer, startMachine, volumeOf, waitForSsh } from './machine.ts';
import { networkFor } from './network.ts';
import { privileges } from './privileges.ts';
import { type Container, containersOf } from './state.ts';

type Report = (topic: string, line: string) => void;

/** The message about what a snapshot of containers does not include. */
export const notIncluded =
  'memory and running processes are not saved: restored machines boot, and their /run and /tmp are empty';

const imageOf = ({ approach, machine }: Container, snapshot: string) =>
  `theapp-snapshot:${nameOf(approach, machine, snapshot)}`;
const copyOf = ({ approach, machine }: Container, snapshot: string) => nameOf(approach, machine, snapshot);

/**
 * Saves the disks of all machines of an approach under a name, replacing any snapshot of that name. The machines are
 * paused meanwhile, so that their disks are consistent. A snapshot contains what would be left after a power cut.
 *
 * @throws ProvisionError
 */
export async function takeSnapshot(approach: string, snapshot: string, progress: Report): Promise<void> {
  requireName(snapshot);
  const waiting = (line: string) => progress('lab', line);
  await withLock(folderOf(approach), `taking a snapshot of ${approach}`, waiting, async () => {
    const machines = await requireMachines(approach);
    const stopped = machines.find(({ state }) => state === 'stopped');
    if (stopped)
      throw failure({
        place: stopped.machine,
        what: 'the machine is not running',
        todo: `start it: npm run lab -- up ${approach}`,
      });
    await Promise.all(machines.map(({ name }) => docker(['exec', name, 'sync'])));
    const names = machines.map(({ name }) => name);
    await docker(['pause', ...names]);
    try {
      await Promise.all(machines.map((one) => save(one, snapshot, (line) => progress(one.machine, line))));
    } finally {
      await docker(['unpause', ...names]);
    }
    progress('lab', notIncluded);
  });
}

async function save(container: Container, snapshot: string, report: (line: string) => void): Promise<void> {
  const { approach, machine, name, image } = container;
  report(`snapshot ${snapshot}: saving files`);
  const labels = labelsOf(approach, { [label.machine]: machine, [label.snapshot]: snapshot });
  const changes = Object.entries(labels).flatMap(([key, value]) => [
    '--change',
    `LABEL ${key}=${JSON.stringify(value)}`,
  ]);
  await docker(['commit', '--pause=false', ...changes, name, imageOf(container, snapshot)]);
  report(`snapshot ${snapshot}: saving the volume`);
  const copy = copyOf(container, snapshot);
  await tryDocker(['volume', 'rm', '--force', copy]);
  await docker(['volume', 'create', ...labelled({ ...labels, [label.image]: image }), copy]);
  await copyVolume(volumeOf(approach, machine), copy, imageOf(container, snapshot));
}

/** Restores all machines to a snapshot and boots them. @throws ProvisionError */
export async function restoreSnapshot(approach: string, snapshot: string, progress: Report): Promise<void> {
  requireName(snapshot);
  const waiting = (line: string) => progress('lab', line);
  await withLock(folderOf(approach), `restoring ${approach}`, waiting, async () => {
    const machines = await requireMachines(approach);
    for (const container of machines) await requireSnapshot(container, snapshot);
    const network = await networkFor(approach, {}, waiting);
    const granted = await privileges(imageOf(machines[0] as Container, snapshot));
    const restored = machines.map(async (container) => {
      const report = (line: string) => progress(container.machine, line);
      const { machine, name, image } = container;
      report(`restoring ${snapshot}`);
      await docker(['rm', '--force', name]);
      await docker(['volume', 'rm', '--force', volumeOf(approach, machine)]);
      const tag = imageOf(container, snapshot);
      await createContainer(container, { image: { name: image, tag }, privileges: granted, network });
      await copyVolume(copyOf(container, snapshot), volumeOf(approach, machine), tag);
      await startMachine(container);
      await waitForSsh(container, report);
    });
    await Promise.all(restored);
  });
}

/** Copies all files with their attributes; sparse files stay sparse. */
async function copyVolume(from: string, to: string, image: string): Promise<void> {
  const mounts = ['--volume', `${from}:/from:ro`, '--volume', `${to}:/to`];
  const copy = ['cp', '--archive', '--reflink=auto', '--sparse=always', '/from/.', '/to/'];
  await docker(['run', '--rm', '--network=none', ...mounts, image, ...copy], { seconds: 1800 });
}

/** The names of the snapshots of each machine of an approach. */
export async function snapshotsOf(approach: string): Promise<Record<string, string[]>> {
  const format = `{{.Label "${label.machine}"}} {{.Label "${label.snapshot}"}}`;
  const only = [...filtered(approach), '--filter', `label=${label.snapshot}`];
  const rows = (await docker(['volume', 'ls', ...only, '--format', format])).split('\n').filter(Boolean);
  const pairs = rows.map((row) => row.split(' ') as [string, string]);
  return Object.fromEntries(
    pairs.map(([machine]) => [
      machine,
      pairs.flatMap(([other, snapshot]) => (other === machine ? [snapshot] : [])),
    ]),
  );
}

async function requireMachines(approach: string): Promise<Container[]> {
  const machines = await containersOf(approach);
  if (machines.length > 0) return machines;
  throw failure({ place: approach, what: 'the lab has no machines', todo: `npm run lab -- up ${approach}` });
}

async function requireSnapshot({ approach, machine }: Container, snapshot: string): Promise<void> {
  const known = (await snapshotsOf(approach))[machine] ?? [];
  if (!known.includes(snapshot)) throw unknownSnapshot(approach, machine, snapshot, known);
}
