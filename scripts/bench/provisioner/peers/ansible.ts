import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locate } from '../../../../provision/computer/programs.ts';
import { type Task, tasks, variables } from '../tasks.ts';
import { each, type Peer, type Workplace } from './peer.ts';

const INSTALL = 'apt-get install ansible-core ansible-mitogen';
/** Where Debian's Mitogen package installs its strategies. */
const STRATEGIES = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';

/** `ansible-playbook`, tuned as its documentation advises: pipelining, one persistent connection for all tasks. */
export const ansible: Peer = {
  name: 'ansible',
  missing: () => (locate('ansible-playbook') ? undefined : INSTALL),
  prepare: (place) => playbook(place, ''),
  isUnchanged: (output, hosts) => each(output, /ok=\d+ +changed=0 .*failed=0/g, hosts),
};

/** The same playbook through Mitogen's strategy. */
export const mitogen: Peer = {
  ...ansible,
  name: 'mitogen',
  missing: () => ansible.missing() ?? (existsSync(STRATEGIES) ? undefined : INSTALL),
  prepare: (place) => playbook(place, `strategy_plugins = ${STRATEGIES}\nstrategy = mitogen_linear\n`),
};

function playbook(place: Workplace, strategy: string) {
  const { folder: cwd, hosts, key, knownHosts, files, sockets } = place;
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
  write(
    'ansible.cfg',
    `[defaults]
inventory = hosts.ini
forks = 20
gathering = smart
deprecation_warnings = False
local_tmp = ${cwd}/tmp
${strategy}[ssh_connection]
pipelining = True
control_path_dir = ${sockets}
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${knownHosts}
`,
  );
  const each = hosts.map(
    ({ name, address, port }) => `${name} ansible_host=${address} ansible_port=${port}\n`,
  );
  const common = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: key,
    ansible_python_interpreter: '/usr/bin/python3',
  };
  const shared = Object.entries(common).map(([name, value]) => `${name}=${value}\n`);
  write('hosts.ini', `[all]\n${each.join('')}[all:vars]\n${shared.join('')}`);
  const plays = [
    { hosts: 'all', gather_facts: true, vars: variables, tasks: tasks.map((task) => step(task, files)) },
  ];
  write('site.yml', JSON.stringify(plays, null, 1));
  const env = { ANSIBLE_CONFIG: join(cwd, 'ansible.cfg') };
  return { argv: ['ansible-playbook', 'site.yml'], cwd, env } as const;
}

/** A task for Ansible. JSON is valid YAML. */
export function step(task: Task, files: string): Record<string, unknown> {
  const [module, args] = moduleOf(task, files);
  return {
    name: `${task.kind} ${'path' in task ? task.path : task.name}`,
    [`ansible.builtin.${module}`]: args,
  };
}

function moduleOf(task: Task, files: string): [string, Record<string, unknown>] {
  const mode = '0644';
  switch (task.kind) {
    case 'directory':
      return ['file', { path: task.path, state: 'directory', mode: '0755' }];
    case 'file':
      return ['copy', { src: `${files}/${task.from}.conf`, dest: task.path, mode }];
    case 'template':
      return ['template', { src: `${files}/${task.from}.j2`, dest: task.path, mode }];
    case 'group':
      return ['group', { name: task.name }];
    case 'user':
      return ['user', { name: task.name, group: task.group, shell: '/bin/sh' }];
    case 'package':
      return ['apt', { name: task.name, state: 'present' }];
    case 'line':
      return ['lineinfile', { path: task.path, line: task.line, create: true, mode }];
    case 'link':
      return ['file', { src: task.target, dest: task.path, state: 'link' }];
    case 'text':
      return ['copy', { content: task.text, dest: task.path, mode }];
    case 'touch':
      return ['command', { cmd: `touch ${task.path}`, creates: task.path }];
  }
}
