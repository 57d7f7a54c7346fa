import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../provision/authoring.ts';
import {
  absent,
  apt,
  directory,
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
import { down } from './down.ts';
import { folderOf, type Question } from './project.ts';
import { release } from './release.ts';
import { slots } from './slots.ts';
import { images, type Services, up } from './up.ts';
import { type Vars, vars } from './vars.ts';

/** Users of the official images, by number: the files that their containers read belong to them. */
const users = { nginx: '101', app: '1000', mysql: '999', redis: '999' };

/** TheAPP and all it needs as one Compose project. */
export const compose = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { project, version, stack } = vars;
    const folder = folderOf(project);
    const services = servicesOf(vars);
    const image = `${vars.image}:${version}`;
    const mounted = ['app_mysql', 'app_redis'].map((name) => `${folder}/secrets/${name}`);
    const question: Question = { project, images: [image], files: mounted };
    const heal = `${project}-heal.service`;
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
      images(project, services),
      up(project, services, vars.up_seconds),
      release({
        project,
        image,
        files: mounted,
        network: vars.network,
        seconds: vars.ready_seconds,
        question,
      }),
      file(`${folder}/heal.sh`, {
        content: template('heal.sh.hbs'),
        mode: '0755',
        notify: handler('restart heal', sh`systemctl restart ${heal}`),
      }),
      systemd.unit(heal, {
        content: template('heal.service.hbs'),
        notify: handler('restart heal', sh`systemctl restart ${heal}`),
      }),
      service(heal),
    ];
  },
  remove: ({ vars: { project }, purge }) => [
    service(`${project}-heal.service`, { enabled: false, running: false }),
    file.absent(`/etc/systemd/system/${project}-heal.service`),
    down(project, purge),
    absent(folderOf(project)),
  ],
});

/** Services that are there once; the application has two slots instead. */
function servicesOf({ project, nginx_image, mariadb_image, redis_image, memcached_image }: Vars): Services {
  return {
    mariadb: { image: mariadb_image, files: [] },
    redis: { image: redis_image, files: [`${folderOf(project)}/secrets/redis.conf`] },
    memcached: { image: memcached_image, files: [] },
    nginx: { image: nginx_image, files: [] },
  };
}

/** Who reads which password; what only a first start reads is here too, so that a restored volume finds it. */
const secretsOf = (given: Vars): [string, string, Secret][] => [
  ['app_mysql', users.app, given.mysql_password],
  ['app_redis', users.app, given.redis_password],
  ['mariadb_theapp', users.mysql, given.mysql_password],
  ['mariadb_root', users.mysql, given.mysql_root_password],
];

function tls(vars: Vars): Resource[] {
  const folder = `${folderOf(vars.project)}/nginx/tls`;
  const options = { role: 'compose', folder, owner: users.nginx, notify: reload(vars.project) };
  return [
    ...(vars.tls === 'self_signed' ? [apt.packages(['openssl'])] : []),
    directory(folder),
    ...certificate({ ...vars, server_name: '_' }, options),
  ];
}

/** nginx takes another configuration while it serves. One that has started since then has it already. */
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
