import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { each, type Peer } from './peer.ts';

const root = resolve(import.meta.dirname, '../../../..');

/** `npm run provision` with an inventory, without npm's own start-up time. */
export const ours: Peer = {
  name: 'ours',
  missing: () => undefined,
  prepare({ folder, files, hosts, key, hostKey }) {
    const entries = hosts.map(({ name, address, port }) => [
      name,
      {
        address,
        port,
        user: 'root',
        key,
        host_key: hostKey,
        groups: ['bench'],
        vars: { workload: { files } },
      },
    ]);
    const inventory = join(folder, 'hosts.yml');
    writeFileSync(inventory, JSON.stringify({ hosts: Object.fromEntries(entries) }, null, 1));
    const options = ['./scripts/bench/provisioner/approach', '--inventory', inventory];
    return { argv: [join(root, 'node_modules/.bin/node'), entry(), ...options], cwd: root };
  },
  isUnchanged: (output, hosts) => each(output, /changed=0 failed=0 unreachable=0/g, hosts),
};

/** The file that package.json starts Node with. */
function entry(): string {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return String(scripts.provision).replace(/^node /, '');
}
