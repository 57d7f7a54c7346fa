import { join } from 'node:path';
import { apt, directory, file, handler, role, service, sh } from '../../provision/index.ts';
import { certificate } from './certificate.ts';
import { reloaded } from './reload.ts';
import { vars } from './vars.ts';

const TEMPLATE = join(import.meta.dirname, '..', '..', 'nginx', 'theapp.conf.hbs');
const FOLDER = '/etc/nginx/tls';
/** The paths of Debian's nginx package. */
const running = {
  reload: sh`systemctl reload nginx`,
  pid: '/run/nginx.pid',
  log: '/var/log/nginx/error.log',
  seconds: 15,
};
const reload = handler(
  'reload nginx',
  sh`nginx -t -q`,
  sh`if systemctl -q is-active nginx; then
${reloaded(running)}
else
systemctl start nginx
fi`,
);

/** nginx as a reverse proxy for the application, with or without TLS. */
export const nginx = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const tls_on = vars.tls !== 'none';
    const content = template(TEMPLATE, {
      tls_on,
      redirect: tls_on,
      certificate: `${FOLDER}/theapp.crt`,
      key: `${FOLDER}/theapp.key`,
    });
    return [
      apt.packages(['nginx', ...(vars.tls === 'self_signed' ? ['openssl'] : [])]),
      ...(tls_on
        ? [directory(FOLDER, { mode: '0700' }), ...certificate(vars, { folder: FOLDER, notify: reload })]
        : []),
      file.absent('/etc/nginx/sites-enabled/default', { notify: reload }),
      file('/etc/nginx/conf.d/theapp.conf', { content, validate, notify: reload }),
      service('nginx'),
    ];
  },
  remove: () => [
    file.absent('/etc/nginx/conf.d/theapp.conf'),
    apt.absent(['nginx', 'nginx-common']),
    file.absent(`${FOLDER}/theapp.key`),
    file.absent(`${FOLDER}/theapp.crt`),
  ],
});

/** Tests the draft by itself, in an otherwise empty configuration. */
const validate = (draft: string) => sh`main=$(mktemp)
trap 'rm -f "$main"' EXIT
printf 'events {}\nhttp { include %s; }\n' ${draft} >"$main"
nginx -t -q -c "$main"`;
