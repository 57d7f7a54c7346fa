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
import { current, pruned, RELEASES, start } from './release.ts';
import { vars } from './vars.ts';

const NODE = '/opt/node/current/bin/node';
const UNIT = 'theapp.service';
const MIGRATE = 'theapp-migrate.service';

/** TheAPP under systemd, a release beside the one before it; one that does not become ready is not kept. */
export const app = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { release, user: name } = vars;
    const version = release?.version ?? vars.version;
    if (!version)
      throw inputError({ place: 'app.release', what: 'neither a release nor a version is given' });
    const notify = start(NODE, vars.listen, vars.port, vars.ready_seconds);
    const unit = (migrate: boolean) =>
      template('theapp.service.hbs', {
        node: NODE,
        migrate,
        unit: migrate ? MIGRATE : UNIT,
        stop_seconds: vars.drain_seconds + 40,
      });
    return [
      user(name, { system: true, groups: vars.groups, home: '/nonexistent', createHome: false }),
      directory('/etc/theapp', { mode: '0755' }),
      directory('/opt/theapp'),
      directory(RELEASES),
      file('/etc/theapp/mysql_pass', { content: vars.mysql_password, mode: '0600', notify }),
      file('/etc/theapp/theapp.env', { content: template('theapp.env.hbs'), notify }),
      ...(release ? [archive(`${RELEASES}/${version}`, { ...artefact(release), stripComponents: 1 })] : []),
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

const artefact = ({ file: from, sha256, bytes }: { file: string; sha256: string; bytes: number }) => ({
  from,
  sha256,
  bytes,
});
