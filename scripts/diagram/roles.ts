import { join } from 'node:path';
import { type Approach, type Host, loadMachines, type Machine } from '../../provision/index.ts';
import { checkInput } from '../../provision/run/inputCheck.ts';
import { type Box, busesOf, type Picture, type Tier } from './model.ts';

/** Roles that install a service on the machine itself: its tier, and where its variables make it listen. */
const services: Readonly<Record<string, { name: string; tier: Tier; notes: (vars: Variables) => string[] }>> =
  {
    nginx: { name: 'nginx', tier: 'in', notes: ({ http_port }) => [`port ${http_port}`] },
    app: { name: 'TheAPP', tier: 'app', notes: ({ listen, port }) => ['systemd', `${listen}:${port}`] },
    mariadb: { name: 'MariaDB', tier: 'data', notes: () => ['systemd', '127.0.0.1:3306'] },
    redis: { name: 'Redis', tier: 'data', notes: () => ['systemd', '127.0.0.1:6379'] },
    memcached: { name: 'Memcached', tier: 'data', notes: () => ['systemd', '127.0.0.1:11211'] },
  };

type Variables = Readonly<Record<string, unknown>>;

/** An approach whose services run on the machines themselves; its roles say which. */
export async function pictureOfRoles(folder: string, title: string): Promise<Picture> {
  const machines = loadMachines(folder);
  const boxes = (await applyingOf(folder, machines)).flatMap(({ role, hosts, vars }): Box[] => {
    const service = services[role];
    if (!service) return [];
    const { name, tier } = service;
    return [{ name, tier, notes: service.notes(vars), machines: hosts, networks: ['loopback'], job: false }];
  });
  const buses = busesOf(boxes, () => 'loopback');
  const names = boxes.map(({ name }) => name).join(', ');
  return { title, description: `On the machine itself: ${names}.`, machines, boxes, buses };
}

/** A role that an approach applies, to which machines, with which variables. */
export interface Applying {
  readonly role: string;
  readonly hosts: readonly string[];
  readonly vars: Variables;
}

/** What an approach applies to its machines, in order, without contacting any. */
export async function applyingOf(
  folder: string,
  machines: Readonly<Record<string, Machine>>,
): Promise<Applying[]> {
  const { default: approach } = (await import(join(folder, 'index.ts'))) as { default: Approach };
  const applied = await checkInput(approach, hostsOf(machines), [], (context) => approach.provision(context));
  return applied.flatMap(({ hosts, calls }) =>
    calls.map((call) => {
      const { role, vars } = call.resolve([]);
      return { role, hosts: hosts.map(({ name }) => name), vars };
    }),
  );
}

const hostsOf = (machines: Readonly<Record<string, Machine>>): Host[] =>
  Object.entries(machines).map(([name, { groups }]) => ({
    name,
    groups,
    address: '',
    forwarded: {},
    vars: {},
  }));
