import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadMachines, type Machine } from './machines.ts';
import type { Provider } from './provider.ts';

const project = resolve(import.meta.dirname, '../..');

/** The name of a machine in Vagrant; the Vagrantfile has the machines of all approaches. */
const fullName = (approach: string, name: string) => `${approach}-${name}`;

/** The machines of the Vagrantfile, once `vagrant up` has created them. */
export const vagrant: Provider = {
  name: 'vagrant',
  running: async (approach) => {
    const made = created(project);
    if (!Object.keys(made).some((name) => name.startsWith(fullName(approach, '')))) return false;
    const machines = loadMachines(join(project, 'approaches', approach));
    const names = Object.keys(machines).map((name) => fullName(approach, name));
    return names.every((name) => made[name] !== undefined) && (await allUp(names));
  },
  hosts: async ({ approach, machines }) => {
    const made = created(project);
    const wanted = Object.entries(machines).map(
      ([name, machine]) => [name, fullName(approach, name), machine] as const,
    );
    const absent = wanted.filter(([, full]) => made[full] === undefined).map(([name]) => name);
    if (absent.length > 0) throw notUp(approach, absent);
    const sections = parseSshConfig(await sshConfig(wanted.map(([, full]) => full)));
    return wanted.map(([name, full, machine]) => {
      const section = sections[full];
      const known = made[full];
      if (!section || !known) throw notUp(approach, [name]);
      return hostOf(name, section, machine, known);
    });
  },
};

/** A machine created by Vagrant. */
export interface Created {
  /** Vagrant's name of the provider: `virtualbox`. */
  readonly by: string;
  /** The known_hosts file for the host key of this machine. */
  readonly acceptNewIn: string;
}

/**
 * The machines that Vagrant has created in a folder, by name. Vagrant keeps a file `id` for each of them. Does not start
 * Vagrant.
 */
export function created(folder: string): Record<string, Created> {
  const data = resolve(folder, process.env.VAGRANT_DOTFILE_PATH || '.vagrant');
  if (!existsSync(data)) return {};
  const files = globSync('machines/*/*/id', { cwd: data }).sort();
  return Object.fromEntries(
    files.map((file) => {
      const id = readFileSync(join(data, file), 'utf8').trim();
      const knownHosts = `known_hosts-${id.replace(/[^\w-]/g, '-')}`;
      const [, name = '', by = ''] = file.split(sep);
      return [name, { by, acceptNewIn: join(data, dirname(file), knownHosts) }];
    }),
  );
}

/** The state of each machine, from `vagrant status --machine-readable`: lines `time,machine,state,running`. */
export function parseStatus(text: string): Record<string, string> {
  const rows = text.split('\n').map((line) => line.trim().split(','));
  return Object.fromEntries(
    rows.flatMap(([, name, type, state]) => (name && type === 'state' && state ? [[name, state]] : [])),
  );
}

/** A section of `vagrant ssh-config`: the first value of each option, and every `IdentityFile`. */
export interface Section {
  readonly options: Readonly<Record<string, string>>;
  readonly keyFiles: readonly string[];
}

export function parseSshConfig(text: string): Record<string, Section> {
  const sections: Record<string, { options: Record<string, string>; keyFiles: string[] }> = {};
  let section: { options: Record<string, string>; keyFiles: string[] } | undefined;
  for (const [, key = '', raw = ''] of text.matchAll(/^\s*([A-Za-z]+)[ \t]+(.+?)\s*$/gm)) {
    const value = raw.replace(/^"(.*)"$/, '$1');
    if (key === 'Host') {
      section = { options: {}, keyFiles: [] };
      sections[value] = section;
    } else if (key === 'IdentityFile') section?.keyFiles.push(value);
    else if (section) section.options[key] ??= value;
  }
  return sections;
}

/** Vagrant does not provide host keys, so the first one is accepted and stored in `acceptNewIn` with the machine. */
export function hostOf(
  name: string,
  { options, keyFiles }: Section,
  machine: Machine,
  { by, acceptNewIn }: Created,
): Host {
  const address = options.HostName ?? '127.0.0.1';
  // Hyper-V neither forwards ports nor assigns the configured addresses; its machines have their own address.
  const direct = by === 'hyperv';
  const forwarded = Object.entries(direct ? {} : machine.forward).map(([here, guest]) => [
    guest,
    { address: '127.0.0.1', port: Number(here) },
  ]);
  const privateAddress = direct ? address : machine.address;
  return {
    name,
    address,
    port: Number(options.Port ?? 22),
    user: options.User ?? 'vagrant',
    keyFiles,
    acceptNewIn,
    groups: machine.groups,
    ...(privateAddress ? { privateAddress } : {}),
    forwarded: Object.fromEntries(forwarded),
    vars: {},
  };
}

async function allUp(names: readonly string[]): Promise<boolean> {
  const states = parseStatus(await run(['status', '--machine-readable', ...names]));
  return names.every((name) => states[name] === 'running');
}

/** The output of `vagrant ssh-config`. Vagrant's provisioner passes it in a file (vagrant/provisioning.rb). */
async function sshConfig(names: readonly string[]): Promise<string> {
  const file = process.env.THEAPP_SSH_CONFIG;
  return file ? readFileSync(file, 'utf8') : await run(['ssh-config', ...names]);
}

async function run(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr, shortMessage, code } = await execa('vagrant', args, {
    cwd: project,
    // The machines of all approaches, even if the user has selected one.
    env: { APPROACH: '' },
    reject: false,
    timeout: 120_000,
  });
  if (exitCode === 0) return stdout;
  if (code === 'ENOENT') {
    throw failure({
      place: 'vagrant',
      what: 'Vagrant is not installed',
      todo: 'install it, or use the built-in lab: --provider qemu',
    });
  }
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: 'vagrant', what: `"vagrant ${args.join(' ')}" failed`, why, said: stderr ?? '' });
}

const notUp = (approach: string, names: readonly string[]) =>
  failure({
    place: 'vagrant',
    what: `${names.join(', ')} of ${approach} ${names.length > 1 ? 'are' : 'is'} not up`,
    todo: `vagrant up --no-provision /${approach}/; or use the built-in lab: --provider qemu`,
  });
