import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KeyPair } from '../../computer/keys.ts';

/** The identity of a machine, which distinguishes it from others resumed from the same snapshot. */
export interface Identity {
  readonly name: string;
  readonly authorized: string;
  readonly host: KeyPair;
  readonly lan?: { readonly mac: string; readonly address: string };
}

/**
 * A shell script for root on the machine that sets its clock, entropy, name, machine-id, keys and addresses, and removes
 * everything it shares with other machines resumed from the same snapshot.
 */
export function identityScript({ name, authorized, host, lan }: Identity): string {
  return [
    ...clock(),
    `printf '%s' '${randomBytes(256).toString('base64')}' > /dev/urandom`,
    ...write('/etc/hostname', `${name}\n`),
    `hostname '${name}'`,
    `sed -i '/^127\\.0\\.1\\.1/d' /etc/hosts`,
    `printf '127.0.1.1 ${name}\\n' >> /etc/hosts`,
    ...write('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`),
    'if [ -e /var/lib/dbus ]; then ln -sf /etc/machine-id /var/lib/dbus/machine-id; fi',
    ...write('/home/admin/.ssh/authorized_keys', `${authorized} theapp-lab\n`),
    'rm -f /etc/ssh/ssh_host_*',
    'umask 077',
    ...write('/etc/ssh/ssh_host_ed25519_key', readFileSync(host.file, 'utf8')),
    'umask 022',
    ...write('/etc/ssh/ssh_host_ed25519_key.pub', `${host.public}\n`),
    ...(lan ? write('/etc/systemd/network/10-lan.network', lanFile(lan)) : []),
    ...(lan ? ['networkctl reload'] : []),
    'systemctl restart ssh',
    ...timers,
    'sync',
  ].join('\n');
}

/** Sets the clock to this computer's time, to the millisecond. A resumed guest has the time of its snapshot. */
export const clock = () => [`date -u -s @${(Date.now() / 1000).toFixed(3)} > /dev/null`];

const lanFile = ({ mac, address }: { mac: string; address: string }) =>
  `[Match]\nMACAddress=${mac}\n\n[Network]\nAddress=${address}/24\nIPv6AcceptRA=no\n\n[Link]\nRequiredForOnline=no\n`;

/** Timers that would fire when the clock jumps ahead, and hold apt's lock. */
const apt = 'apt-daily.timer apt-daily-upgrade.timer';

/** Prepares a snapshot: waits until startup has finished, and writes all data to disk. */
export const beforeSnapshot = [
  'systemctl is-system-running --wait > /dev/null || true',
  `systemctl stop ${apt} 2> /dev/null || true`,
  'sync',
].join('\n');

const timers = [
  'rm -f /var/lib/systemd/timers/stamp-apt-daily*.timer',
  `systemctl start ${apt} 2> /dev/null || true`,
];

function write(file: string, content: string): string[] {
  return [`cat > ${file} << 'END-OF-FILE'`, `${content}END-OF-FILE`];
}
