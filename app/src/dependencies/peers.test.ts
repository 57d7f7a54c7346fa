import t from 'tap';
import { replicaCounter } from './peers.ts';

const info = (...replicas: string[]) =>
  [
    '# Replication',
    'role:master',
    `connected_slaves:${replicas.length}`,
    ...replicas,
    'master_repl_offset:1',
  ].join('\r\n');
const replica = (number: number, state: string, lag: number) =>
  `slave${number}:ip=127.0.0.1,port=63${number},state=${state},offset=1,lag=${lag}`;

t.test('counts the replicas that keep up, out of the highest number seen', async (t) => {
  const count = replicaCounter();
  const cases: [string[], number, number][] = [
    [[], 0, 0],
    [[replica(0, 'online', 0)], 1, 1],
    [[replica(0, 'online', 1), replica(1, 'online', 0)], 2, 2],
    [[replica(0, 'online', 9), replica(1, 'online', 0)], 1, 2],
    [[replica(0, 'wait_bgsave', 0), replica(1, 'online', 3)], 1, 2],
    [[replica(1, 'online', 0)], 1, 2],
    [[], 0, 2],
  ];
  for (const [replicas, up, of] of cases) t.strictSame(count(info(...replicas)), { up, of });
});
