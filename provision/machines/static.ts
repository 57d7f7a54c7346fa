import type { Host } from '../host.ts';
import type { Entry } from './inventory.ts';
import { loadPlacedInventory } from './inventory.ts';
import type { Provider, ProviderOptions } from './provider.ts';

/**
 * Existing machines, listed in an inventory file:
 *
 *     hosts:
 *       web:                                  # the default address is web; ssh_config is honoured
 *         address: 192.0.2.10
 *         port: 22
 *         user: debian
 *         key: ~/.ssh/id_ed25519              # or keys: [ … ]
 *         host_key: ssh-ed25519 AAAA…         # or a list; no other key is accepted
 *         groups: [app]                       # default: those of the machine with this name, or of the only machine
 *         private_address: 10.0.0.10
 *         forward: { 8080: 80 }               # port at the address: port of the machine, if they differ
 *         sudo_password_file: secrets/web     # mode 0600
 *         vars: { nginx: { tls: self_signed } }
 *
 * The file is read and checked when the hosts are requested. @throws ProvisionError (input)
 */
export function staticProvider(file: string): Provider {
  return {
    name: 'static',
    running: async () => true,
    hosts: async ({ machines }) => {
      const { hosts, where } = loadPlacedInventory(file);
      return Object.entries(hosts).map(([name, entry]) => ({
        ...hostOf(name, entry, machines),
        varsAt: (path) => where(['hosts', name, 'vars', ...path]),
      }));
    },
  };
}

function hostOf(name: string, entry: Entry, machines: ProviderOptions['machines']): Host {
  const { address = name, port, user, key, keys, host_key, private_address, sudo_password_file } = entry;
  const keyFiles = keys ?? (key === undefined ? undefined : [key]);
  return {
    name,
    address,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(keyFiles ? { keyFiles } : {}),
    ...(host_key === undefined ? {} : { hostKeys: [host_key].flat().map(withoutComment) }),
    groups: entry.groups ?? groupsOf(name, machines),
    ...(private_address === undefined ? {} : { privateAddress: private_address }),
    forwarded: Object.fromEntries(
      Object.entries(entry.forward).map(([here, guest]) => [guest, { address, port: Number(here) }]),
    ),
    vars: entry.vars,
    ...(sudo_password_file === undefined ? {} : { sudoPasswordFile: sudo_password_file }),
  };
}

function groupsOf(name: string, machines: ProviderOptions['machines']): readonly string[] {
  const all = Object.values(machines);
  return (machines[name] ?? (all.length === 1 ? all[0] : undefined))?.groups ?? [];
}

const withoutComment = (key: string) => key.split(' ').slice(0, 2).join(' ');
