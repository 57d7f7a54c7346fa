import { absent, directory, docker, file, line, role } from '../../provision/index.ts';
import { authority, certificate, FOLDER, passwords } from './keys.ts';
import { vars } from './vars.ts';

export { keysOf, showKeys } from './keys.ts';

/** A script that prints the name by which nodes pull an image from the registry. */
export const { digestOf } = docker.image;

/** What hosts need for a private registry with TLS and a password. The registry itself runs as a service of a stack. */
export const registry = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars }) => {
    const { part, host, port, address, ca, image } = vars;
    if (part === 'keys') {
      return [
        directory(FOLDER, { mode: '0700' }),
        authority,
        certificate(host, vars.certificate_days),
        passwords(vars.user, vars.password),
      ];
    }
    if (part === 'client') {
      return [
        line('/etc/hosts', {
          line: `${address} ${host}`,
          match: named(host),
        }),
        directory('/etc/docker/certs.d'),
        directory(`/etc/docker/certs.d/${host}:${port}`),
        file(`/etc/docker/certs.d/${host}:${port}/ca.crt`, { content: ca ?? '' }),
      ];
    }
    return [docker.login(vars), ...(image ? [docker.image.pushed(vars, image)] : [])];
  },
  remove: ({ vars: { host, port } }) => [
    line.absent('/etc/hosts', { match: named(host) }),
    absent(`/etc/docker/certs.d/${host}:${port}`),
    absent(FOLDER),
    docker.login.absent(`${host}:${port}`),
  ],
});

/** Matches a line of /etc/hosts that ends with the name. */
const named = (host: string) => new RegExp(`\\s${host.replaceAll('.', '\\.')}$`);
