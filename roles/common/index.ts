import type { Resource } from '../../provision/authoring.ts';
import {
  apt,
  directory,
  type Facts,
  file,
  handler,
  role,
  service,
  sh,
  sysctl,
  timezone,
} from '../../provision/index.ts';
import { vars } from './vars.ts';

const journald = handler('restart systemd-journald', sh`systemctl restart systemd-journald`);

/** The base configuration of every machine. */
export const common = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, facts, template }) => [
    apt.packages([...vars.packages, ...(vars.unattended_upgrades ? ['unattended-upgrades'] : [])]),
    timezone(vars.timezone),
    file('/etc/security/limits.d/50-provision.conf', { content: template('limits.conf.hbs') }),
    ...kernelSettings(vars.sysctl, facts),
    file('/etc/apt/apt.conf.d/52provision-auto-upgrades', { content: template('auto-upgrades.conf.hbs') }),
    directory('/etc/systemd/journald.conf.d'),
    file('/etc/systemd/journald.conf.d/50-provision.conf', {
      content: template('journald.conf.hbs'),
      notify: journald,
    }),
    ...(vars.unattended_upgrades ? [service('unattended-upgrades')] : []),
  ],
  remove: ({ vars }) => [
    ...Object.keys(vars.sysctl).map((key) => file.absent(`/etc/sysctl.d/90-${key}.conf`)),
    file.absent('/etc/security/limits.d/50-provision.conf'),
    file.absent('/etc/apt/apt.conf.d/52provision-auto-upgrades'),
    file.absent('/etc/systemd/journald.conf.d/50-provision.conf', { notify: journald }),
  ],
});

/** In a container only the settings of its own network can be changed: the others belong to the computer. */
function kernelSettings(
  settings: Readonly<Record<string, string | number>>,
  { kernelSettings: writable }: Pick<Facts, 'kernelSettings'>,
): readonly Resource[] {
  const own = Object.entries(settings).filter(([key]) => writable === 'all' || key.startsWith('net.'));
  return own.length > 0 ? [sysctl(Object.fromEntries(own))] : [];
}
