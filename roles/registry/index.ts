import { dirname } from 'node:path';
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
    if (part === 'client' || part === 'containerd') {
      const folder = certificatesOf(part === 'client' ? 'docker' : part, vars);
      const settings = file(`${folder}/hosts.toml`, { content: trusted(`${host}:${port}`, folder) });
      return [
        line('/etc/hosts', { line: `${address} ${host}`, match: named(host) }),
        directory(dirname(folder)),
        directory(folder),
        file(`${folder}/ca.crt`, { content: ca ?? '' }),
        ...(part === 'containerd' ? [settings] : []),
      ];
    }
    return [docker.login(vars), ...(image ? [docker.image.pushed(vars, image)] : [])];
  },
  remove: ({ vars: { host, port } }) => [
    line.absent('/etc/hosts', { match: named(host) }),
    absent(certificatesOf('docker', { host, port })),
    absent(certificatesOf('containerd', { host, port })),
    absent(FOLDER),
    docker.login.absent(`${host}:${port}`),
  ],
});

/** The folder with the certificate of the registry's authority, `ca.crt`, for a program that pulls or pushes. */
export const certificatesOf = (
  program: 'docker' | 'containerd',
  { host, port }: { readonly host: string; readonly port: number },
) => `/etc/${program}/certs.d/${host}:${port}`;

/** containerd's settings for the registry (containerd's docs/hosts.md). */
const trusted = (at: string, folder: string) => `server = "https://${at}"

[host."https://${at}"]
  capabilities = ["pull", "resolve"]
  ca = "${folder}/ca.crt"
`;

/** Matches a line of /etc/hosts that ends with the name. */
const named = (host: string) => new RegExp(`\\s${host.replaceAll('.', '\\.')}$`);
