import { absent, apt, command, directory, file, handler, role, service, sh } from '../../provision/index.ts';
import { dockersRepository, keyring, sources } from '../docker/packages.ts';
import { config } from './config.ts';
import { CERTS, hosts, pruned } from './mirrors.ts';
import { vars } from './vars.ts';

const packages = { docker: ['containerd.io'], distro: ['containerd', 'runc'] };
const restart = handler('restart containerd', sh`systemctl restart containerd`);

/** containerd as Kubernetes uses it, and the settings of its client crictl. */
export const containerd = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts }) => [
    ...(vars.source === 'docker' ? dockersRepository('containerd', facts) : []),
    apt.packages(packages[vars.source]),
    directory('/etc/containerd'),
    config({ ...vars, facts }, restart),
    directory(CERTS),
    // containerd reads these for each pull
    ...Object.entries(vars.mirrors).flatMap(([name, url]) => hosts(name, url)),
    pruned(Object.keys(vars.mirrors)),
    file('/etc/crictl.yaml', { content: crictl }),
    service('containerd'),
  ],
  remove: ({ vars }) => [
    stopped,
    apt.absent(packages[vars.source], { purge: true }),
    ...(vars.source === 'docker' ? [sources, keyring].map((path) => file.absent(path)) : []),
    file.absent('/etc/crictl.yaml'),
    // containers have ended by now; what is left is a cache of images
    ...['/etc/containerd', '/var/lib/containerd', '/run/containerd', '/opt/containerd'].map((path) =>
      absent(path),
    ),
  ],
});

const crictl = `# Managed by the provisioner (role containerd).
runtime-endpoint: unix:///run/containerd/containerd.sock
image-endpoint: unix:///run/containerd/containerd.sock
`;

/** What a stopped containerd has left mounted could not be removed. */
const stopped = command('stop containerd', {
  unless: sh`! systemctl is-active --quiet containerd && ! grep -q ' /run/containerd/' /proc/self/mounts`,
  run: sh`systemctl stop containerd
grep ' /run/containerd/' /proc/self/mounts | cut -d ' ' -f 2 | sort -r | while read -r path; do umount -- "$path"; done`,
});
