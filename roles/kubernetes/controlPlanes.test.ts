import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { type Host, secret } from '../../provision/index.ts';
import { title } from '../../provision/testing.ts';
import { cp1, cp2, find, type Given, peers, resources, words, worker } from '../../testing/nodes.ts';
import { elsewhere } from './endpoint.ts';
import { sharedOf } from './shared.ts';
import type { Vars } from './vars.ts';

const titles = (host: Host, given: Given) => resources(host, given).map(title);

t.test('each node resolves the endpoint by itself', async (t) => {
  const given: Given = { control_planes: peers };
  const on = titles(worker, given).join('\n');
  t.match(on, /apt\.packages conntrack.* haproxy\n/);
  t.match(
    on,
    /file \/etc\/haproxy\/haproxy\.cfg\nline \/etc\/hosts: 127\.0\.0\.1 kubernetes\.internal\nserv/,
  );
  t.notMatch(titles(cp1, given).join('\n'), /haproxy|kubernetes\.internal/, 'a control plane needs none');
  t.match(titles(cp1, { part: 'control-plane', control_planes: peers }).slice(0, 2), [
    'service haproxy',
    'line /etc/hosts: 10.0.2.11 kubernetes.internal',
  ]);
  const mine = { ...given, endpoint: 'api.example.org:443' };
  for (const [host, part] of [
    [worker, 'node'],
    [cp1, 'control-plane'],
  ] as const)
    t.notMatch(titles(host, { ...mine, part }).join('\n'), /haproxy|kubernetes\.internal/);
  const unknown: Given = { control_planes: [...peers.slice(0, 2), { host: 'cp3', address: null }] };
  t.notMatch(titles(worker, unknown).join('\n'), 'haproxy.cfg', 'the present configuration is kept');
  t.match(titles(worker, unknown).join('\n'), 'service haproxy');
});

t.test('HAProxy checks the API servers if there are several', async (t) => {
  const config = (control_planes: Vars['control_planes']) =>
    find(worker, { control_planes }, 'file /etc/haproxy/haproxy.cfg')?.plan({ kind: 'absent' })[0]?.diff
      ?.after ?? '';
  const servers = (text: string) => [...text.matchAll(/^ {2}server (.*)$/gm)].map(([, one]) => one);
  t.strictSame(servers(config(peers)), ['cp1 10.0.2.11:6443', 'cp2 10.0.2.12:6443', 'cp3 10.0.2.13:6443']);
  t.match(config(peers), /option httpchk GET \/readyz\n[\s\S]*on-marked-down shutdown-sessions\n/);
  t.strictSame(servers(config(peers.slice(0, 1))), ['cp1 10.0.2.11:6443']);
  t.notMatch(
    config(peers.slice(0, 1)),
    'check',
    'a slow answer must not end the connections to the only one',
  );
});

t.test('a worker is no control plane, and no node of another cluster', async (t) => {
  const eligible = find(worker, { control_planes: peers }, 'kubernetes no node of another cluster');
  const server = 'https://kubernetes.internal:6443';
  const plan = (state: object) => eligible?.plan({ controls: false, server, peers: [], ...state });
  t.strictSame(plan({ server: '' }), []);
  t.strictSame(plan({ peers: ['10.0.2.11'] }), []);
  t.strictSame(plan({ peers: ['10.0.2.10', '10.0.2.13'] }), [], 'one of them is gone');
  t.throws(() => plan({ peers: ['192.0.2.1'] }), elsewhere('192.0.2.1'));
  t.throws(() => plan({ controls: true }), /is a control plane, and a node cannot become a worker/);
});

t.test('several schedulers and controller managers elect one', async (t) => {
  const config = (control_planes: Vars['control_planes']) => {
    const init = find(cp1, { part: 'control-plane', control_planes }, 'kubeadm init');
    const text = init?.plan({ is: 'initialised', config: '' })[0]?.diff?.after ?? '';
    return parseAllDocuments(text).map((document) => document.toJS())[1];
  };
  const no = { name: 'leader-elect', value: 'false' };
  t.match(config(peers.slice(0, 1)).scheduler.extraArgs, [no]);
  t.match(config(peers.slice(0, 1)).controllerManager.extraArgs[0], no);
  t.equal(config(peers).scheduler, undefined);
  t.notMatch(JSON.stringify(config(peers)), 'leader-elect');
  t.equal(config(peers).controlPlaneEndpoint, 'kubernetes.internal:6443');
});

const shared = sharedOf(Array.from({ length: 9 }, (_, i) => `text ${i}\n--- end\n`).join(''));
const join = {
  endpoint: 'kubernetes.internal:6443',
  token: secret('abcdef.0123456789abcdef'),
  authority: 'aa11',
  control: { shared, through: '10.0.2.11', fresh: true },
};

t.test('a further control plane joins', async (t) => {
  const given: Given = { part: 'control-plane', control_planes: peers, join };
  t.notMatch(titles(cp2, given).join('\n'), 'encryption key', 'it gets the key of the cluster');
  const resource = find(cp2, given, 'kubeadm join');
  t.strictSame(resource?.plan('aa11'), []);
  const [change] = resource?.plan('') ?? [];
  t.equal(change?.summary, 'join the cluster at kubernetes.internal:6443 as a control plane');
  const script = change?.script.text ?? '';
  for (const text of [...shared.map((_, i) => `text ${i}\n`), 'abcdef.0123456789abcdef'])
    t.ok(change?.script.secrets.includes(text), 'redacted in all output');
  const order = [
    'before-',
    '/etc/kubernetes/pki/ca.key',
    '/etc/kubernetes/encryption/config.yaml',
    'echo ',
    'unshare --mount',
    '/etc/kubernetes/kubeadm.yaml',
  ].map((part) => script.indexOf(part));
  t.notOk(order.includes(-1), 'none is missing');
  t.strictSame(
    order,
    [...order].sort((a, b) => a - b),
  );
  t.match(script, /printf %s 'text 1\n' \| cat >[\s\S]{1,300}chmod 00600 /, 'only root reads a key');
  const config = parse(/printf %s '(apiVersion[\s\S]*?)' \| cat/.exec(script)?.[1] ?? '');
  t.match(config, {
    kind: 'JoinConfiguration',
    controlPlane: { localAPIEndpoint: { advertiseAddress: '10.0.2.12' } },
    discovery: { bootstrapToken: { apiServerEndpoint: 'kubernetes.internal:6443' } },
  });
  const text = (control: typeof join.control | { shared: typeof shared; through: null; fresh: false }) =>
    find(cp2, { ...given, join: { ...join, control } }, 'kubeadm join')?.plan('')[0]?.script.text ?? '';
  const again = text({ shared, through: null, fresh: false });
  t.notMatch(again, 'before-', 'the volumes of a node of this cluster are kept');
  t.notMatch(again, 'unshare', 'the load balancer leads to another one');
});

t.test('the API server of a control plane', async (t) => {
  const answers = find(cp2, { part: 'control-plane', control_planes: peers }, 'kubernetes API server');
  t.strictSame(answers?.plan(true), []);
  t.strictSame(words(answers?.plan(false)), ['wait until it is ready']);
  t.match(answers?.plan(false)[0]?.script.text, '--server=https://10.0.2.12:6443', 'its own');
});
