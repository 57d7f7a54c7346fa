import t from 'tap';
import { checkReach } from './images/hub.ts';
import { variables, withMirror } from './pulls.ts';

const upstream = {
  repository: { path: '/apt/kubernetes/v1.36/deb/', fingerprint: 'A'.repeat(40) },
  helm: { path: '/helm/helm-v4.2.4-linux-amd64.tar.gz', sha256: 'b'.repeat(64) },
};

t.test('each role gets the address of what it downloads', async (t) => {
  const url = 'http://10.77.4.1:1234';
  const hub = { docker: { mirrors: [url] }, image: { mirrors: [url] } };
  t.strictSame(variables(url), hub);
  t.strictSame(variables(url, upstream), {
    ...hub,
    containerd: { source: 'distro', mirrors: { 'docker.io': url, 'registry.k8s.io': url } },
    kubernetes: { repository: `${url}/apt/kubernetes/v1.36/deb/`, repository_key: 'A'.repeat(40) },
    helm: { url: `${url}/helm/helm-v4.2.4-linux-amd64.tar.gz`, sha256: 'b'.repeat(64) },
  });
});

t.test('only an approach with Kubernetes asks for its registries', async (t) => {
  const asked = (pulls: Parameters<typeof checkReach>[0]) =>
    checkReach(pulls).filter((word) => word.startsWith('https://')).length;
  t.equal(asked(['docker', 'image']), 1);
  t.equal(asked(['containerd']), 4);
  t.equal(asked(['docker', 'kubernetes']), 4);
});

t.test('an approach that pulls nothing is not checked', async (t) => {
  const host = { name: 'a', groups: [], address: '', forwarded: {}, vars: {} };
  const hosts = await withMirror([host], {
    approach: 'x',
    pulls: [],
    yes: false,
    place: { listen: '', seen: '' },
    whyUnreachable: () => Promise.reject(new Error('was checked')),
    progress: () => undefined,
  });
  t.strictSame(hosts, [host]);
});
