import {
  absent,
  apt,
  command,
  directory,
  file,
  handler,
  role,
  service,
  sh,
  user,
} from '../../provision/index.ts';
import {
  distribution,
  distributionPackages,
  keyring,
  sources,
  upstream,
  upstreamPackages,
} from './packages.ts';
import { vars } from './vars.ts';

const SETTINGS = '/etc/docker/daemon.json';
const restart = handler('restart docker', sh`systemctl restart docker`);

/** Docker with limited logs, Compose v2, and the users that have access to it. */
export const docker = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts }) => [
    ...(vars.source === 'docker' ? upstreamPackages : distributionPackages)(facts, vars.compose),
    directory('/etc/docker'),
    file(SETTINGS, { content: settings(vars), validate, notify: restart }),
    service('docker'),
    ...vars.users.map((name) => user(name, { groups: ['docker'] })),
  ],
  remove: ({ vars, purge }) => [
    stopped,
    apt.absent(vars.source === 'docker' ? upstream : distribution),
    ...[SETTINGS, sources, keyring].map((path) => file.absent(path)),
    ...(purge ? ['/var/lib/docker', '/var/lib/containerd', '/etc/docker'].map((path) => absent(path)) : []),
  ],
});

interface Settings {
  readonly log_max_size: string;
  readonly log_max_file: number;
  readonly live_restore: boolean;
  readonly swarm: boolean;
  readonly mirrors: readonly string[];
}

function settings({ log_max_size, log_max_file, live_restore, swarm, mirrors }: Settings): string {
  const content = {
    'log-driver': 'json-file',
    'log-opts': { 'max-size': log_max_size, 'max-file': `${log_max_file}` },
    'live-restore': live_restore && !swarm,
    ...(mirrors.length > 0 ? { 'registry-mirrors': mirrors } : {}),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Docker before 23 cannot validate its settings. */
const validate = (draft: string) => sh`if dockerd --help | grep -q -e --validate; then
dockerd --validate --config-file=${draft} >/dev/null
fi`;

/** With live-restore, containers would continue to run after the daemon is removed. */
const stopped = command('stop all containers', {
  unless: sh`[ -z "$(docker ps --quiet 2>/dev/null)" ]`,
  run: sh`docker ps --quiet | xargs -r docker stop >/dev/null`,
});
