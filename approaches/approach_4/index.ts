import { approach, type Context, type Host, inputError, secret } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { containerd } from '../../roles/containerd/index.ts';
import { helm } from '../../roles/helm/index.ts';
import { image } from '../../roles/image/index.ts';
import { cluster } from '../../roles/kubernetes/cluster.ts';
import { dissolve } from '../../roles/kubernetes/dissolve.ts';
import { kubernetes } from '../../roles/kubernetes/index.ts';
import { controlPlanesOf } from '../../roles/kubernetes/peers.ts';
import { preflight } from '../../roles/kubernetes/preflight/preflight.ts';
import { registry } from '../../roles/registry/index.ts';
import { theRelease } from '../release/build.ts';
import { askServices } from '../verify.ts';
import { infra } from './infra/index.ts';
import { account, imageIn, registryHost, registryOn } from './registry.ts';
import { theapp } from './theapp/index.ts';

type Group = 'control-plane' | 'workers';

/** The environments, and the port of each on every node. */
const environments = { staging: 30081, production: 30080 } as const;
type Environment = keyof typeof environments;
/** MiB that pods request that cannot run on a control plane: those of staging and production, and metrics-server. */
const WORKERS = 456 + 712 + 200;
/** Given where the call needs a secret, although removing something uses none. */
const none = secret('-');

/** Three machines, one Kubernetes cluster, with TheAPP in two environments. */
export default approach<Group>({
  groups: ['control-plane', 'workers'],
  environments: Object.keys(environments),

  async provision(context) {
    const { hosts, apply, artefact } = context;
    await preflight(context, {
      all: hosts.all,
      controlPlanes: hosts['control-plane'],
      ports: { [account(context).port]: 'registry' },
      memory: WORKERS,
    });
    const release = await artefact(theRelease);
    const control_planes = await controlPlanesOf(context, hosts['control-plane']);
    await apply(hosts.all, common(), containerd(), kubernetes({ control_planes }));
    await cluster(context, hosts.all, hosts['control-plane']);
    const home = registryHost(context, hosts['control-plane']);
    await registryOn(context, home, hosts.all);
    const app_image = await imageIn(context, home, release);
    await apply(home, helm());
    for (const environment of Object.keys(environments) as Environment[])
      await deploy(context, home, { environment, app_image, version: release.version });
  },

  async verify({ hosts, url, expect }) {
    for (const port of Object.values(environments))
      for (const host of hosts.all)
        await askServices((path, expected) => expect(url(host, port, path), expected));
  },

  async decommission(context) {
    const { hosts, apply, purge } = context;
    const keys = { certificate: none, key: none, passwords: none };
    await apply(hosts.workers, kubernetes.absent({ purge }));
    await dissolve(context, hosts['control-plane']);
    await apply(
      hosts['control-plane'],
      kubernetes.absent({ purge }),
      infra.absent({ ...keys, purge }),
      helm.absent(),
      image.absent({ release: nothing, registry: { ...account(context), certificates: '/' }, purge }),
    );
    await apply(hosts.all, registry.absent(account(context)), containerd.absent({ purge }), common.absent());
  },

  hint: 'on the control plane: sudo kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,pods --all-namespaces',

  urls: ({ hosts, url }) =>
    Object.values(environments).map((port) => url(hosts['control-plane'][0] as Host, port)),
});

/** Given where the call needs a release, although removing the builder of images uses none. */
const nothing = { version: 'none', file: '/', sha256: '0'.repeat(64), bytes: 0 };

const passwords = ['mysql_root', 'mysql_replication', 'mysql', 'redis', 'checksum'] as const;

/** Rolls a release out in an environment, with the secrets of that environment. */
async function deploy(
  { apply, secret, secrets, variables }: Pick<Context<Group>, 'apply' | 'secret' | 'secrets' | 'variables'>,
  home: Host,
  given: { readonly environment: Environment; readonly app_image: string; readonly version: string },
): Promise<void> {
  const of = await secrets(given.environment, passwords);
  const call = theapp({
    ...given,
    registry: account({ secret }),
    mysql_root_password: of.mysql_root,
    mysql_replication_password: of.mysql_replication,
    mysql_password: of.mysql,
    redis_password: of.redis,
    checksum_key: of.checksum,
  });
  if (variables(home, call).environment !== given.environment)
    throw inputError({
      place: 'theapp.environment',
      what: 'a run always deploys both environments',
      todo: 'do not set this variable',
    });
  await apply(home, call);
}
