import type { Resource } from '../../../provision/authoring.ts';
import { absent, command, file, type Script, service, sh, systemd } from '../../../provision/index.ts';
import type { Vars } from '../vars.ts';
import { commandOf, commands, FOLDER, paths } from './files.ts';
import { knownNodes } from './nodes.ts';

/** The folder of the snapshots. */
export const BACKUPS = '/var/backups/kubernetes';

/** A control plane renews its certificates, approves those of the kubelets, and saves snapshots of etcd. */
export const maintenance = (vars: Vars): Resource[] => [
  ...commands(vars),
  knownNodes(vars.members, vars.absentees),
  ...(vars.snapshot_copy ? [key, knownHost(vars.snapshot_copy.host_key)] : []),
  ...timer('certificates', 'certificates of the control plane and the kubelets', '*-*-* 02:00'),
  ...timer('snapshot', 'snapshots of etcd', vars.snapshot_schedule),
  firstSnapshot,
];

/** A host that is no longer a control plane. Snapshots are kept without `purge`. */
export const noMaintenance = (purge: boolean): Resource[] => [
  ...names.map((name) => service(`kubernetes-${name}.timer`, { enabled: false, running: false })),
  ...names.flatMap((name) => [
    file.absent(unitOf(`kubernetes-${name}.timer`)),
    file.absent(unitOf(`kubernetes-${name}.service`)),
  ]),
  ...paths.map((path) => file.absent(path)),
  ...(purge ? [absent(BACKUPS)] : []),
];

/** Before kubeadm creates a cluster: puts the data and the keys of a snapshot in place. */
export const fresh = (snapshot: string | null, host: string, address: string): Script | undefined =>
  snapshot === null ? undefined : sh`${commandOf('restore')} --fresh ${snapshot} ${host} ${address}`;

const names = ['certificates', 'snapshot'] as const;
const unitOf = (name: string) => `/etc/systemd/system/${name}`;

/** Several control planes start at different times within an hour. A run that was missed is made up for. */
const timer = (name: (typeof names)[number], description: string, schedule: string): Resource[] => [
  systemd.unit(`kubernetes-${name}.service`, {
    content: `[Unit]
Description=Kubernetes: ${description}
Wants=network-online.target
After=network-online.target containerd.service kubelet.service

[Service]
Type=oneshot
ExecStart=${commandOf(name)}
`,
  }),
  systemd.unit(`kubernetes-${name}.timer`, {
    content: `[Unit]
Description=Kubernetes: ${description}

[Timer]
OnCalendar=${schedule}
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
`,
  }),
  service(`kubernetes-${name}.timer`),
];

/** There is a snapshot from the beginning, which also shows that they work. */
const firstSnapshot = command('first snapshot of etcd', {
  unless: sh`ls ${BACKUPS} 2>/dev/null | grep -q 'tar.gz$'`,
  run: sh`${commandOf('snapshot')} --local >/dev/null`,
});

/** The key with which snapshots are copied is generated here. Its public part belongs on the target. */
const key = command('key to copy snapshots', {
  creates: `${FOLDER}/key`,
  run: sh`ssh-keygen -q -t ed25519 -N '' -C "snapshots of $(hostname)" -f ${`${FOLDER}/key`}`,
});

const knownHost = (hostKey: string) => file(`${FOLDER}/known_hosts`, { content: `snapshots ${hostKey}\n` });
