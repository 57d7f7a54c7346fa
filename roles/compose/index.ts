import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../provision/authoring.ts';
import {
  absent,
  apt,
  directory,
  docker,
  file,
  handler,
  role,
  type Script,
  type Secret,
  service,
  sh,
  systemd,
} from '../../provision/index.ts';
import { certificate } from '../nginx/certificate.ts';
import { reloaded } from '../nginx/reload.ts';
import { derived } from './derived.ts';
import { folderOf, questionOf, slots } from './slots.ts';
import { liveRelease } from './switchover.ts';
import { type Vars, vars } from './vars.ts';

/** Numeric users of the official images. They own the files that their containers read. */
const users = { nginx: '101', app: '1000', mysql: '999', redis: '999' };

/** TheAPP and the services it needs, as one Compose project. */
export const compose = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { project, version, stack } = vars;
    const folder = folderOf(project);
    const services = servicesOf(vars);
    const image = `${vars.image}:${version}`;
    const mounted = ['app_mysql', 'app_redis'].map((name) => `${folder}/secrets/${name}`);
    const question = questionOf(project, image, mounted);
    const heal = `${project}-heal.service`;
    const healing = handler('restart heal', sh`systemctl restart ${heal}`);
    const nginx = template(join(stack, 'templates', 'nginx.conf.hbs'), { tls_on: vars.tls !== 'none' });
    return [
      directory(folder),
      directory(`${folder}/secrets`, { mode: '0700' }),
      directory(`${folder}/nginx`),
      directory(`${folder}/nginx/live`),
      file(`${folder}/compose.yml`, { content: readFileSync(join(stack, 'compose.yml'), 'utf8') }),
      file(`${folder}/.env`, { content: template('env.hbs', derived(vars)) }),
      ...secretsOf(vars).map(([name, owner, content]) =>
        file(`${folder}/secrets/${name}`, { content, owner, group: owner, mode: '0400' }),
      ),
      file(`${folder}/secrets/redis.conf`, {
        content: template(join(stack, 'templates', 'redis.conf.hbs')),
        owner: users.redis,
        group: users.redis,
        mode: '0400',
      }),
      ...(vars.tls === 'none' ? [] : tls(vars)),
      file(`${folder}/nginx/nginx.conf`, { content: nginx, notify: reload(project) }),
      slots(question),
      docker.compose.images({
        project,
        folder,
        services,
        hint: 'name a registry mirror (-e docker.mirrors=[URL]), or copy the image to the machine with docker load',
      }),
      docker.compose.up({ project, folder, services, seconds: vars.up_seconds }),
      liveRelease({
        project,
        image,
        files: mounted,
        network: vars.network,
        seconds: vars.ready_seconds,
        question,
      }),
      file(`${folder}/heal.sh`, { content: template('heal.sh.hbs'), mode: '0755', notify: healing }),
      systemd.unit(heal, { content: template('heal.service.hbs'), notify: healing }),
      service(heal),
    ];
  },
  remove: ({ vars: { project }, purge }) => [
    service(`${project}-heal.service`, { enabled: false, running: false }),
    file.absent(`/etc/systemd/system/${project}-heal.service`),
    docker.compose.down(project, { volumes: purge }),
    absent(folderOf(project)),
  ],
});

/** The services with one container each. The application has two slots instead. */
function servicesOf({ project, nginx_image, mariadb_image, redis_image, memcached_image }: Vars) {
  return {
    mariadb: { image: mariadb_image, files: [] },
    redis: { image: redis_image, files: [`${folderOf(project)}/secrets/redis.conf`] },
    memcached: { image: memcached_image, files: [] },
    nginx: { image: nginx_image, files: [] },
  };
}

/** Each password file and its owner. Some are only read at the first start; they stay in case a volume is restored. */
const secretsOf = (given: Vars): [string, string, Secret][] => [
  ['app_mysql', users.app, given.mysql_password],
  ['app_redis', users.app, given.redis_password],
  ['mariadb_theapp', users.mysql, given.mysql_password],
  ['mariadb_root', users.mysql, given.mysql_root_password],
];

function tls(vars: Vars): Resource[] {
  const folder = `${folderOf(vars.project)}/nginx/tls`;
  const options = { folder, owner: users.nginx, notify: reload(vars.project) };
  return [
    ...(vars.tls === 'self_signed' ? [apt.packages(['openssl'])] : []),
    directory(folder),
    ...certificate({ ...vars, server_name: '_' }, options),
  ];
}

/** nginx loads its new configuration while it serves, unless it was started after the file was written. */
function reload(project: string) {
  const pid = `/run/${project}-nginx.pid`;
  const run = (...words: string[]): Script =>
    sh`docker compose exec -T nginx nginx -c /etc/nginx/theapp/nginx.conf ${words} 2>/dev/null`;
  return handler(
    'reload nginx',
    sh`cd ${folderOf(project)}
id=$(docker compose ps --quiet nginx)
started=$(date -d "$(docker inspect --format '{{.State.StartedAt}}' "$id")" +%s)
if [ "$started" -gt "$(stat -c %Y nginx/nginx.conf)" ] && [ ! -e nginx/tls ]; then exit 0; fi
docker compose exec -T nginx nginx -c /etc/nginx/theapp/nginx.conf -t -q >&2
docker inspect --format '{{.State.Pid}}' "$id" >${pid}
${reloaded({ reload: run('-s', 'reload'), pid, log: '/dev/null', seconds: 20 })}`,
  );
}
