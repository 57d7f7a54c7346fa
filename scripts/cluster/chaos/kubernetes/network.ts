import { failure, sh } from '../../../../provision/index.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from './target.ts';

type Connection = readonly [from: string, host: string, port: number];

/** Connections of the diagram, which prove that the check works. */
const allowed: readonly Connection[] = [
  ['edge', 'theapp', 3000],
  ['theapp', 'mysql-primary', 3306],
  ['theapp', 'redis-1', 6379],
  ['theapp', 'sentinel-1', 26379],
  ['theapp', 'memcached', 11211],
];

/** Connections that the diagram does not have: past TheAPP, backwards, to the API, and to another environment. */
const denied = (other: string): readonly Connection[] => [
  ['edge', 'mysql-primary', 3306],
  ['edge', 'redis-1', 6379],
  ['edge', 'sentinel-1', 26379],
  ['edge', 'memcached', 11211],
  ['memcached', 'mysql-primary', 3306],
  ['memcached', 'theapp', 3000],
  ['theapp', 'edge', 80],
  ['theapp', 'kubernetes.default', 443],
  ['theapp', `mysql-primary.${other}`, 3306],
  ['edge', `theapp.${other}`, 3000],
];

/** Network policies deny everything that is not in the diagram. */
export const networkPolicy: Scenario<Target> = {
  name: 'network-policy',
  description: `${allowed.length} connections of the diagram are opened, and ${denied('').length} others, which must fail`,
  // nothing changes; a probe of the cluster may fail meanwhile
  bounds: { protects: 'all', healthySeconds: 60 },
  async prepare(target) {
    const { releases } = await target.probe();
    const other = releases.find(({ namespace }) => namespace !== target.environment)?.namespace;
    if (other === undefined) throw failure({ place: target.approach, what: 'has only one environment' });
    return async () => {
      for (const one of allowed) await expect(target, 'connected', one);
      for (const one of denied(other)) await expect(target, 'denied', one);
      return undefined;
    };
  },
};

/** What a connection from a container does: a name that cannot be resolved is not a connection that is denied. */
const attempt = `getent hosts "$0" >/dev/null || { echo unresolved; exit; }
if timeout 5 bash -c "exec 3<>/dev/tcp/$0/$1" 2>/dev/null; then echo connected; else echo denied; fi`;

async function expect(target: Target, expected: string, [from, host, port]: Connection): Promise<void> {
  target.progress(`${from} → ${host}:${port}`);
  const said = await target.kubectl(sh`exec ${`service/${from}`} -- sh -c ${attempt} ${host} ${port}`);
  if (said.trim() === expected) return;
  throw failure({ place: `${from} → ${host}:${port}`, what: `expected ${expected}, found ${said.trim()}` });
}
