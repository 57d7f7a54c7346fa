import type { Host } from '../host.ts';
import type { Facts } from '../language/facts.ts';

/** Facts of a small virtual machine, for tests of what roles plan. */
export const debian: Facts = {
  distribution: 'debian',
  version: '13',
  codename: 'trixie',
  architecture: 'amd64',
  kernel: '6.12.0',
  hostname: 'vm',
  cores: 2,
  memory: 966,
  addresses: ['10.0.2.15'],
  nameservers: ['10.0.2.3'],
  kernelSettings: 'all',
  cgroups: 2,
  privileges: { oomScores: true, devices: true, kernelLog: true, conntrackLimit: true },
  systemd: true,
  emulated: false,
  ipsec: { has: 'yes', seen: 'esp4 is installed, xfrm_user is installed' },
};

/** The host with these facts; tests do not connect to it. */
export const vm: Host = { name: 'vm', address: '127.0.0.1', groups: ['app'], forwarded: {}, vars: {} };
