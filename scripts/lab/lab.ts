import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { didYouMean, inputError } from '../../provision/index.ts';
import { sshOptions } from '../../provision/machines/lab/door.ts';
import { machineFolder } from '../../provision/machines/lab/folders.ts';
import { loadMachines } from '../../provision/machines/machines.ts';
import { doorOf } from '../../provision/machines/qemu/machine.ts';
import { restoreSnapshot, snapshotsOf, takeSnapshot } from '../../provision/machines/qemu/snapshot.ts';
import { machinesOf, readSaved } from '../../provision/machines/qemu/state.ts';
import { type Status, statusOf } from '../../provision/machines/qemu/status.ts';
import { bringUp, destroy } from '../../provision/machines/qemu.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { progressLines } from '../command/progress.ts';
import { boxCommand } from './box.ts';
import { imageCommands } from './images.ts';
import { noMachine } from './machines.ts';

const approaches = resolve(import.meta.dirname, '../../approaches');
const byDefault = 'approach_0';
const progress = progressLines(process.stderr);

interface UpOptions {
  readonly image: string;
  readonly yes: boolean;
  readonly anyPorts: boolean;
}

const program = newCommand('lab')
  .description('virtual machines for the approaches, by QEMU; all they are is kept in .lab/')
  .enablePositionalOptions();

program
  .command('up [approach]')
  .description('bring its machines up: make those that are missing')
  .option(
    '--image <image>',
    'auto, ubuntu-24.04, debian-13, debian-12, debian, or a disk image with cloud-init',
    'auto',
  )
  .option('--any-ports', 'forward from ports that are free, instead of those in machines.yml', false)
  .option('-y, --yes', 'install missing programs of this computer without asking', false)
  .action(async (approach: string = byDefault, { image, yes, anyPorts }: UpOptions) => {
    const machines = machinesFor(approach);
    await bringUp({ approach, machines, image, yes, anyPorts, progress: progress.show });
    progress.end();
    print(await statusOf(approach));
  });

program
  .command('status [approach]')
  .description('which machines there are, where they answer, and their snapshots')
  .option('--json', 'one JSON object', false)
  .action(async (approach: string = byDefault, { json }: { json: boolean }) => {
    const status = await statusOf(approach);
    if (json) return void process.stdout.write(`${JSON.stringify({ approach, machines: status })}\n`);
    if (status.length === 0)
      process.stdout.write(`${approach} has no machines: npm run lab -- up ${approach}\n`);
    print(status);
  });

program
  .command('ssh [approach] [command...]')
  .description('a shell on its machine, or one command there; -m chooses between several')
  .option('-m, --machine <name>', 'which machine')
  .passThroughOptions()
  .action((approach: string = byDefault, command: string[], { machine }: { machine?: string }) => {
    process.exitCode = ssh(approach, machine, command);
  });

program
  .command('snapshot <name> [approach]')
  .description('keep the state of its machines, memory and disks, under a name')
  .action(async (name: string, approach: string = byDefault) => {
    await takeSnapshot(approach, name, progress.show);
    progress.end();
    for (const machine of machinesOf(approach)) {
      process.stdout.write(`${machine}: ${(await snapshotsOf(approach, machine)).join(', ')}\n`);
    }
  });

program
  .command('restore <name> [approach]')
  .description('its machines as they were at a snapshot')
  .action(async (name: string, approach: string = byDefault) => {
    await restoreSnapshot(approach, name, progress.show);
    progress.end();
    print(await statusOf(approach));
  });

imageCommands(program, progress);
boxCommand(program, progress);

program
  .command('down [approach]')
  .description('stop and remove its machines with all that is on them; images stay')
  .action(async (approach: string = byDefault) => {
    const names = machinesOf(approach);
    await destroy(approach, (line) => progress.show('lab', line));
    progress.end();
    process.stdout.write(
      `${approach}: ${names.length > 0 ? `${names.join(', ')} removed` : 'there was nothing'}\n`,
    );
  });

function machinesFor(approach: string) {
  const folder = join(approaches, approach);
  if (/^\w+$/.test(approach) && existsSync(folder)) return loadMachines(folder);
  throw inputError({
    what: `there is no approach "${approach}"${didYouMean(approach, [byDefault])}`,
    todo: 'ls approaches',
  });
}

function print(status: readonly Status[]): void {
  for (const { name, state, image, accelerator, ssh, ports, privateAddress, snapshots } of status) {
    const forwarded = Object.entries(ports).map(([guest, here]) => `127.0.0.1:${here} → ${guest}`);
    const parts = [
      `${name}: ${state}`,
      `${image}, ${accelerator === 'kvm' ? 'KVM' : 'software emulation'}`,
      ...(ssh ? [`ssh 127.0.0.1:${ssh}`] : []),
      ...forwarded,
      ...(privateAddress ? [privateAddress] : []),
      ...(snapshots.length > 0 ? [`snapshots: ${snapshots.join(', ')}`] : []),
    ];
    process.stdout.write(`${parts.join('   ')}\n`);
  }
}

/** OpenSSH's client takes over the terminal; its exit code is the answer. */
function ssh(approach: string, machine: string | undefined, command: readonly string[]): number {
  const names = machinesOf(approach);
  const name = machine ?? names[0];
  const saved = name === undefined ? undefined : readSaved(machineFolder(approach, name));
  if (name === undefined || !saved) {
    throw noMachine(approach, `${name}`, names);
  }
  if (machine === undefined && names.length > 1) {
    throw inputError({
      place: approach,
      what: `which of ${names.join(', ')}?`,
      todo: `npm run lab -- ssh -m ${names[0]} ${approach}`,
    });
  }
  const { status } = spawnSync(
    'ssh',
    [...sshOptions(doorOf(approach, name, saved)), '127.0.0.1', ...command],
    { stdio: 'inherit' },
  );
  return status ?? 1;
}

await runCommand(program, progress.end);
