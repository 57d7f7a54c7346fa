import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apt,
  command,
  directory,
  file,
  handler,
  inputError,
  role,
  secret,
  service,
  sh,
} from '../../provision/index.ts';
import { reloaded } from './reload.ts';
import { vars } from './vars.ts';

const TEMPLATE = join(import.meta.dirname, '..', '..', 'nginx', 'theapp.conf.hbs');
const FOLDER = '/etc/nginx/tls';
/** Where Debian's nginx has them. */
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

/** nginx in front of the application, with or without a certificate. */
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
      ...(tls_on ? [directory(FOLDER, { mode: '0700' }), ...certificate(vars)] : []),
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

/** The draft alone in an otherwise empty configuration. */
const validate = (draft: string) => sh`main=$(mktemp)
trap 'rm -f "$main"' EXIT
printf 'events {}\nhttp { include %s; }\n' ${draft} >"$main"
nginx -t -q -c "$main"`;

interface Certificate {
  readonly tls: string;
  readonly server_name: string;
  readonly certificate_file: string | null;
  readonly key_file: string | null;
}

function certificate({ tls, server_name, certificate_file, key_file }: Certificate) {
  const crt = `${FOLDER}/theapp.crt`;
  const key = `${FOLDER}/theapp.key`;
  if (tls === 'files') {
    return [
      file(crt, { content: local('certificate_file', certificate_file), notify: reload }),
      file(key, { content: secret(local('key_file', key_file)), mode: '0600', notify: reload }),
    ];
  }
  const [name = '_'] = server_name.split(' ');
  const subject = name === '_' ? 'localhost' : name;
  const run = sh`umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj ${`/CN=${subject}`} -addext ${`subjectAltName=DNS:${subject}`} -keyout ${key} -out ${`${crt}.draft`}
mv -f ${`${crt}.draft`} ${crt}`;
  return [command(`certificate for ${subject}`, { creates: crt, run, notify: reload })];
}

function local(name: string, path: string | null): string {
  if (path === null)
    throw inputError({ place: `nginx.${name}`, what: 'missing', why: 'tls: files needs it' });
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw inputError({ place: `nginx.${name}`, what: `${path} cannot be read` }, error);
  }
}
