import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Machine } from '../machines.ts';
import { explained, isRemote } from './client.ts';
import { EACH, warningFor } from './inotify.ts';
import { addressesIn, prefixesFor, routesTo } from './network.ts';
import { reasonIn } from './official.ts';
import { containerOf, type Inspected } from './state.ts';
import { systemNamed } from './system.ts';
import { changes, recipeOf } from './tree.ts';

const machine = (address?: string): Machine => ({
  memory: 1024,
  cpus: 2,
  disk: 10,
  groups: [],
  forward: {},
  ...(address === undefined ? {} : { address }),
});

t.test('the network comes from machines.yml if all addresses share one', async (t) => {
  const table: [string, (string | undefined)[], string][] = [
    ['one network', ['10.77.2.11', '10.77.2.12'], '10.77.2'],
    ['no addresses', [undefined], '10.77.128'],
    ['two networks', ['10.77.2.11', '10.77.3.11'], '10.77.128'],
    ['the address of the gateway', ['10.77.2.1'], '10.77.128'],
  ];
  for (const [name, addresses, expected] of table) {
    const machines = Object.fromEntries(addresses.map((address, i) => [`m${i}`, machine(address)]));
    const [first, second] = prefixesFor(machines);
    t.equal(first, expected, name);
    t.match(second, /^10\.77\.1(28|29)$/, `${name}: followed by others`);
  }
});

t.test('addresses come from machines.yml, moved to the chosen network if it is another', async (t) => {
  const machines = {
    a: machine('10.77.2.11'),
    b: machine('10.77.3.11'),
    c: machine(),
    d: machine('10.77.2.10'),
  };
  t.strictSame(addressesIn('10.77.130', machines), {
    a: '10.77.130.11',
    b: '10.77.130.12',
    c: '10.77.130.13',
    d: '10.77.130.10',
  });
});

t.test('networks that overlap the routes of this computer are recognised', async (t) => {
  const row = (destination: string, mask: string) => `eth0\t${destination}\t0\t1\t0\t0\t0\t${mask}\t0\t0\t0`;
  const table: [string, string, boolean][] = [
    ['the default route', row('00000000', '00000000'), false],
    ['the same network', row('00024D0A', '00FFFFFF'), true],
    ['a larger one around it', row('0000000A', '000000FF'), true],
    ['a smaller one within it', row('04024D0A', 'FCFFFFFF'), true],
    ['its neighbour', row('00034D0A', '00FFFFFF'), false],
  ];
  for (const [name, line, expected] of table) {
    t.equal(routesTo('10.77.2', `Iface\tDestination\tGateway\tFlags\n${line}\n`), expected, name);
  }
});

t.test('errors of the Docker client name the command that fixes them', async (t) => {
  const table: [string, RegExp, RegExp][] = [
    [
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      /^docker: the Docker daemon does not answer$/,
      /--provider qemu/,
    ],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
      /^docker: you do not have permission to use the Docker daemon$/,
      /sudo usermod -aG docker \$USER, then log in again/,
    ],
    [
      'the docker client is not installed',
      /^docker: the docker client is not installed$/,
      /apt-get install docker\.io/,
    ],
  ];
  for (const [stderr, what, todo] of table) {
    const error = explained(stderr);
    t.match(error?.message, what);
    t.match(error?.parts.todo, todo);
  }
  t.equal(explained('Error: No such container: x'), undefined);
});

t.test('too few inotify instances', async (t) => {
  t.equal(warningFor(75, 75), undefined);
  const page = readFileSync(join(import.meta.dirname, '../../../approaches/approach_4/README.md'), 'utf8');
  t.match(page, `needs about ${EACH} for each machine`);
  t.match(warningFor(40, 75), /has 40 .* of the 75 .*sudo sysctl fs\.inotify\.max_user_instances=1024$/);
});

t.test('a daemon on another computer is recognised', async (t) => {
  const table: [string, boolean][] = [
    ['unix:///var/run/docker.sock', false],
    ['tcp://127.0.0.1:2375', false],
    ['tcp://localhost:2375', false],
    ['tcp://192.0.2.1:2376', true],
    ['ssh://me@example.org', true],
    ['', false],
  ];
  for (const [endpoint, expected] of table) t.equal(isRemote(endpoint), expected, endpoint);
});

t.test('the reason why a registry cannot be reached', async (t) => {
  const table: [string, string][] = [
    [
      'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      'lookup registry-1.docker.io: no such host',
    ],
    ['', 'no reason given'],
  ];
  for (const [output, expected] of table) t.equal(reasonIn(output), expected);
});

t.test('a machine is read from the output of docker inspect', async (t) => {
  const inspected = (StartedAt: string): Inspected => ({
    Name: '/theapp-approach_0-vm-1a2b3c',
    State: { Running: true, StartedAt },
    Config: {
      Labels: {
        'theapp.approach': 'approach_0',
        'theapp.machine': 'vm',
        'theapp.image': 'debian-13',
        'theapp.host-key': 'ssh-ed25519 AAAA',
        'theapp.disk': '20',
      },
    },
    HostConfig: { PortBindings: { '22/tcp': [{ HostPort: '15022' }], '80/tcp': [{ HostPort: '8080' }] } },
    NetworkSettings: { Networks: { x: { IPAMConfig: { IPv4Address: '10.77.0.10' } } } },
  });
  t.strictSame(containerOf(inspected('2026-01-01T00:00:00Z')), {
    name: 'theapp-approach_0-vm-1a2b3c',
    approach: 'approach_0',
    machine: 'vm',
    state: 'running',
    complete: true,
    image: 'debian-13',
    disk: 20,
    hostKey: 'ssh-ed25519 AAAA',
    address: '10.77.0.10',
    sshPort: 15022,
    forwarded: { 80: 8080 },
  });
  t.equal(
    containerOf(inspected('0001-01-01T00:00:00Z')).complete,
    false,
    'before its first start it has no keys',
  );
});

t.test('unknown image names are refused, and every image has its own recipe', async (t) => {
  t.throws(() => systemNamed('debain-13'), {
    message: /unknown container image "debain-13"; did you mean "debian-13"\?/,
  });
  const [ubuntu, debian] = [systemNamed('ubuntu-24.04'), systemNamed('debian')];
  if (ubuntu === 'auto' || debian === 'auto') throw new Error('expected two systems');
  t.match(recipeOf(ubuntu), /^[0-9a-f]{8}$/);
  t.not(recipeOf(ubuntu), recipeOf(debian));
  t.strictSame(changes, ['ENV container=docker', 'CMD ["/usr/local/lib/machine/start.sh"]']);
});
