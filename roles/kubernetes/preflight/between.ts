import { failure, type ProvisionError } from '../../../provision/index.ts';
import { addressOf } from './addresses.ts';
import type { Inspected } from './probe.ts';
import type { Subnets } from './problem.ts';

/** A property that no two machines share. */
interface Unique {
  readonly name: string;
  /** Its values; empty if they are not known. */
  of(seen: Inspected): readonly string[];
  readonly todo: string;
}

/** What Kubernetes requires to be unique, and one command corrects. */
const REQUIRED: readonly Unique[] = [
  {
    name: 'hostname',
    of: ({ facts }) => [facts.hostname],
    todo: 'on one of them: hostnamectl set-hostname NAME',
  },
  {
    name: 'machine-id',
    of: ({ identity }) => [identity.machine],
    todo: 'on one of them: rm /etc/machine-id; systemd-machine-id-setup; reboot',
  },
];

/** Where other nodes reach a machine. */
const address = (subnets: (seen: Inspected) => Subnets): Unique => ({
  name: 'address',
  of: (seen) => [addressOf(seen, subnets(seen))].filter((one) => typeof one === 'string'),
  todo: 'list each machine once, and give each an address of its own',
});

/** What Kubernetes requires to be unique, but belongs to the hardware and rarely matters. */
const EXPECTED: readonly Unique[] = [
  {
    name: 'product_uuid',
    // a container has that of its computer
    of: ({ facts, identity }) => (facts.kernelSettings === 'all' ? [identity.product] : []),
    todo: 'drivers of a cloud may confuse these machines',
  },
  {
    name: 'MAC address',
    of: ({ identity }) => [...new Set(identity.cards)],
    todo: 'they must not be in the same network',
  },
];

/** Why hosts cannot be nodes of one cluster, unless all of them are already. */
export const conflicts = (
  all: readonly Inspected[],
  subnets: (seen: Inspected) => Subnets,
): ProvisionError[] => [
  ...[address(subnets), ...REQUIRED].flatMap((unique) =>
    shared(all, unique).map(([value, place]) =>
      failure({ place, what: `have the same ${unique.name}, ${value}`, todo: unique.todo }),
    ),
  ),
  ...architectures(all),
];

/** What hosts share that may become a problem. */
export const likenesses = (all: readonly Inspected[]): string[] =>
  EXPECTED.flatMap((unique) =>
    shared(all, unique).map(
      ([value, hosts]) => `${hosts}: have the same ${unique.name}, ${value}; ${unique.todo}`,
    ),
  );

/** Each value that several hosts share, with their names; at least one of them is not a node yet. */
function shared(all: readonly Inspected[], { of }: Unique): [value: string, hosts: string][] {
  const pairs = all.flatMap((seen) => of(seen).map((value) => ({ seen, value })));
  const groups = Map.groupBy(pairs, ({ value }) => value);
  return [...groups]
    .filter(([value, some]) => value !== '' && some.length > 1 && some.some(({ seen }) => !seen.node))
    .map(([value, some]) => [value, some.map(({ seen }) => seen.host.name).join(', ')]);
}

/** The application's image is built on one machine. */
function architectures(all: readonly Inspected[]): ProvisionError[] {
  const each = [...Map.groupBy(all, ({ facts }) => facts.architecture)];
  if (each.length < 2 || all.every(({ node }) => node)) return [];
  const found = each.map(([name, some]) => `${name} (${some.map(({ host }) => host.name).join(', ')})`);
  return [
    failure({
      what: `the machines have different architectures: ${found.join(', ')}`,
      why: 'the image of the application is built for one of them',
      todo: 'use machines of one architecture',
    }),
  ];
}
