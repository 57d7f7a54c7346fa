import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { objects, scene } from '../../../testing/release.ts';
import { needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import type { Resource } from '../../language/resource.ts';
import { probesOf } from '../../run/probes.ts';
import { localShell } from '../../shell/local.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { applyOnce, isolated, pending, stateOf } from '../../testing/resources.ts';
import { becomeRoot } from '../../testing/root.ts';
import { helm } from '../helm.ts';
import { watching } from './pods.ts';

t.setTimeout(240_000);
const skip = becomeRoot() || (await needsKubernetes());

t.test('releases on a real API server', { skip }, async (t) => {
  const cluster = await startKubernetes();
  t.teardown(() => cluster.stop());

  t.test('installed, upgraded, and nothing to do the second time', async (t) => {
    const { chart, shell, kubectl, apply, check, of } = scene(t, cluster, 'first');
    t.strictSame(await apply(), [
      'install shop-0.1.0: NetworkPolicy deny, ConfigMap settings, Deployment web, ConfigMap migrate',
    ]);
    t.strictSame(await check(), []);
    const seen = await stateOf(of(), shell);
    t.match(seen, { cluster: 'answers', changes: [], error: '', recorded: { revision: 1, process: 0 } });

    t.strictSame(await apply({ image: 'nginx:2' }), [
      'upgrade: values image; hook ConfigMap migrate: data.image; Deployment web: spec.template.spec.containers[nginx].image; ConfigMap settings: data.text',
    ]);
    t.strictSame(await check({ image: 'nginx:2' }), []);
    const service = '---\nkind: Service\napiVersion: v1\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}';
    writeFileSync(join(chart, 'templates/all.yaml'), objects(service));
    t.strictSame(await apply({ image: 'nginx:2' }), ['upgrade: create Service web']);
    writeFileSync(join(chart, 'templates/all.yaml'), objects());
    t.strictSame(await apply({ image: 'nginx:2' }), ['upgrade: delete Service web']);
    t.notMatch(kubectl('get', 'service'), 'web');
  });

  t.test('what was changed by hand is named and repaired', async (t) => {
    const { shell, kubectl, apply, check, of } = scene(t, cluster, 'drift');
    await apply();
    kubectl('set', 'image', 'deployment/web', 'nginx=nginx:by-hand');
    kubectl('scale', 'deployment/web', '--replicas=5');
    kubectl('delete', 'networkpolicy/deny');
    kubectl('annotate', 'configmap/settings', 'somebody=else');
    const [change] = await pending(of(), shell);
    t.equal(
      change?.summary,
      'undo manual changes: Deployment web (spec.replicas, spec.template.spec.containers[nginx].image); NetworkPolicy deny (deleted)',
    );
    t.match(change?.diff?.before, 'image: nginx:by-hand');
    t.match(change?.diff?.after, 'image: nginx:1');
    await apply();
    t.equal(kubectl('get', 'deployment/web', '-o', 'jsonpath={.spec.replicas}'), '2');
    t.match(kubectl('get', 'networkpolicy'), 'deny');
    kubectl('autoscale', 'deployment/web', '--max=9');
    kubectl('scale', 'deployment/web', '--replicas=7');
    t.strictSame(await check(), [], 'an autoscaler may scale it');
  });

  t.test('recovers a release whose installation or upgrade was killed', async (t) => {
    const { kubectl, apply, check } = scene(t, cluster, 'killed');
    const mark = (revision: number, status: string) => {
      const name = `secret/sh.helm.release.v1.shop.v${revision}`;
      const data = kubectl('get', name, '-o', 'jsonpath={.data.release}');
      const zipped = Buffer.from(Buffer.from(data, 'base64').toString(), 'base64');
      const text = gunzipSync(zipped)
        .toString()
        .replace(/"status":"[a-z]+"/, `"status":"${status}"`);
      const release = Buffer.from(gzipSync(text).toString('base64')).toString('base64');
      const patch = { metadata: { labels: { status } }, data: { release } };
      kubectl('patch', name, '--type=merge', `--patch=${JSON.stringify(patch)}`);
    };
    await apply();
    mark(1, 'pending-install');
    t.strictSame(await check(), ['recover: revision 1 is pending-install, but nothing works on it']);
    await apply();
    mark(2, 'uninstalling');
    await apply();
    const history = JSON.parse(cluster.helm('history', 'shop', '-n', 'killed', '-o', 'json'));
    t.strictSame(
      history.map(({ status }: { status: string }) => status),
      ['superseded', 'superseded', 'deployed'],
    );
  });

  t.test('values that the schema refuses, and changes that the API server refuses', async (t) => {
    const { chart, shell, apply, of } = scene(t, cluster, 'refused');
    await t.rejects(pending(of({ image: 5 }), shell), {
      message: 'the chart cannot be rendered with these values',
      parts: { said: /image.*got number, want string/s },
    });
    await apply();
    writeFileSync(join(chart, 'templates/all.yaml'), objects().replaceAll('app: web', 'app: other'));
    await t.rejects(pending(of(), shell), {
      message: 'the API server refuses what the chart renders (dry run)',
      parts: { said: /spec\.selector.*field is immutable/s },
    });
  });

  t.test('a failed upgrade is reported, and tried again', async (t) => {
    const { chart, apply } = scene(t, cluster, 'failed');
    await apply();
    const hook =
      '---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: Bad, annotations: {"helm.sh/hook": pre-upgrade}}';
    writeFileSync(join(chart, 'templates/all.yaml'), objects(hook));
    await t.rejects(apply(), /pre-upgrade hooks failed.*Invalid value: "Bad"/s);
    writeFileSync(join(chart, 'templates/all.yaml'), objects());
    t.strictSame(await apply(), ['upgrade again: revision 2 failed; hook ConfigMap Bad is gone']);
  });

  t.test('rolled back to what another revision describes, and removed', async (t) => {
    const { shell, kubectl, apply, check } = scene(t, cluster, 'rollback');
    const where = { namespace: 'rollback', kubeconfig: cluster.kubeconfig };
    const printed = async (script: Script) =>
      (await shell.exchange({ steps: [], probes: [script] })).probes[0]?.stdout ?? '';
    const history = () => printed(helm.history('shop', where));
    const previous = async () => helm.previousOf(await history());
    t.strictSame([await previous(), await printed(helm.values('shop', where))], [undefined, '']);
    await apply({}, { describes: 'one' });
    t.equal(await previous(), undefined);
    await apply({ image: 'nginx:2' }, { describes: 'two' });
    kubectl('delete', 'networkpolicy/deny');
    await apply({ image: 'nginx:2' }, { describes: 'two' });
    t.equal(await previous(), 1, 'the repaired revision is not another release');
    t.strictSame(helm.inUse(await history()), { describes: 'two' });
    t.strictSame(JSON.parse(await printed(helm.values('shop', where))), { image: 'nginx:2' });
    const back = helm.rollback('shop', { ...where, revision: 1, wait: false });
    t.match(await applyOnce(back, shell), [{ summary: 'roll back from revision 3' }]);
    t.strictSame(await applyOnce(back, shell), []);
    t.match(kubectl('get', 'deployment/web', '-o', 'yaml'), 'image: nginx:1');
    t.strictSame(await check(), []);
    t.equal(await previous(), 3);
    t.strictSame(helm.inUse(await history()), { describes: 'one' });
    const gone = helm.absent('shop', where);
    t.match(await applyOnce(gone, shell), [{ summary: 'uninstall' }]);
    t.strictSame(await applyOnce(gone, shell), []);
    t.notMatch(kubectl('get', 'deployment'), 'web');
  });

  t.test('no cluster yet, and one that does not answer', async (t) => {
    const { chart, shell, of, check } = scene(t, cluster, 'none');
    t.strictSame(await check({}, { kubeconfig: '/nowhere' }), ['install shop-0.1.0']);
    const kubeconfig = join(chart, '../admin.conf');
    writeFileSync(
      kubeconfig,
      readFileSync(cluster.kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'),
    );
    const error = { message: 'the Kubernetes API does not answer', parts: { said: /connection refused/ } };
    await t.rejects(pending(of({}, { kubeconfig }), shell), error);
    await t.rejects(pending(helm.absent('shop', { namespace: 'none', kubeconfig }), shell), error);
    const asked = helm.history('shop', { namespace: 'none', kubeconfig });
    const { probes, broken } = await shell.exchange({ steps: [], probes: [asked] });
    t.match(broken ?? probes[0], { code: 1, stderr: /connection refused/ }, 'no answer is not "no release"');
  });

  t.test('several releases are probed by one script', async (t) => {
    const { of, apply, shell, kubectl } = scene(t, cluster, 'several');
    await apply();
    kubectl('delete', 'networkpolicy/deny');
    const two = [of(), helm.absent('x', { namespace: 'several' }), of({ image: 'nginx:9' })];
    const { scripts, read } = probesOf(two as Resource[]);
    t.equal(scripts.length, 2);
    const states = read((await shell.exchange({ steps: [], probes: scripts })).probes);
    t.match(two[0]?.plan(states[0] as never), [
      { summary: 'undo manual changes: NetworkPolicy deny (deleted)' },
    ]);
    t.match(two[2]?.plan(states[2] as never), [{ summary: /^upgrade: values image/ }]);
  });
});

t.test('waiting, rolling back, and Helm killed while it waits', { skip }, async (t) => {
  const cluster = await startKubernetes({ controllers: true });
  t.teardown(() => cluster.stop());
  const { chart, shell, kubectl, apply, check, of } = scene(t, cluster, 'waits');
  const none = { replicas: 0 };
  // No node runs pods, so a Deployment that wants one is never ready.
  const one = { replicas: 1 };
  const wait = { wait: true, timeout: 6 };
  const history = () => cluster.helm('history', 'shop', '-n', 'waits', '-o', 'json');
  await apply(none, wait);
  t.strictSame(await check(none, wait), []);

  const containers = [{ name: 'app', image: 'app:1' }];
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'bad' }, spec: { containers } };
  writeFileSync(join(chart, '../pod.json'), JSON.stringify(pod));
  kubectl('create', '--filename', join(chart, '../pod.json'));
  const waiting = { reason: 'CrashLoopBackOff', message: 'two\n"lines"' };
  const bad = { name: 'app', ready: false, restartCount: 3, image: '', imageID: '', state: { waiting } };
  const status = JSON.stringify({ status: { containerStatuses: [bad] } });
  kubectl('patch', 'pod', 'bad', '--subresource=status', '--type=merge', `--patch=${status}`);
  const list = sh`d=$(mktemp -d)
KUBECONFIG=${cluster.kubeconfig}
export KUBECONFIG
${watching('waits')}
list
rm -r "$d"`;
  t.match((await shell.exchange({ steps: [], probes: [list] })).probes, [
    { code: 0, stdout: 'bad|app|3|CrashLoopBackOff|"two\\n\\"lines\\""\n' },
  ]);

  await t.rejects(
    apply(one, wait),
    /UPGRADE FAILED: release shop failed, and has been rolled back.*Deployment\/waits\/web not ready/s,
  );
  t.equal(kubectl('get', 'deployment/web', '-o', 'jsonpath={.spec.replicas}'), '0');
  t.match(await check(one, wait), [/^upgrade: values replicas; /]);
  t.strictSame(await check(none, wait), [], 'what runs is the revision that it has gone back to');
  const failed = /^Upgrade "shop" failed: .*web not ready/;
  t.match(helm.inUse(history()), { describes: 'Install complete', failed }, 'its history says why');

  const [change] = await pending(of(one, { wait: true, timeout: 100 }), shell);
  const steps = change ? [{ script: change.script, timeout: 100 }] : [];
  const ended = shell.exchange({ steps, probes: [] });
  while (!history().includes('pending-upgrade')) await sleep(100);
  const other = localShell(isolated({ '/usr/local/bin': cluster.programs }));
  t.teardown(() => other.close());
  const seen = await stateOf(of(one), other);
  t.ok(Number(seen.recorded?.process) > 0, 'Helm still works on it');
  t.match(of(one).plan(seen), [{ summary: /^wait for helm \(process \d+\): revision 4 is pending-upgrade/ }]);
  process.kill(Number(seen.recorded?.process), 'SIGKILL');
  t.match(await ended, { steps: [{ code: 1 }] });
  t.match(await check(none, wait), [/^recover: revision 4 is pending-upgrade, but nothing works on it/]);
  await apply(none, wait);
  t.strictSame(await check(none, wait), []);
});
