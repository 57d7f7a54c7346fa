import t from 'tap';
import { parseExtra } from '../input/extraVars.ts';
import { pulledBy } from './pulls.ts';

t.test('what the lab provides depends on the roles and on -e', async (t) => {
  const table: [roles: string[], extras: string[], expected: string[]][] = [
    [['nginx', 'app'], [], []],
    [['docker', 'swarm'], [], ['docker']],
    [['docker'], ['docker.mirrors=[http://x]'], []],
    [['docker'], ['mirrors=[http://x]'], []],
    [['docker'], ['docker.log_max_size=1m'], ['docker']],
    [['containerd', 'kubernetes', 'helm'], [], ['containerd', 'kubernetes', 'helm']],
    [['containerd', 'kubernetes', 'helm'], ['kubernetes.repository=http://x/'], ['containerd', 'helm']],
    [['containerd', 'kubernetes'], ['kubernetes.version=1.36.2'], ['containerd', 'kubernetes']],
    [['helm'], ['helm.url=http://x'], []],
  ];
  for (const [roles, extras, expected] of table) {
    const applied = roles.map((role) => ({ calls: [{ role }] }));
    t.strictSame(pulledBy(applied, extras.map(parseExtra)), expected, `${roles} ${extras}`);
  }
});
