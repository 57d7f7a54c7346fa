import { readFileSync } from 'node:fs';
import type { Resource } from '../../provision/authoring.ts';
import { command, file, type Handler, inputError, secret, sh } from '../../provision/index.ts';

/** The variables that describe a certificate. */
export interface Certificate {
  /** `files`: on this computer; `self_signed`: created on the host. */
  readonly tls: string;
  readonly server_name: string;
  readonly certificate_file: string | null;
  readonly key_file: string | null;
}

export interface CertificateOptions {
  /** The role that has these variables, for error messages. */
  readonly role: string;
  readonly folder: string;
  /** The user that reads the key; root by default. */
  readonly owner?: string;
  readonly notify: Handler;
}

/** theapp.crt and theapp.key in a folder. @throws ProvisionError (input) when a file on this computer is missing */
export function certificate(given: Certificate, options: CertificateOptions): Resource[] {
  const { role, folder, owner = 'root', notify } = options;
  const crt = `${folder}/theapp.crt`;
  const key = `${folder}/theapp.key`;
  if (given.tls === 'files') {
    const content = local(role, 'certificate_file', given.certificate_file);
    const hidden = secret(local(role, 'key_file', given.key_file));
    return [
      file(crt, { content, notify }),
      file(key, { content: hidden, owner, group: owner, mode: '0600', notify }),
    ];
  }
  const [name = '_'] = given.server_name.split(' ');
  const subject = name === '_' ? 'localhost' : name;
  const run = sh`umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj ${`/CN=${subject}`} -addext ${`subjectAltName=DNS:${subject}`} -keyout ${key} -out ${`${crt}.draft`}
chown ${`${owner}:${owner}`} ${[key, `${crt}.draft`]}
mv -f ${`${crt}.draft`} ${crt}`;
  return [command(`certificate for ${subject}`, { creates: crt, run, notify })];
}

function local(role: string, name: string, path: string | null): string {
  const place = `${role}.${name}`;
  if (path === null)
    throw inputError({
      place,
      what: 'missing',
      why: 'tls: files requires it',
      todo: `set ${place} to a file on this computer`,
    });
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw inputError(
      {
        place,
        what: `${path} cannot be read`,
        why:
          (error as NodeJS.ErrnoException).code === 'ENOENT'
            ? 'there is no such file'
            : (error as Error).message,
        todo: `set ${place} to a file that you can read`,
      },
      error,
    );
  }
}
