import { approach, type Context } from '../../provision/index.ts';
import { common } from '../../roles/common/index.ts';
import { compose } from '../../roles/compose/index.ts';
import { previousVersion } from '../../roles/compose/slots.ts';
import { docker } from '../../roles/docker/index.ts';
import { image } from '../../roles/image/index.ts';
import { theRelease } from '../release/build.ts';
import { noPrevious } from '../rollback.ts';
import { askServices } from '../verify.ts';

type Group = 'app';

/** One machine: the same services as in approach_0, as one Compose project. */
export default approach({
  groups: ['app'],

  async provision({ hosts, apply, secret, artefact }: Context<Group>) {
    const release = await artefact(theRelease);
    await apply(
      hosts.app,
      common(),
      docker(),
      image({ release }),
      compose({ version: release.version, ...project(secret) }),
    );
  },

  async verify({ hosts, url, expect }) {
    for (const host of hosts.app) {
      await askServices((path, expected) =>
        expect(url(host, 80, path), { ...expected, secure: url(host, 443, path) }),
      );
    }
  },

  async decommission({ hosts, apply, secret, artefact, purge }) {
    const release = await artefact(theRelease);
    await apply(
      hosts.app,
      compose.absent({ version: release.version, ...project(secret), purge }),
      image.absent({ release }),
      docker.absent({ purge }),
      common.absent(),
    );
  },

  async rollback({ hosts, apply, read, secret }) {
    for (const host of hosts.app) {
      const version = await read(host, previousVersion('/opt/theapp'));
      if (version === '') throw noPrevious(host.name);
      await apply(host, compose({ version, ...project(secret) }));
    }
  },

  hint: 'on the host: cd /opt/theapp && docker compose ps --all && docker compose logs --tail 50',

  urls: ({ hosts, url }) => hosts.app.map((host) => url(host, 80)),
});

/** The folder of the Compose files, and the passwords. */
const project = (secret: Context<Group>['secret']) => ({
  stack: import.meta.dirname,
  mysql_password: secret('mysql'),
  mysql_root_password: secret('mysql_root'),
  redis_password: secret('redis'),
});
