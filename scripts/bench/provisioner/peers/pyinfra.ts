import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locate } from '../../../../provision/computer/programs.ts';
import { type Task, tasks, variables } from '../tasks.ts';
import type { Peer } from './peer.ts';

const program = () => process.env.PYINFRA || locate('pyinfra');

/** pyinfra, from `PYINFRA` (the path of its program) or the PATH. It counts its shell operations as changes in every run. */
export const pyinfra: Peer = {
  name: 'pyinfra',
  missing: () => (program() ? undefined : 'pipx install pyinfra, or set PYINFRA to the path of its program'),
  prepare({ folder, files, hosts, key, knownHosts }) {
    const machines = hosts.map(({ address, port }) => [
      address,
      {
        ssh_user: 'root',
        ssh_port: port,
        ssh_key: key,
        ssh_known_hosts_file: knownHosts,
        ssh_strict_host_key_checking: 'yes',
      },
    ]);
    // Lists of strings and numbers are written the same in JSON and Python.
    writeFileSync(join(folder, 'inventory.py'), `hosts = [tuple(h) for h in ${JSON.stringify(machines)}]\n`);
    const lines = tasks.map((task) => `${operation(task, files)}\n`).join('');
    const imports = 'from io import StringIO\nfrom pyinfra.operations import apt, files, server\n';
    writeFileSync(join(folder, 'deploy.py'), imports + lines);
    return { argv: [program() ?? 'pyinfra', '-y', 'inventory.py', 'deploy.py'], cwd: folder };
  },
};

/** A task for pyinfra. */
export function operation(task: Task, files: string): string {
  switch (task.kind) {
    case 'directory':
      return call('files.directory', { path: task.path, mode: '755' });
    case 'file':
      return call('files.put', { src: `${files}/${task.from}.conf`, dest: task.path, mode: '644' });
    case 'template':
      return call('files.template', {
        src: `${files}/${task.from}.j2`,
        dest: task.path,
        mode: '644',
        ...variables,
      });
    case 'group':
      return call('server.group', { group: task.name });
    case 'user':
      return call('server.user', { user: task.name, group: task.group, shell: '/bin/sh' });
    case 'package':
      return call('apt.packages', { packages: [task.name] });
    case 'line':
      return call('files.line', { path: task.path, line: task.line });
    case 'link':
      return call('files.link', { path: task.path, target: task.target });
    case 'text':
      return `files.put(src=StringIO(${JSON.stringify(task.text)}), dest=${JSON.stringify(task.path)}, mode="644")`;
    case 'touch':
      return call('server.shell', { commands: [`[ -e ${task.path} ] || touch ${task.path}`] });
  }
}

const call = (name: string, args: Readonly<Record<string, unknown>>) =>
  `${name}(${Object.entries(args)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(', ')})`;
