import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { freePort } from '../../provision/computer/ports.ts';
import { buildBox } from '../../scripts/lab/box/build.ts';
import { quietly, ROOT } from '../../testing/machine.ts';
import { type Libvirt, startLibvirt } from './libvirt.ts';

export interface Ran {
  readonly exitCode: number;
  /** The output of Vagrant and the provisioner, without download progress. */
  readonly text: string;
  readonly seconds: number;
}

/** A copy of the checkout with its own libvirt and Vagrant home. */
export interface Testbed {
  readonly folder: string;
  readonly checkout: string;
  readonly libvirt: Libvirt;
  /** The port of this computer that is forwarded to nginx of approach_0. */
  readonly port: number;
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  close(): Promise<void>;
}

/** Copies the checkout, with uncommitted changes, and gives it free ports. */
export async function newTestbed(): Promise<Testbed> {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-vagrant-'));
  const checkout = join(folder, 'checkout');
  const ports = [await freePort(), await freePort()] as const;
  await copyOf(checkout, ports);
  const progress = quietly();
  const box = await buildBox({ image: 'debian', yes: true, progress: (line) => progress('box', line) });
  const libvirt = await startLibvirt(join(folder, 'libvirt'));
  const vagrant = {
    VAGRANT_HOME: join(folder, 'home'),
    THEAPP_LIBVIRT_DRIVER: 'qemu',
    THEAPP_BOX: box.name,
    THEAPP_BOX_URL: `file://${box.file}`,
    THEAPP_BOX_CHECKSUM: box.sha256,
  };
  let closed: Promise<void> | undefined;
  const close = async () => {
    await libvirt.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    folder,
    checkout,
    libvirt,
    port: ports[0],
    run: (command, env = {}) => run([...libvirt.enter(checkout), ...command], { ...vagrant, ...env }),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function copyOf(checkout: string, [http, https]: readonly [number, number]): Promise<void> {
  mkdirSync(checkout);
  const excluded = ['node_modules', '.lab', '.tap', '.vagrant']
    .map((name) => `--exclude=./${name}`)
    .join(' ');
  await execa('sh', ['-c', `tar ${excluded} -c . | tar -x -C "$0"`, checkout], { cwd: ROOT });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  const machines = join(checkout, 'approaches/approach_0/machines.yml');
  const text = readFileSync(machines, 'utf8').replace('8080:', `${http}:`).replace('8443:', `${https}:`);
  writeFileSync(machines, text);
}

/** Runs a command without the settings of the person who runs the tests. */
async function run(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const start = performance.now();
  const unset = Object.keys(process.env).filter((name) =>
    /^(THEAPP|VAGRANT|LIBVIRT|APPROACH|PROVISION)/.test(name),
  );
  const { exitCode, all = '' } = await execa(program, args, {
    env: { ...Object.fromEntries(unset.map((name) => [name, undefined])), NO_COLOR: '1', ...env },
    all: true,
    reject: false,
    stdin: 'ignore',
  });
  const seconds = (performance.now() - start) / 1000;
  const text = stripVTControlCharacters(all)
    .split(/[\r\n]+/)
    .filter((line) => !line.includes('Progress: '))
    .join('\n');
  return { exitCode: exitCode ?? -1, text, seconds };
}
