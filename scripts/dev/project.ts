import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { reveal, type Secret } from '../../provision/index.ts';
import { render } from '../../provision/language/template.ts';
import { secretStore } from '../../provision/run/secrets.ts';
import { derived } from '../../roles/compose/derived.ts';
import { compose } from '../../roles/compose/index.ts';
import type { Vars } from '../../roles/compose/vars.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STACK = join(ROOT, 'approaches/approach_1');
const TEMPLATES = join(ROOT, 'roles/compose/templates');
/** Generated files that Compose reads besides the stack files; not in git. */
const FOLDER = join(ROOT, '.cache/dev');

export interface DevOptions {
  /** Port on this computer's loopback. */
  readonly port: number;
  /** The first three numbers of the /24 network between nginx and TheAPP. */
  readonly network: string;
}

/** The first arguments of every `docker compose` for the development stack. */
export const composeWords = [
  'compose',
  ...['--project-directory', FOLDER],
  ...['--env-file', join(FOLDER, '.env')],
  ...['--file', join(STACK, 'compose.yml')],
  ...['--file', join(STACK, 'dev.yml')],
];

/** Whether `npm run dev` has created the stack. */
export const wasWritten = () => existsSync(join(FOLDER, '.env'));

/**
 * Writes what the role `compose` writes on a machine: the environment, the configuration of nginx, the passwords.
 * Containers read the passwords as other users, so the files are world-readable in a folder that is not.
 */
export function writeProject({ port, network }: DevOptions): void {
  const secret = secretStore(join(ROOT, '.secrets', 'dev.json'));
  const passwords = {
    mysql_password: secret('mysql'),
    mysql_root_password: secret('mysql_root'),
    redis_password: secret('redis'),
  };
  const given = { stack: STACK, version: 'dev', project: 'theapp-dev', bind: '127.0.0.1', network };
  const call = compose({ ...given, http_port: port, https_port: port + 363, drain_seconds: 0, ...passwords });
  const vars = call.resolve([]).vars as Vars;
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  chmodSync(FOLDER, 0o700);
  for (const folder of ['nginx', 'nginx/live', 'secrets']) readable(folder);
  const { uid, gid } = userInfo();
  const environment = render(join(TEMPLATES, 'env.hbs'), { ...vars, ...derived(vars) }).text;
  write('.env', `${environment}CHECKOUT=${ROOT}\n${uid >= 0 ? `DEV_USER=${uid}:${gid}\n` : ''}`);
  const nginx = join(STACK, 'templates/nginx.conf.hbs');
  write('nginx/nginx.conf', render(nginx, { ...vars, tls_on: false }).text);
  write('secrets/redis.conf', render(join(STACK, 'templates/redis.conf.hbs'), vars).text);
  const files: Record<string, Secret> = {
    app_mysql: vars.mysql_password,
    app_redis: vars.redis_password,
    mariadb_theapp: vars.mysql_password,
    mariadb_root: vars.mysql_root_password,
  };
  for (const [name, value] of Object.entries(files)) write(`secrets/${name}`, reveal(value));
}

function readable(folder: string): void {
  mkdirSync(join(FOLDER, folder), { recursive: true });
  chmodSync(join(FOLDER, folder), 0o755);
}

function write(path: string, text: string): void {
  writeFileSync(join(FOLDER, path), text);
  chmodSync(join(FOLDER, path), 0o644);
}
