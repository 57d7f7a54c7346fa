import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KeyPair } from '../../computer/keys.ts';

/** What makes one machine differ from another that woke up from the same snapshot. */
export interface Identity {
  readonly name: string;
  readonly authorized: string;
  readonly host: KeyPair;
  readonly lan?: { readonly mac: string; readonly address: string };
}

/**
 * Shell, for root in the machine: the clock, random numbers, name, machine-id, keys and addresses become its own.
 * What the snapshot's twins share is gone afterwards.
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

/** To this computer's time, to the millisecond: after a snapshot the guest's clock stands where it was taken. */
export const clock = () => [`date -u -s @${(Date.now() / 1000).toFixed(3)} > /dev/null`];

const lanFile = ({ mac, address }: { mac: string; address: string }) =>
  `[Match]\nMACAddress=${mac}\n\n[Network]\nAddress=${address}/24\nIPv6AcceptRA=no\n\n[Link]\nRequiredForOnline=no\n`;

/** Timers that would find out, when the clock jumps, that they are days late, and take apt's lock. */
const apt = 'apt-daily.timer apt-daily-upgrade.timer';

/** Before a snapshot: nothing is under way and nothing is unwritten. */
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
