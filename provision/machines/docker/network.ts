import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { withLock } from '../../computer/lock.ts';
import { failure } from '../../errors.ts';
import type { Machine } from '../machines.ts';
import { tryDocker } from './client.ts';
import { labelled, labelsOf, nameOf } from './labels.ts';

/** The private network of an approach's machines: a Docker network with fixed addresses. */
export interface Network {
  readonly name: string;
  /** The first three numbers of its addresses: `10.77.2`. */
  readonly prefix: string;
}

type Machines = Readonly<Record<string, Machine>>;

/** Returns the network of an approach, and creates it if necessary. @throws ProvisionError (failed) */
export async function networkFor(
  approach: string,
  machines: Machines,
  report: (line: string) => void,
): Promise<Network> {
  const name = nameOf(approach);
  // several daemons on one computer share its routes
  return await withLock('docker network', 'creating a network', report, async () => {
    const found = await prefixOf(name);
    if (found) return { name, prefix: found };
    for (const prefix of prefixesFor(machines)) {
      if (isRouted(prefix)) continue;
      const subnet = ['--subnet', `${prefix}.0/24`, '--gateway', `${prefix}.1`];
      const { ok, stderr } = await tryDocker([
        ...['network', 'create', '--driver', 'bridge', ...subnet],
        ...[...labelled(labelsOf(approach)), name],
      ]);
      if (ok) return { name, prefix };
      if (!/overlap/i.test(stderr)) {
        throw failure({ place: approach, what: 'its Docker network could not be created', said: stderr });
      }
    }
    throw failure({
      place: approach,
      what: 'no free network is available for its machines',
      todo: 'remove unused Docker networks: docker network prune',
    });
  });
}

/** The networks to try: that of the addresses in machines.yml if they share one, then others. */
export function prefixesFor(machines: Machines): string[] {
  const given = Object.values(machines).flatMap(({ address }) => (address === undefined ? [] : [address]));
  const prefixes = new Set(given.map((address) => address.replace(/\.\d+$/, '')));
  const fits = prefixes.size === 1 && given.every((address) => !/\.(0|1|255)$/.test(address));
  const others = Array.from({ length: 64 }, (_, i) => `10.77.${128 + i}`);
  return [...(fits ? prefixes : []), ...others];
}

/** An address for each machine in this network. Its last number comes from machines.yml if possible. */
export function addressesIn(prefix: string, machines: Machines): Record<string, string> {
  const taken = new Set(['0', '1', '255']);
  const last = (address: string) => address.split('.').at(-1) ?? '';
  const given: Record<string, string> = {};
  const give = (name: string, number: string) => {
    taken.add(number);
    given[name] = `${prefix}.${number}`;
  };
  for (const [name, { address }] of Object.entries(machines)) {
    if (address !== undefined && !taken.has(last(address))) give(name, last(address));
  }
  let next = 10;
  for (const name of Object.keys(machines).filter((name) => given[name] === undefined)) {
    while (taken.has(String(next))) next++;
    give(name, String(next));
  }
  return given;
}

async function prefixOf(name: string): Promise<string | undefined> {
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}';
  const { ok, stdout } = await tryDocker(['network', 'inspect', '--format', format, name]);
  return ok ? stdout.trim().replace(/\.0\/24$/, '') : undefined;
}

/** Whether this computer already uses the network, for another daemon or outside Docker. */
function isRouted(prefix: string): boolean {
  const own = Object.values(networkInterfaces()).flat();
  if (own.some((one) => one?.address.startsWith(`${prefix}.`))) return true;
  try {
    return routesTo(prefix, readFileSync('/proc/net/route', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Whether a route overlaps the network. `table` is /proc/net/route (proc(5)), with destinations and masks in
 * hexadecimal, lowest byte first. The default route does not count.
 */
export function routesTo(prefix: string, table: string): boolean {
  const [a = 0, b = 0, c = 0] = prefix.split('.').map(Number);
  const network = ((a << 24) | (b << 16) | (c << 8)) >>> 0;
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'))
    .some(([, destination = '', , , , , , mask = '']) => {
      const [to, bits] = [destination, mask].map(
        (hex) => Buffer.from(hex.padStart(8, '0'), 'hex').readUInt32LE(0) >>> 0,
      ) as [number, number];
      const common = (bits & 0xffffff00) >>> 0;
      return bits !== 0 && (to & common) >>> 0 === (network & common) >>> 0;
    });
}
