import { approach, type Context, sh } from '../../provision/index.ts';
import { app } from '../../roles/app/index.ts';
import { common } from '../../roles/common/index.ts';
import { mariadb } from '../../roles/mariadb/index.ts';
import { memcached } from '../../roles/memcached/index.ts';
import { nginx } from '../../roles/nginx/index.ts';
import { nodejs, nodeRuntime } from '../../roles/nodejs/index.ts';
import { redis } from '../../roles/redis/index.ts';
import { theRelease } from '../release/build.ts';
import { noPrevious } from '../rollback.ts';
import { askServices } from '../verify.ts';

type Group = 'app';

/** One machine: nginx in front of TheAPP, which runs under systemd, with its database and caches on the same machine. */
export default approach({
  groups: ['app'],

  async provision({ hosts, apply, remaining, secret, artefact, facts }: Context<Group>) {
    const [host] = remaining(hosts.app);
    if (!host) return;
    const { architecture } = await facts(host);
    const runtime = await artefact(() => nodeRuntime(architecture));
    const release = await artefact(theRelease);
    await apply(
      hosts.app,
      common(),
      mariadb({ password: secret('mysql') }),
      redis({ password: secret('redis') }),
      memcached(),
      nodejs({ runtime }),
      app({ release, ...passwords(secret) }),
      nginx(),
    );
  },

  async verify({ hosts, url, expect }) {
    for (const host of hosts.app) {
      await askServices((path, expected) =>
        expect(url(host, 80, path), { ...expected, secure: url(host, 443, path) }),
      );
    }
  },

  async decommission({ hosts, apply, secret, purge }) {
    await apply(
      hosts.app,
      nginx.absent(),
      app.absent(passwords(secret)),
      nodejs.absent(),
      memcached.absent(),
      redis.absent({ password: secret('redis'), purge }),
      mariadb.absent({ password: secret('mysql'), purge }),
      common.absent(),
    );
  },

  async rollback({ hosts, apply, read, secret }) {
    for (const host of hosts.app) {
      const version = await read(host, sh`basename "$(readlink /opt/theapp/previous)"`);
      if (version === '') throw noPrevious(host.name);
      await apply(host, app({ version, ...passwords(secret) }));
    }
  },

  hint: 'on the host: journalctl -u theapp -u nginx',

  urls: ({ hosts, url }) => hosts.app.map((host) => url(host, 80)),
});

/** TheAPP's passwords. Addresses and ports are the defaults of the roles: everything is on the same machine. */
const passwords = (secret: Context<Group>['secret']) => ({
  mysql_password: secret('mysql'),
  redis_password: secret('redis'),
});
