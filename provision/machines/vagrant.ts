import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { loadMachines, type Machine } from './machines.ts';
import type { Host, Provider } from './provider.ts';

const project = resolve(import.meta.dirname, '../..');

/** The machines of the Vagrantfile, once `vagrant up` has made them. */
export const vagrant: Provider = {
  name: 'vagrant',
  running: async (approach) => {
    const made = created(project);
    if (Object.keys(made).length === 0) return false;
    const names = Object.keys(loadMachines(join(project, 'approaches', approach)));
    return names.every((name) => made[name] !== undefined) && (await allUp(approach, names));
  },
  hosts: async ({ approach, machines }) => {
    const made = created(project);
    const names = Object.keys(machines);
    const absent = names.filter((name) => made[name] === undefined);
    if (absent.length > 0) throw notUp(approach, absent);
    const sections = parseSshConfig(await run(approach, ['ssh-config', ...names]));
    return Object.entries(machines).map(([name, machine]) => {
      const section = sections[name];
      if (!section) throw notUp(approach, [name]);
      return hostOf(name, section, machine, made[name] ?? '');
    });
  },
};

/**
 * Machines that Vagrant has made in a folder, by name: it keeps a file `id` for each. The value is where the key of
 * this very machine can be kept. Costs nothing where there are none.
 */
export function created(folder: string): Record<string, string> {
  if (!existsSync(join(folder, '.vagrant'))) return {};
  const files = globSync('.vagrant/machines/*/*/id', { cwd: folder }).sort();
  return Object.fromEntries(
    files.map((file) => {
      const id = readFileSync(join(folder, file), 'utf8').trim();
      const kept = `known_hosts-${id.replace(/[^\w-]/g, '-')}`;
      return [file.split('/')[2] ?? '', join(folder, dirname(file), kept)];
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
  acceptNewIn: string,
): Host {
  const forwarded = Object.entries(machine.forward).map(([here, guest]) => [
    guest,
    { address: '127.0.0.1', port: Number(here) },
  ]);
  return {
    name,
    address: options.HostName ?? '127.0.0.1',
    port: Number(options.Port ?? 22),
    user: options.User ?? 'vagrant',
    keyFiles,
    acceptNewIn,
    groups: machine.groups,
    ...(machine.address ? { privateAddress: machine.address } : {}),
    forwarded: Object.fromEntries(forwarded),
    vars: {},
  };
}

async function allUp(approach: string, names: readonly string[]): Promise<boolean> {
  const states = parseStatus(await run(approach, ['status', '--machine-readable', ...names]));
  return names.every((name) => states[name] === 'running');
}

async function run(approach: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr, shortMessage } = await execa('vagrant', args, {
    cwd: project,
    env: { APPROACH: approach },
    reject: false,
    timeout: 120_000,
  });
  if (exitCode === 0) return stdout;
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: 'vagrant', what: `"vagrant ${args.join(' ')}" failed`, why, said: stderr ?? '' });
}

const notUp = (approach: string, names: readonly string[]) =>
  failure({
    place: 'vagrant',
    what: `${names.join(', ')} of ${approach} is not up`,
    todo: 'vagrant up, or let the lab make machines: --provider qemu',
  });
