import t from 'tap';
import {
  type Context,
  explain,
  type Facts,
  failure,
  type Host,
  type RoleCall,
  secret,
} from '../../provision/index.ts';
import { debian } from '../../provision/testing.ts';
import { encryption } from './encryption.ts';
import approach2 from './index.ts';

type Ipsec = Facts['ipsec'];
const has: Ipsec = { has: 'yes', seen: 'esp4 is loaded, xfrm_user is loaded' };
const lacks: Ipsec = { has: 'no', seen: '/proc/config.gz has no CONFIG_INET_ESP' };
const unknown: Ipsec = { has: 'unknown', seen: 'esp4 is a module, and there is no /lib/modules/6.8.0' };

const machine = (name: string, more: Partial<Host> = {}): Host => {
  const groups = name === 'manager' ? ['managers', 'registry'] : ['workers'];
  return { name, address: '', privateAddress: '10.77.2.11', groups, forwarded: {}, vars: {}, ...more };
};
const names = ['manager', 'worker1', 'worker2'];
const machines = names.map((name) => machine(name));
const containers = names.map((name) => machine(name, { container: true }));
const [manager, worker1, worker2] = machines as [Host, Host, Host];

/** What is decided when each host says this of its kernel, and every warning; or the error that a person reads. */
async function decided(hosts: readonly Host[], ipsec: (host: Host) => Ipsec) {
  const warnings: string[] = [];
  const warn = (words: string) => void warnings.push(words);
  const facts = async (host: Host) => ({ ...debian, ipsec: ipsec(host) });
  try {
    return [await encryption({ remaining: (of) => of, facts, warn }, hosts), ...warnings];
  } catch (error) {
    return [explain(error), ...warnings];
  }
}

t.test('the network is encrypted, unless the kernel of containers lacks IPsec', async (t) => {
  const plain =
    'the network between these containers is not encrypted, because their kernel has no IPsec (/proc/config.gz has no CONFIG_INET_ESP); to require encryption: -e theapp.encrypted=true';
  const refused = (who: string) =>
    `${who}: the kernel has no IPsec, which encrypts the network between the machines: /proc/config.gz has no CONFIG_INET_ESP
  → use a kernel with ESP, or leave the network unencrypted if it is trusted: -e theapp.encrypted=false`;
  const only = (lacking: Host) => (host: Host) => (host.name === lacking.name ? lacks : has);
  const table: [string, readonly Host[], (host: Host) => Ipsec, (boolean | string)[]][] = [
    ['machines', machines, () => has, [true]],
    ['machines of which nothing is known: the preflight tests it', machines, () => unknown, [true]],
    ['machines without it', machines, () => lacks, [refused('manager, worker1, worker2')]],
    ['one machine without it', machines, only(worker2), [refused('worker2')]],
    ['containers', containers, () => has, [true]],
    ['containers that do not see their modules', containers, () => unknown, [true]],
    ['containers without it', containers, () => lacks, [false, plain]],
    ['a machine among containers', [manager, ...containers.slice(1)], () => lacks, [refused('manager')]],
    ['no host is left', [], () => lacks, [true]],
  ];
  for (const [name, hosts, ipsec, expected] of table)
    t.strictSame(await decided(hosts, ipsec), expected, name);
});

t.test('a host that fails while it is asked is left out; any other error ends the run', async (t) => {
  let left = [manager, worker1];
  const facts = async (host: Host): Promise<Facts> => {
    if (host === manager) return { ...debian, ipsec: has };
    left = [manager];
    throw failure({ what: 'the connection was lost' });
  };
  const remaining = (of: readonly Host[]) => of.filter((host) => left.includes(host));
  t.equal(await encryption({ remaining, facts, warn: t.fail }, machines), true);
  const broken = { remaining: (of: readonly Host[]) => of, facts, warn: t.fail };
  await t.rejects(encryption(broken, [worker1]), /the connection was lost/);
});

/** What the approach gives to its roles, by their names, when nobody or somebody has said `theapp.encrypted`. */
async function given(action: 'provision' | 'rollback', hosts: readonly Host[], ipsec: Ipsec, said?: boolean) {
  const calls: RoleCall[] = [];
  const warnings: string[] = [];
  const asked = new Set<string>();
  const layer = (role: string) => ({
    values: role === 'theapp' && said !== undefined ? { encrypted: said } : {},
    where: () => '-e',
  });
  const [first] = hosts as [Host];
  const context: Context<'managers' | 'registry'> = {
    hosts: { all: hosts, managers: [first], registry: [first] },
    apply: async (_to, ...more) => void calls.push(...more),
    remaining: (of) => of,
    read: async (_host, _script, predicted = 'predicted') => predicted,
    facts: async ({ name }) => {
      asked.add(name);
      return { ...debian, ipsec };
    },
    variables: (_host, call) => call.resolve([layer(call.role)]).vars,
    environments: [],
    warn: (words) => void warnings.push(words),
    say: () => undefined,
    confirm: async () => undefined,
    verify: async () => undefined,
    secret: () => secret('predicted'),
    secrets: () => Promise.reject(new Error('approach_2 has no environments')),
    artefact: async () => ({ version: '0.0.0', file: '/predicted', sha256: '0'.repeat(64), bytes: 0 }),
  };
  await approach2[action]?.(context);
  const of = (name: string, those = (_vars: RoleVars) => true) =>
    calls
      .filter(({ role }) => role === name)
      .map((call) => call.resolve([]).vars)
      .filter(those)
      .map(({ encrypted }) => encrypted);
  const overlays = ({ over, networks }: RoleVars) => over === 'overlay' || networks === true;
  return { theapp: of('theapp'), preflight: of('preflight', overlays), warnings, asked };
}

type RoleVars = Readonly<Record<string, unknown>>;

t.test('one variable decides what is deployed and what the preflight tests', async (t) => {
  const table: [string, readonly Host[], Ipsec, boolean | undefined, boolean, number][] = [
    ['machines', machines, has, undefined, true, 0],
    ['machines, opted out', machines, lacks, false, false, 0],
    ['machines, whatever is known of them', machines, lacks, true, true, 0],
    ['containers without it', containers, lacks, undefined, false, 1],
    ['containers without it, opted out', containers, lacks, false, false, 0],
    ['containers without it, encryption required', containers, lacks, true, true, 0],
    ['containers with it', containers, has, undefined, true, 0],
  ];
  for (const [name, hosts, ipsec, said, expected, warnings] of table) {
    const { theapp, preflight, ...more } = await given('provision', hosts, ipsec, said);
    t.strictSame(theapp, [expected], `${name}: the stack`);
    t.strictSame(preflight, [expected, expected], `${name}: the preflight`);
    t.equal(more.warnings.length, warnings, `${name}: warnings`);
  }
  await t.rejects(given('provision', machines, lacks), /the kernel has no IPsec/);
});

t.test('a rollback decides in the same way, and asks only the manager', async (t) => {
  const { theapp, asked } = await given('rollback', containers, lacks);
  t.strictSame([theapp, [...asked]], [[false], ['manager']]);
});
