import t from 'tap';
import { skipFile } from '../../provision/testing.ts';
import { objects, podsOf } from '../../testing/charts.ts';
import { needsKubernetes } from '../../testing/servers/kubernetes.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

/** A request that NetworkPolicies allow: `to` accepts it, or `from` may send it. */
const arrow = (from: string, to: string, port: number) => `${from} → ${to}:${port}`;

interface Policy {
  readonly podSelector: Selector;
  readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports: readonly Port[] }[];
  readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports: readonly Port[] }[];
}
interface Selector {
  readonly matchExpressions?: readonly { readonly values: readonly string[] }[];
}
type Peer = { readonly podSelector: Selector; readonly namespaceSelector?: object };
type Port = { readonly port: number };

t.test('who may reach whom', async (t) => {
  const all = [...(await objects('chart')), ...(await objects('data'))];
  const policies = all
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as Partial<Policy>);
  const components = ({ matchExpressions = [] }: Selector) =>
    matchExpressions.flatMap(({ values }) => values);
  const pairs = (rule: { ports: readonly Port[] }, peers: readonly Peer[], own: string[], out: boolean) =>
    rule.ports.flatMap(({ port }) =>
      peers.flatMap(({ podSelector }) =>
        components(podSelector).flatMap((peer) =>
          own.map((self) => (out ? arrow(self, peer, port) : arrow(peer, self, port))),
        ),
      ),
    );
  const accepted = policies.flatMap(({ podSelector = {}, ingress = [] }) =>
    ingress.flatMap((rule) => pairs(rule, rule.from ?? [], components(podSelector), false)),
  );
  const sent = policies.flatMap(({ podSelector = {}, egress = [] }) =>
    egress.flatMap((rule) => pairs(rule, rule.to, components(podSelector), true)),
  );
  const known = new Set(
    all.flatMap(podsOf).map(({ metadata }) => metadata.labels['app.kubernetes.io/component']),
  );
  const fromTest = arrow('test', 'edge', 8080);
  t.strictSame(
    sent.filter((one) => one !== fromTest).sort(),
    accepted.sort(),
    'what one may send, the other accepts',
  );
  for (const one of [...sent, ...accepted])
    t.ok(
      one.split(' → ').every((end) => known.has(end.replace(/:.*/, ''))),
      `${one}: both exist`,
    );
  for (const [from, to, port] of [
    ['edge', 'mysql', 3306],
    ['edge', 'redis', 6379],
    ['memcached', 'app', 3000],
    ['redis', 'mysql', 3306],
  ] as const)
    t.notOk(sent.includes(arrow(from, to, port)), `not ${arrow(from, to, port)}`);
});
