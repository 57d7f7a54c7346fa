import { approach, type Context, type Host, secret } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { docker } from '../../roles/docker/index.ts';
import { image } from '../../roles/image/index.ts';
import { preflight } from '../../roles/preflight/index.ts';
import { digestOf, keysOf, registry, showKeys } from '../../roles/registry/index.ts';
import { folderOf, previousRelease } from '../../roles/stack/index.ts';
import { addressOf } from '../../roles/swarm/address.ts';
import { cluster } from '../../roles/swarm/cluster.ts';
import { swarm } from '../../roles/swarm/index.ts';
import { theRelease } from '../release/build.ts';
import { noPrevious } from '../rollback.ts';
import { askServices } from '../verify.ts';
import { encryption } from './encryption.ts';
import { infra } from './infra/index.ts';
import { bundleService } from './services/bundle.ts';
import { NAME, theapp } from './theapp/index.ts';

type Group = 'managers' | 'registry';

/** The address of the registry within the cluster. */
const at = { host: 'registry.internal', port: 5000 };
/** For variables that require a secret, although a removal uses none. */
const none = secret('-');

/** Three machines, one Docker Swarm: services heal, scale, and are updated without downtime. */
export default approach({
  groups: ['managers', 'registry'],

  async provision(context: Context<Group>) {
    const { hosts, apply, read, artefact } = context;
    const release = await artefact(theRelease);
    const encrypted = await encryptedOn(context, hosts.managers[0], hosts.all);
    await apply(hosts.all, common(), docker({ swarm: true }));
    const manager = await cluster(context, hosts.all, hosts.managers, { encrypted });
    const [home = manager] = hosts.registry;
    await services(context, manager, home);
    const name = `theapp:${release.version}`;
    const part = registry({ part: 'image', image: name, ...account(context) });
    await apply(home, image({ release }), part);
    const released = (await read(home, digestOf(at, name))) || name;
    await apply(
      manager,
      registry({ part: 'image', ...account(context) }),
      theapp({ app_image: released, encrypted, ...(await given(context)) }),
    );
  },

  async verify({ hosts, url, expect }) {
    for (const host of hosts.all) {
      await askServices((path, expected) => expect(url(host, 80, path), expected));
    }
  },

  async decommission(context) {
    const { hosts, apply, purge } = context;
    const image = anyImage(context);
    const keys = { certificate: none, key: none, passwords: none, visualiser_program: '-' };
    await apply(hosts.managers, theapp.absent(image), infra.absent(keys));
    if (purge) await apply(hosts.all, theapp.absent({ ...image, purge }), infra.absent({ ...keys, purge }));
    const workers = hosts.all.filter((host) => !hosts.managers.includes(host));
    await apply(workers, swarm.absent());
    await apply(hosts.managers, swarm.absent());
    await apply(
      hosts.all,
      registry.absent(account(context)),
      preflight.absent(),
      docker.absent({ purge }),
      common.absent(),
    );
  },

  async rollback(context) {
    const { hosts, apply, read, remaining } = context;
    const [manager = hosts.managers[0]] = remaining(hosts.managers);
    if (!manager) return;
    const app_image = await read(manager, previousRelease(folderOf(NAME)), 'theapp');
    if (app_image === '') throw noPrevious(manager.name);
    const encrypted = await encryptedOn(context, manager, [manager]);
    await apply(manager, theapp({ app_image, encrypted, ...(await given(context)) }));
  },

  hint: 'npm run status -- approach_2; and on the manager: docker service logs --tail 50 theapp_app',

  urls: ({ hosts, url }) => hosts.all.map((host) => url(host, 80)),
});

const account = ({ secret }: Pick<Context<Group>, 'secret'>) => ({ ...at, password: secret('registry') });

/** The registry, with its keys on one host and access to it on all of them; and the pages that show the cluster. */
async function services(context: Context<Group>, manager: Host, home: Host): Promise<void> {
  const { hosts, apply, read, facts } = context;
  await apply(home, registry({ part: 'keys', ...account(context) }));
  const { ca, ...keys } = keysOf(await read(home, showKeys));
  const address = addressOf(home, await facts(home));
  await apply(hosts.all, registry({ part: 'client', address, ca, ...account(context) }));
  const visualiser_program = await bundleService('visualiser');
  await apply(manager, infra({ registry_port: at.port, visualiser_program, ...keys }));
}

/** Whether TheAPP's network is encrypted: as set for this manager; otherwise the kernels of the hosts decide. */
async function encryptedOn(
  context: Context<Group>,
  manager: Host | undefined,
  hosts: readonly Host[],
): Promise<boolean> {
  const said = manager && context.variables(manager, theapp(anyImage(context))).encrypted;
  return said ?? encryption(context, hosts);
}

/** The variables of TheAPP's stack where the image does not matter. */
const anyImage = (context: Context<Group>) => ({ app_image: 'theapp', ...passwords(context) });

/** The variables of TheAPP's stack, except the image. */
const given = async (context: Pick<Context<Group>, 'secret'>) => ({
  autoscaler_program: await bundleService('autoscaler'),
  ...passwords(context),
});

const passwords = ({ secret }: Pick<Context<Group>, 'secret'>) => ({
  mysql_root_password: secret('mysql_root'),
  mysql_replication_password: secret('mysql_replication'),
  mysql_password: secret('mysql'),
  redis_password: secret('redis'),
});
