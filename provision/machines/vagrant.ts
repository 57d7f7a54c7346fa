import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadMachines, type Machine } from './machines.ts';
import type { Provider } from './provider.ts';

const project = resolve(import.meta.dirname, '../..');

/** What Vagrant calls a machine: its Vagrantfile has those of all approaches. */
const fullName = (approach: string, name: string) => `${approach}-${name}`;

/** The machines of the Vagrantfile, once `vagrant up` has made them. */
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

/** A machine that Vagrant has made. */
export interface Made {
  /** Vagrant's word for what runs it: `virtualbox`. */
  readonly by: string;
  /** Where the key of this very machine can be kept. */
  readonly acceptNewIn: string;
}

/**
 * Machines that Vagrant has made in a folder, by name: it keeps a file `id` for each. Costs nothing where there are
 * none.
 */
export function created(folder: string): Record<string, Made> {
  const data = resolve(folder, process.env.VAGRANT_DOTFILE_PATH || '.vagrant');
  if (!existsSync(data)) return {};
  const files = globSync('machines/*/*/id', { cwd: data }).sort();
  return Object.fromEntries(
    files.map((file) => {
      const id = readFileSync(join(data, file), 'utf8').trim();
      const kept = `known_hosts-${id.replace(/[^\w-]/g, '-')}`;
      const [, name = '', by = ''] = file.split(sep);
      return [name, { by, acceptNewIn: join(data, dirname(file), kept) }];
    }),
  );
}

/** State of each machine by `vagrant status --machine-readable`: lines `time,machine,state,running`. */
export function parseStatus(text: string): Record<string, string> {
  const rows = text.split('\n').map((line) => line.trim().split(','));
  return Object.fromEntries(
    rows.flatMap(([, name, type, state]) => (name && type === 'state' && state ? [[name, state]] : [])),
  );
}

/** Sections of `vagrant ssh-config` by host: first value of each option, every `IdentityFile`. */
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

/** Vagrant shows no host key: the first one is accepted and kept in `acceptNewIn`, for as long as this machine is. */
export function hostOf(
  name: string,
  { options, keyFiles }: Section,
  machine: Machine,
  { by, acceptNewIn }: Made,
): Host {
  const address = options.HostName ?? '127.0.0.1';
  // Hyper-V neither forwards ports nor gives the addresses that are asked for: its machines have one of their own
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

/** What `vagrant ssh-config` says; Vagrant's own provisioner hands it over in a file (vagrant/provisioning.rb). */
async function sshConfig(names: readonly string[]): Promise<string> {
  const file = process.env.THEAPP_SSH_CONFIG;
  return file ? readFileSync(file, 'utf8') : await run(['ssh-config', ...names]);
}

async function run(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr, shortMessage, code } = await execa('vagrant', args, {
    cwd: project,
    // of all approaches, whichever a person has set
    env: { APPROACH: '' },
    reject: false,
    timeout: 120_000,
  });
  if (exitCode === 0) return stdout;
  if (code === 'ENOENT') {
    throw failure({
      place: 'vagrant',
      what: 'Vagrant is not installed',
      todo: 'install it, or: --provider qemu',
    });
  }
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: 'vagrant', what: `"vagrant ${args.join(' ')}" failed`, why, said: stderr ?? '' });
}

const notUp = (approach: string, names: readonly string[]) =>
  failure({
    place: 'vagrant',
    what: `${names.join(', ')} of ${approach} ${names.length > 1 ? 'are' : 'is'} not up`,
    todo: `vagrant up --no-provision /${approach}/, or let the lab make machines: --provider qemu`,
  });
