import { join } from 'node:path';
import t from 'tap';
import { type Host, type Script, sh } from '../../provision/index.ts';
import { skipFile } from '../../provision/testing.ts';
import { onCluster } from '../../testing/cluster.ts';
import { needsKubernetes, startKubernetes } from '../../testing/servers/kubernetes.ts';
import { partsOf } from './image.ts';
import { runningIn, shown } from './releases.ts';
import { digestsInUse } from './retention/used.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

const image = (digit: string) => `registry.internal:5000/theapp@sha256:${digit.repeat(64)}`;

t.test('what runs in an environment, on a real API server', async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const { hosts, sessions } = onCluster(api);
  const [home, worker] = hosts as [Host, Host];
  const read = async (host: Host, script: Script) => (await sessions.run(host, sh`( ${script} )`)).trim();
  const running = (host = home) => runningIn({ read }, host, 'staging');
  const deploy = (digit: string, version: string) => {
    const values = Object.entries(partsOf(image(digit))).map(([key, value]) => `--set=image.${key}=${value}`);
    const chart = join(import.meta.dirname, 'chart');
    const words = ['--no-hooks', '--namespace=staging', `--description=${version}`, ...values];
    api.helm('upgrade', '--install', 'theapp', chart, ...words);
  };
  await t.rejects(running(worker), /worker1: this machine has no cluster yet/);
  t.equal(await running(), undefined, 'no namespace');
  const inUse = async (host = home) =>
    (await digestsInUse({ read }, host, ['staging', 'production'])).toSorted();
  t.strictSame(await inUse(worker), [], 'no cluster');
  api.kubectl('create', 'namespace', 'staging');
  t.equal(await running(), undefined, 'no release');

  deploy('1', 'v1');
  t.strictSame(await running(), { image: image('1'), version: 'v1', changed: false });
  deploy('2', 'v2');
  const second = await running();
  t.strictSame(second, { image: image('2'), version: 'v2', changed: false });
  t.equal(shown(second), 'v2 (sha256:222222222222)');
  api.helm('rollback', 'theapp', '1', '--namespace=staging', '--no-hooks');
  t.strictSame(await running(), { image: image('1'), version: 'v1', changed: false }, 'rolled back');
  api.kubectl('set', 'image', 'deployment/theapp', `theapp=${image('3')}`, '--namespace=staging');
  t.strictSame(await running(), { image: image('3'), version: 'v1', changed: true }, 'changed by hand');
  const digests = ['1', '2', '3'].map((digit) => `sha256:${digit.repeat(64)}`);
  t.strictSame(await inUse(), digests, 'of each revision, and the one that somebody has set by hand');
});
