import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Cluster, Task } from '../../approaches/approach_2/services/swarm.ts';
import { type Host, ProvisionError } from '../../provision/index.ts';
import { app, cluster, running, service, task } from '../../testing/swarm.ts';
import { findService, parseRequest, progressOf } from './scale/request.ts';
import { scale } from './scale/scaling.ts';
import type { Sessions } from './sessions.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

t.test('only stateless replicated services can be scaled', async (t) => {
  t.strictSame(parseRequest('app=4'), { service: 'app', replicas: 4 });
  for (const words of ['app', 'app=', 'app=0', 'app=-1', 'app=101', 'app=1.5', '=3', '$(x)=2', 'app=4;ls'])
    t.throws(() => parseRequest(words), ProvisionError, words);
  const Mounts = [{ Type: 'volume', Source: 'theapp_mysql' }];
  const kept = service('mysql', { Replicated: { Replicas: 1 } });
  const database = {
    ...kept,
    Spec: { ...kept.Spec, TaskTemplate: { ContainerSpec: { Image: 'mariadb', Mounts } } },
  };
  const other = { ...app, ID: 'other', Spec: { ...app.Spec, Name: 'infra_app' } };
  const services = [app, database, service('nginx', { Global: {} })];
  const all = cluster({ services });
  t.equal(findService(all, parseRequest('app=4')), app);
  t.equal(findService(all, parseRequest('theapp_app=4')), app);
  t.throws(() => findService(all, parseRequest('ap=4')), /did you mean "app"/);
  t.throws(() => findService(all, parseRequest('mysql=2')), /keeps data in the volume theapp_mysql/);
  t.throws(() => findService(all, parseRequest('nginx=2')), /one task on every node/);
  t.throws(
    () => findService(cluster({ services: [...services, other] }), parseRequest('app=2')),
    /several services have this name/,
  );
});

t.test('when scaling is done', async (t) => {
  const wanted = (Replicas: number) => service('app', { Replicated: { Replicas } });
  const leaving = task('app', 'worker1', 'running', { DesiredState: 'shutdown' });
  const cases: [string, number, readonly Task[], boolean][] = [
    ['all run', 2, running, true],
    ['one starts', 2, [task('app', 'worker1'), task('app', 'worker2', 'starting')], false],
    ['one too many still runs', 2, [...running, leaving], false],
    [
      'one has stopped',
      2,
      [...running, task('app', 'worker1', 'shutdown', { DesiredState: 'shutdown' })],
      true,
    ],
  ];
  for (const [words, replicas, tasks, done] of cases)
    t.equal(
      progressOf(cluster({ tasks, services: [wanted(replicas)] }), wanted(replicas), replicas).done,
      done,
      words,
    );
});

/** A manager that behaves like Docker: after a scale command, each probe finds one task more or less. */
function answering(start: number, most = 9) {
  const ordered: string[] = [];
  let [wanted, there] = [start, start];
  const at = (Replicas: number): Cluster =>
    cluster({
      services: [service('app', { Replicated: { Replicas } })],
      tasks: Array.from({ length: there }, (_, i) => task('app', 'worker1', 'running', { Slot: i + 1 })),
    });
  const sessions: Sessions = {
    async read() {
      if (there !== wanted && there < most) there += Math.sign(wanted - there);
      return [JSON.stringify(at(wanted)), ''];
    },
    async run(_host, { text }) {
      ordered.push(text);
      wanted = Number(/=(\d+)/.exec(text)?.[1]);
      return '';
    },
    close: async () => undefined,
  };
  const hosts: Host[] = [{ name: 'manager', address: '', groups: [], forwarded: {}, vars: {} }];
  return { hosts, sessions, ordered };
}

t.test('scaling', async (t) => {
  const lines: string[] = [];
  const progress = (_topic: string, line: string) => void lines.push(line);
  const { hosts, sessions, ordered } = answering(2);
  const scaled = await scale(hosts, parseRequest('app=4'), sessions, { seconds: 30, progress });
  t.match(scaled, { service: 'theapp_app', before: 2, after: 4 });
  t.strictSame(ordered, ["docker service scale --detach 'theapp_app=4'"]);
  t.match(lines, [/^3 of 4 replicas running: \d+ s$/, /^4 of 4 replicas running: \d+ s$/]);
  const again = await scale(hosts, parseRequest('app=4'), sessions, { seconds: 30, progress });
  t.match(again, { before: 4, after: 4 });
  t.equal(ordered.length, 1, 'no command if the number is already right');
  const full = answering(2, 3);
  await t.rejects(
    scale(full.hosts, parseRequest('app=5'), full.sessions, { seconds: 1, progress }),
    /theapp_app: did not reach 5 replicas within 1 s: 3 of 5 replicas running/,
  );
});

t.test('the minimum of an autoscaler can be set on Kubernetes only', async (t) => {
  const command = join(import.meta.dirname, 'scale.ts');
  const { exitCode, stderr } = await execa('node', [command, 'approach_2', 'app=3', '--minimum'], {
    reject: false,
  });
  t.equal(exitCode, 3);
  t.match(stderr, /^--minimum: works only on Kubernetes\n.*approach_2 -e theapp\.autoscale=true/);
});
