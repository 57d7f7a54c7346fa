import type { z } from 'zod';
import {
  absent,
  archive,
  directory,
  file,
  inputError,
  role,
  service,
  systemd,
  user,
} from '../../provision/index.ts';
import { current, pruned, RELEASES } from './releases.ts';
import { start } from './start.ts';
import { vars } from './vars.ts';

const NODE = '/opt/node/current/bin/node';
const UNIT = 'theapp.service';
const MIGRATE = 'theapp-migrate.service';

/** TheAPP under systemd. Releases are installed side by side; a release that does not become ready is rolled back. */
export const app = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { release, user: name } = vars;
    const version = release?.version ?? vars.version;
    if (!version)
      throw inputError({
        place: 'app',
        what: 'neither release nor version is set',
        todo: 'set release to a built release, or version to one that is already on the host',
      });
    const notify = start(NODE, vars.listen, vars.port, vars.ready_seconds);
    const given = secretsOf(vars);
    const unit = (migrate: boolean) =>
      template('theapp.service.hbs', {
        node: NODE,
        credentials: given.flatMap(({ content, ...credential }) => (content ? [credential] : [])),
        migrate,
        unit: migrate ? MIGRATE : UNIT,
        stop_seconds: vars.drain_seconds + 40,
      });
    return [
      user(name, { system: true, groups: vars.groups, home: '/nonexistent', createHome: false }),
      directory('/etc/theapp', { mode: '0755' }),
      directory('/opt/theapp'),
      directory(RELEASES),
      ...given.map(({ file: name, content }) =>
        content
          ? file(`/etc/theapp/${name}`, { content, mode: '0600', notify })
          : file.absent(`/etc/theapp/${name}`),
      ),
      file('/etc/theapp/theapp.env', { content: template('theapp.env.hbs', lists(vars)), notify }),
      ...(release ? [archive(`${RELEASES}/${version}`, release, { stripComponents: 1 })] : []),
      current(version, notify),
      systemd.unit(MIGRATE, { content: unit(true) }),
      systemd.unit(UNIT, { content: unit(false), notify }),
      service(UNIT),
      pruned(vars.keep),
    ];
  },
  remove: ({ vars }) => [
    service(UNIT, { enabled: false, running: false }),
    file.absent(`/etc/systemd/system/${UNIT}`),
    file.absent(`/etc/systemd/system/${MIGRATE}`),
    absent('/opt/theapp'),
    absent('/etc/theapp'),
    user.absent(vars.user),
  ],
});

/** Files that only root can read. systemd passes them to the application as credentials, at the path in the variable. */
const secretsOf = (given: z.output<typeof vars>) => [
  { file: 'mysql_pass', variable: 'MYSQL_PASS_FILE', content: given.mysql_password },
  { file: 'redis_pass', variable: 'REDIS_PASS_FILE', content: given.redis_password },
  {
    file: 'redis_sentinel_pass',
    variable: 'REDIS_SENTINEL_PASS_FILE',
    content: given.redis_sentinel_password,
  },
];

/** Lists, as the environment of the application writes them. */
const lists = ({ redis_sentinels, memcached_servers, vhosts }: z.output<typeof vars>) => ({
  sentinels: redis_sentinels.join(','),
  memcached: memcached_servers.join(','),
  names: Object.entries(vhosts)
    .map(([name, service]) => `${name}=${service}`)
    .join(','),
});
