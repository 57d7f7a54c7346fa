import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../../provision/authoring.ts';
import { directory, file } from '../../../provision/index.ts';
import type { Vars } from '../vars.ts';

/** The settings, the known nodes, and the key with which snapshots are copied. */
export const FOLDER = '/etc/kubernetes/maintenance';

/** What the commands share. */
export const FUNCTIONS = '/usr/local/lib/kubernetes-maintenance.sh';
const COMMANDS = ['certificates', 'snapshot', 'restore'] as const;
/** The file of a command. */
export const commandOf = (name: (typeof COMMANDS)[number]) => `/usr/local/sbin/kubernetes-${name}`;

/** Everything that `commands` writes outside of /etc/kubernetes. */
export const paths = [FUNCTIONS, ...COMMANDS.map(commandOf)];

const textOf = (name: string) => readFileSync(join(import.meta.dirname, `${name}.sh`), 'utf8');

/** The commands for the maintenance of a control plane, and their settings. */
export const commands = (vars: Vars): Resource[] => [
  directory(FOLDER, { mode: '0700' }),
  file(`${FOLDER}/settings`, { content: settings(vars) }),
  file(FUNCTIONS, { content: textOf('functions') }),
  ...COMMANDS.map((name) => file(commandOf(name), { content: textOf(name), mode: '0755' })),
];

/** The schema of the variables admits nothing that a shell would interpret. */
function settings({ certificate_days, snapshots, snapshot_hours, snapshot_copy: copy }: Vars): string {
  const values = {
    RENEW_DAYS: certificate_days,
    KEEP: snapshots,
    HOURS: snapshot_hours,
    TARGET: copy?.target ?? '',
    PORT: copy?.port ?? '',
    FOLDER: copy?.folder ?? '',
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
