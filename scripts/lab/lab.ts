import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { didYouMean, inputError, loadMachines } from '../../provision/index.ts';
import { chooseLab } from '../../provision/machines/choose.ts';
import { bringUp as bringUpContainers } from '../../provision/machines/docker.ts';
import { sshOptions } from '../../provision/machines/lab/door.ts';
import { mirrorProcess } from '../../provision/machines/lab/images/lasting.ts';
import { bringUp as bringUpVirtual } from '../../provision/machines/qemu.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { progressLines } from '../command/progress.ts';
import { boxCommand } from './box.ts';
import { approachWords, imageCommands } from './images.ts';
import { destroy, kindOf, leftoversOf, othersThan, statusOf } from './kinds.ts';
import { doorTo } from './machines.ts';
import { lineOf } from './text.ts';

const approaches = resolve(import.meta.dirname, '../../approaches');
const byDefault = 'approach_0';
const progress = progressLines(process.stderr);

interface UpOptions {
  readonly provider?: 'qemu' | 'docker';
  readonly image: string;
  readonly yes: boolean;
  readonly anyPorts: boolean;
}

const program = newCommand('lab')
  .description(
    'Manages the machines of an approach on this computer: virtual machines (QEMU) or containers (Docker). Without an approach, the command acts on approach_0. The SSH keys are in .lab/.',
  )
  .enablePositionalOptions();

program
  .command('up')
  .argument('[approach]', approachWords)
  .description('start the machines of an approach, and create those that are missing')
  .addOption(
    new Option(
      '--provider <name>',
      'qemu for virtual machines, docker for containers; docs/machines.md explains the default',
    ).choices(['qemu', 'docker']),
  )
  .option(
    '--image <image>',
    'operating system of new machines: auto, ubuntu-24.04, debian-13, debian-12 or debian (the newest); for qemu also a disk image with cloud-init',
    'auto',
  )
  .option('--any-ports', 'forward from free ports of this computer, not from those in machines.yml', false)
  .option('-y, --yes', 'install missing programs on this computer without asking', false)
  .action(async (approach: string = byDefault, { provider, ...options }: UpOptions) => {
    const machines = machinesFor(approach);
    const chosen = await chooseLab(provider, approach);
    if (chosen.why) process.stderr.write(`${approach} (${chosen.provider.name}: ${chosen.why})\n`);
    const bringUp = chosen.provider.name === 'docker' ? bringUpContainers : bringUpVirtual;
    await bringUp({ approach, machines, ...options, progress: progress.show });
    progress.end();
    await print(approach);
  });

program
  .command('status')
  .argument('[approach]', approachWords)
  .description(
    'list the machines with their addresses and snapshots, and anything that an interrupted run left behind',
  )
  .option('--json', 'print one JSON object on stdout', false)
  .action(async (approach: string = byDefault, { json }: { json: boolean }) => {
    if (json) {
      const [machines, left] = [await statusOf(approach), await leftoversOf(approach)];
      const mirror = mirrorProcess(approach);
      const others = await othersThan(approach);
      process.stdout.write(
        `${JSON.stringify({ approach, machines, left, others, ...(mirror ? { mirror } : {}) })}\n`,
      );
      return;
    }
    await print(approach);
    for (const other of await othersThan(approach))
      process.stdout.write(`also in the lab: npm run lab -- status ${other}\n`);
  });

program
  .command('ssh')
  .argument('[approach]', approachWords)
  .argument('[command...]', 'a command to run there; without it, a shell opens')
  .description('open a shell on a machine, or run one command there')
  .option('-m, --machine <name>', 'the machine, if the approach has several')
  .passThroughOptions()
  .action(async (approach: string = byDefault, command: string[], { machine }: { machine?: string }) => {
    const door = await doorTo(approach, machine);
    // OpenSSH's client takes over the terminal; its exit code is that of this command
    const { status } = spawnSync('ssh', [...sshOptions(door), '127.0.0.1', ...command], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  });

program
  .command('snapshot')
  .argument('<name>', 'the name of the snapshot')
  .argument('[approach]', approachWords)
  .description('save the state of the machines under a name: disks, and for virtual machines also memory')
  .action(async (name: string, approach: string = byDefault) => {
    await (await kindOf(approach)).takeSnapshot(approach, name, progress.show);
    progress.end();
    for (const machine of await statusOf(approach)) {
      process.stdout.write(`${machine.name}: ${machine.snapshots.join(', ')}\n`);
    }
  });

program
  .command('restore')
  .argument('<name>', 'the name of the snapshot')
  .argument('[approach]', approachWords)
  .description('restore the machines to the state in a snapshot')
  .action(async (name: string, approach: string = byDefault) => {
    await (await kindOf(approach)).restoreSnapshot(approach, name, progress.show);
    progress.end();
    await print(approach);
  });

imageCommands(program, progress);
boxCommand(program, progress);

program
  .command('down')
  .argument('[approach]', approachWords)
  .description(
    'stop and remove the machines with their data, and whatever an interrupted run left behind; images stay',
  )
  .action(async (approach: string = byDefault) => {
    const removed = await destroy(approach, (line) => progress.show('lab', line));
    progress.end();
    process.stdout.write(
      `${approach}: ${removed.length > 0 ? `${removed.join(', ')} removed` : 'nothing to remove'}\n`,
    );
  });

function machinesFor(approach: string) {
  const folder = join(approaches, approach);
  if (/^\w+$/.test(approach) && existsSync(folder)) return loadMachines(folder);
  const known = readdirSync(approaches).filter((name) => existsSync(join(approaches, name, 'machines.yml')));
  throw inputError({
    what: `there is no approach "${approach}"${didYouMean(approach, known)}`,
    why: `choose one of: ${known.join(', ')}`,
  });
}

async function print(approach: string): Promise<void> {
  const [machines, left] = [await statusOf(approach), await leftoversOf(approach)];
  const mirror = mirrorProcess(approach);
  const lines = [
    ...machines.map(lineOf),
    ...(mirror ? [`mirror: ${mirror.url}   process ${mirror.pid}`] : []),
    ...left.map((what) => `left over: ${what}   npm run lab -- down ${approach}`),
  ];
  if (lines.length === 0) lines.push(`${approach} has no machines: npm run lab -- up ${approach}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

await runCommand(program, progress.end);
