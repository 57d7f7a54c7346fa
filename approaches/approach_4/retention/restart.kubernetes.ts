import { join } from 'node:path';
import t from 'tap';
import { type Host, kubernetes, sh } from '../../../provision/index.ts';
import { debian, render, skipFile, vm } from '../../../provision/testing.ts';
import { onCluster } from '../../../testing/cluster.ts';
import { needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { retention } from './index.ts';

skipFile(await needsKubernetes());
t.setTimeout(120_000);

const given = {
  registry_image: 'a',
  registry_port: 5000,
  certificate_hash: 'a',
  node: 'a',
  path: '/a',
  user: 1000,
};

t.test('a restart of the registry is no change that the next run would undo', async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const { hosts, sessions } = onCluster(api);
  const [home] = hosts as [Host];
  api.kubectl('create', 'namespace', 'registry');
  const { text } = render(join(import.meta.dirname, '../infra/registry.yaml.hbs'), given);
  const { probe, plan } = kubernetes.manifest('registry', { content: text });
  if (!('script' in probe)) throw new Error('the probe belongs to a batch');
  const { script, read } = probe;
  const changes = async () => {
    const marked = sh`r=0
( ${script} ) 2>/dev/null || r=$?
echo "code $r"`;
    const printed = await sessions.run(home, marked);
    const [, stdout = '', code] = /^([\s\S]*)code (\d+)$/.exec(printed) ?? [];
    return plan(read({ code: Number(code), stdout, stderr: '' }));
  };
  const created = await changes();
  t.match(created, [{ summary: 'create Deployment registry' }]);
  for (const { script: change } of created) await sessions.run(home, change);
  t.strictSame(await changes(), []);

  const registry = { host: 'r', port: 1, user: 'u', password: 'p', certificates: '/c', folder: '/f' };
  const [images] = retention({ registry, used: [] }).resolve([]).resources(debian, vm);
  const [restart = ''] = images?.notify?.[0]?.script.text.split('\n') ?? [];
  await sessions.run(home, { text: restart, secrets: [] });
  const at = '{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}';
  t.match(
    api.kubectl('get', 'deployment/registry', '--namespace=registry', `--output=jsonpath=${at}`),
    /^20\d\d-/,
    'its pod is replaced',
  );
  t.strictSame(await changes(), []);
});
