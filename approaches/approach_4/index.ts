import { approach, type Host, secret } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { containerd } from '../../roles/containerd/index.ts';
import { helm } from '../../roles/helm/index.ts';
import { image } from '../../roles/image/index.ts';
import { cluster } from '../../roles/kubernetes/cluster.ts';
import { dissolve } from '../../roles/kubernetes/dissolve.ts';
import { kubernetes } from '../../roles/kubernetes/index.ts';
import { checkMaintenance } from '../../roles/kubernetes/maintenance/checks.ts';
import { controlPlanesOf } from '../../roles/kubernetes/peers.ts';
import { preflight } from '../../roles/kubernetes/preflight/preflight.ts';
import { upgradeOf } from '../../roles/kubernetes/upgrade/index.ts';
import { registry } from '../../roles/registry/index.ts';
import { theRelease } from '../release/build.ts';
import { askServices } from '../verify.ts';
import { infra } from './infra/index.ts';
import { workerMemory } from './needs.ts';
import { fixedPasswords } from './passwords.ts';
import { promote } from './promotion.ts';
import { account, imageIn, registryHost, removeOldImages } from './registry.ts';
import { runningIn, shown } from './releases.ts';
import { type Environment, environments, rollBack, rollOut } from './rollout.ts';
import { servicesOn } from './services.ts';

type Group = 'control-plane' | 'workers';

/** The environment to which nothing is deployed directly without a confirmation. */
const CAREFUL: Environment = 'production';
/** For variables that require a secret, although a removal uses none. */
const none = secret('-');

/** Three machines, one Kubernetes cluster, with TheAPP in two environments. */
export default approach<Group, Environment>({
  groups: ['control-plane', 'workers'],
  environments: Object.keys(environments) as Environment[],

  async provision(context) {
    const { hosts, apply, artefact } = context;
    await preflight(context, {
      all: hosts.all,
      controlPlanes: hosts['control-plane'],
      ports: { [account(context).port]: 'registry' },
      memory: workerMemory(context.environments),
    });
    const upgrade = await upgradeOf(context, hosts.all, hosts['control-plane']);
    const release = await artefact(theRelease);
    const control_planes = await controlPlanesOf(context, hosts['control-plane']);
    const { installed } = upgrade;
    await apply(hosts.all, common(), containerd(), kubernetes({ control_planes, installed }));
    await cluster(context, hosts.all, hosts['control-plane'], upgrade);
    const home = registryHost(context, hosts['control-plane']);
    const page = await servicesOn(context, home, hosts.all, control_planes);
    const app_image = await imageIn(context, home, release);
    await apply(home, helm());
    for (const environment of context.environments)
      await rollOut(context, home, { environment, app_image, version: release.version });
    await removeOldImages(context, home, Object.keys(environments));
    await apply(home, page);
  },

  async deploy(context) {
    const home = registryHost(context, context.hosts['control-plane']);
    const release = await context.artefact(theRelease);
    for (const environment of context.environments) {
      const before = await runningIn(context, home, environment);
      context.say(`${environment} runs ${shown(before)}`);
      if (environment === CAREFUL)
        await context.confirm(
          `deploy ${release.version} to ${environment} without promoting it from staging?`,
        );
      const app_image = await imageIn(context, home, release);
      await rollOut(context, home, { environment, app_image, version: release.version });
    }
    await removeOldImages(context, home, Object.keys(environments));
  },

  promote: (context) => promote(context, registryHost(context, context.hosts['control-plane'])),

  async rollback(context) {
    const home = registryHost(context, context.hosts['control-plane']);
    for (const environment of context.environments) await rollBack(context, home, environment);
  },

  async verify({ hosts, url, expect, check, ...chosen }) {
    // limited to one environment, a run is about a release, not about the machines
    if (chosen.environments.length > 1) await checkMaintenance({ check }, hosts.all, hosts['control-plane']);
    for (const environment of chosen.environments)
      for (const host of hosts.all)
        await askServices((path, expected) => expect(url(host, environments[environment], path), expected));
  },

  async decommission(context) {
    const { hosts, apply, purge } = context;
    const keys = { certificate: none, key: none, passwords: none, visualiser_program: '-' };
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

  fixedSecrets: fixedPasswords,

  urls: ({ hosts, url, ...chosen }) =>
    chosen.environments.map((name) => url(hosts['control-plane'][0] as Host, environments[name])),
});

/** For variables that require a release, although the removal of the image builder uses none. */
const nothing = { version: 'none', file: '/', sha256: '0'.repeat(64), bytes: 0 };
