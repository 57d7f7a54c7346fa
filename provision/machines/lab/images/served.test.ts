import { join } from 'node:path';
import t from 'tap';
import { findServed } from './served.ts';

const digest = `sha256:${'a'.repeat(64)}`;

t.test('names, registries and files', async (t) => {
  const folder = t.testdir({
    secret: '',
    a: { manifests: { 'nginx:1.28': '' }, blobs: { [digest]: '' } },
    b: {
      manifests: {
        'registry.k8s.io': { 'pause:3': '', coredns: { 'coredns:v1': '' } },
        'docker.io': { cloudnativelabs: { 'kube-router:v2': '' } },
      },
      blobs: {},
      files: { apt: { 'a_1+1.deb': '', '.hidden': '' }, helm: { 'h.tar.gz': '' }, other: { x: '' } },
    },
  });
  const folders = [join(folder, 'a'), join(folder, 'b')];
  const table: [path: string, ns: string | undefined, expected: string | undefined][] = [
    ['/v2/library/nginx/manifests/1.28', undefined, 'a/manifests/nginx:1.28'],
    ['/v2/library/nginx/manifests/1.28', 'docker.io', 'a/manifests/nginx:1.28'],
    ['/v2/docker.io/library/nginx/manifests/1.28', undefined, 'a/manifests/nginx:1.28'],
    ['/v2/library/nginx/manifests/1.28', 'registry.k8s.io', undefined],
    ['/v2/nginx/manifests/1.28', undefined, undefined],
    ['/v2/pause/manifests/3', 'registry.k8s.io', 'b/manifests/registry.k8s.io/pause:3'],
    ['/v2/registry.k8s.io/pause/manifests/3', undefined, 'b/manifests/registry.k8s.io/pause:3'],
    ['/v2/pause/manifests/3', undefined, undefined],
    ['/v2/coredns/coredns/manifests/v1', 'registry.k8s.io', 'b/manifests/registry.k8s.io/coredns/coredns:v1'],
    [
      '/v2/cloudnativelabs/kube-router/manifests/v2',
      'docker.io',
      'b/manifests/docker.io/cloudnativelabs/kube-router:v2',
    ],
    [
      '/v2/cloudnativelabs/kube-router/manifests/v2',
      undefined,
      'b/manifests/docker.io/cloudnativelabs/kube-router:v2',
    ],
    [`/v2/any/name/blobs/${digest}`, 'registry.k8s.io', `a/blobs/${digest}`],
    ['/apt/a_1+1.deb', undefined, 'b/files/apt/a_1+1.deb'],
    ['/helm/h.tar.gz', undefined, 'b/files/helm/h.tar.gz'],
    ['/apt', undefined, undefined],
    ['/apt/', undefined, undefined],
    ['/apt/.hidden', undefined, undefined],
    ['/other/x', undefined, undefined],
    ['/apt/../../secret', undefined, undefined],
    ['/apt/..%2f..%2fsecret', undefined, undefined],
    ['/v2/../../secret/manifests/x', undefined, undefined],
    ['/v2/library/nginx/manifests/..', undefined, undefined],
    ['/v2/pause/manifests/3', '../b/manifests/registry.k8s.io', undefined],
    ['/v2/pause/manifests/3', '..', undefined],
    ['//', undefined, undefined],
    ['', undefined, undefined],
  ];
  for (const [path, ns, expected] of table) {
    const file = findServed(folders, path, ns)?.file;
    t.equal(file, expected && join(folder, expected), `${path} ${ns ?? ''}`);
  }
});
