import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { stringify } from 'yaml';
import type { Host } from '../../provision/index.ts';
import { skipFile } from '../../provision/testing.ts';
import { onCluster, until } from '../../testing/cluster.ts';
import { needsKubernetes, startKubernetes } from '../../testing/servers/kubernetes.ts';
import { issue } from './kubeconfig/certificate.ts';
import { kubeconfigOf } from './kubeconfig/config.ts';
import { credentialsIn, expiryOf } from './kubeconfig/credentials.ts';
import { routeTo } from './kubeconfig/route.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

t.test('a certificate that kubeadm issues', async (t) => {
  // the controllers put the role `view` together
  const api = await startKubernetes({ controllers: true });
  t.teardown(api.stop);
  const folder = t.testdir();
  const kubeadm = (...words: string[]) =>
    execFileSync(join(api.programs, 'kubeadm'), words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const certificates = `--cert-dir=${folder}`;
  kubeadm('init', 'phase', 'certs', 'ca', certificates);
  kubeadm(
    'init',
    'phase',
    'certs',
    'apiserver',
    certificates,
    '--apiserver-advertise-address=192.0.2.11',
    '--kubernetes-version=v1.36.3',
  );
  const ClusterConfiguration = stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    kubernetesVersion: 'v1.36.3',
    controlPlaneEndpoint: 'kubernetes.internal:6443',
    certificatesDir: folder,
  });
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kubeadm-config' },
    data: { ClusterConfiguration },
  };
  api.send(JSON.stringify(config), 'create', '--namespace=kube-system', '--filename=-');
  const { hosts, sessions } = onCluster(api);
  const controlPlanes = hosts.slice(0, 1);

  const viewer = credentialsIn(
    await issue(controlPlanes, { user: 'jo', access: 'view', hours: 2 }, sessions),
  );
  const admin = credentialsIn(
    await issue(controlPlanes, { user: 'jo', access: 'admin', hours: 24 }, sessions),
  );

  await t.test('is in the name of the person, in the group of the access, and expires', async (t) => {
    t.match(new X509Certificate(viewer.cert).subject.split('\n').sort(), ['CN=jo', 'O=viewers']);
    t.match(new X509Certificate(admin.cert).subject.split('\n').sort(), [
      'CN=jo',
      'O=kubeadm:cluster-admins',
    ]);
    const hours = (expiryOf(viewer).getTime() - Date.now()) / 3_600_000;
    t.ok(hours > 1.5 && hours <= 2.01, `${hours} h`);
  });

  await t.test('viewers only read, and no Secrets', async (t) => {
    const may = (...words: string[]) => {
      try {
        return api.kubectl('auth', 'can-i', ...words, '--as=jo', '--as-group=viewers');
      } catch (error) {
        return `${(error as { stdout: unknown }).stdout}`.trim();
      }
    };
    await until(
      async () => may('list', 'pods'),
      (answer) => answer === 'yes',
    );
    for (const what of [
      ['get', 'nodes'],
      ['list', 'pods', '--all-namespaces'],
      ['get', 'pods', '--subresource=log'],
    ])
      t.equal(may(...what), 'yes', what.join(' '));
    for (const what of [
      ['get', 'secrets'],
      ['delete', 'pods'],
      ['create', 'pods', '--subresource=exec'],
      ['drain', 'nodes'],
    ])
      t.match(may(...what), /^no/, what.join(' '));
  });

  await t.test('the API is found by its certificate, or a tunnel is proposed', async (t) => {
    const server = createServer(
      {
        cert: readFileSync(join(folder, 'apiserver.crt')),
        key: readFileSync(join(folder, 'apiserver.key')),
        ca: readFileSync(join(folder, 'ca.crt')),
        requestCert: true,
      },
      (_, response) => void response.end('{}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const host: Host = {
      name: 'control-plane',
      address: '127.0.0.1',
      port: 2222,
      user: 'admin',
      groups: ['control-plane'],
      forwarded: { 6443: { address: '127.0.0.1', port } },
      vars: {},
    };
    const url = `https://127.0.0.1:${port}`;
    t.strictSame(await routeTo([host], viewer), { server: url });
    const stranger = { ...viewer, ca: new X509Certificate(viewer.cert).toString() };
    t.match(await routeTo([host], stranger), {
      tunnel: /^ssh -N -L 127\.0\.0\.1:\d+:127\.0\.0\.1:6443 -p 2222 admin@127\.0\.0\.1$/,
    });
    const written = kubeconfigOf(viewer, { approach: 'approach_4', user: 'jo', server: url });
    t.strictSame(credentialsIn(written), viewer, 'what is written can be read');
    t.match(written, /tls-server-name: kubernetes/);
  });
});
