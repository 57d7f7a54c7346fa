import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { becomeRoot } from '../../../provision/testing.ts';
import { controlPlane } from '../../../testing/maintenance.ts';
import { ADDRESS } from '../../../testing/servers/controlPlane.ts';
import { needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { isOwn } from '../serving.ts';
import { FOLDER } from './files.ts';

t.setTimeout(600_000);
const skip = becomeRoot() || (await needsKubernetes());

t.test('what a control plane approves', { skip }, async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const { root, run } = await controlPlane(t);
  copyFileSync(api.kubeconfig, join(root, 'etc/kubernetes/admin.conf'));
  api.kubectl(
    'create',
    'clusterrolebinding',
    'nodes',
    '--clusterrole=system:node-bootstrapper',
    '--group=system:nodes',
  );
  const worker = { host: 'worker1', address: '10.0.2.16' };
  writeFileSync(join(root, FOLDER, 'nodes'), `home ${ADDRESS}\n${worker.host} ${worker.address}\n`);
  const table: [string, string, string[]][] = [
    ['own', 'worker1', ['DNS:worker1', 'IP:10.0.2.16']],
    ['own-name', 'worker1', ['DNS:worker1']],
    ['other-node', 'home', ['DNS:worker1', 'IP:10.0.2.16']],
    ['other-address', 'worker1', ['DNS:worker1', `IP:${ADDRESS}`]],
    ['other-name', 'worker1', ['DNS:worker1', 'IP:10.0.2.16', 'DNS:kubernetes.default']],
    ['longer-name', 'worker1', ['DNS:worker1.example.org']],
    ['unknown', 'worker9', ['DNS:worker9', 'IP:10.0.2.16']],
  ];
  for (const [name, node, subjects] of table) {
    const words = [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
    ];
    const who = [
      '-subj',
      `/O=system:nodes/CN=system:node:${node}`,
      '-addext',
      `subjectAltName=${subjects.join(',')}`,
    ];
    const { stdout: request } = await execa('openssl', [...words, ...who]);
    const object = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'key encipherment', 'server auth'],
      },
    };
    api.send(
      JSON.stringify(object),
      'create',
      '-f',
      '-',
      `--as=system:node:${node}`,
      '--as-group=system:nodes',
    );
  }
  const { exitCode, all } = await run('certificates', '--approve');
  t.equal(exitCode, 0, all);
  for (const [name, node, subjects] of table) {
    const conditions = api.kubectl('get', 'csr', name, '--output=jsonpath={.status.conditions[*].type}');
    const request = {
      name,
      user: `system:node:${node}`,
      subjects: subjects.map((one) => one.replace('IP:', 'IP Address:')),
    };
    t.equal(conditions === 'Approved', isOwn(request, worker), `${name}: as the provisioner decides`);
    t.equal(conditions, name.startsWith('own') ? 'Approved' : '', name);
  }
  t.match(all, /not approved: unknown of system:node:worker9/);
});
