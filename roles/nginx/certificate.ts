import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Resource } from '../../provision/authoring.ts';
import { command, file, type Handler, secret, sh } from '../../provision/index.ts';

/** The variables that describe a certificate. */
export interface Certificate {
  /** `files`: on this computer; `self_signed`: created on the host. */
  readonly tls: string;
  readonly server_name: string;
  readonly certificate_file: string | null;
  readonly key_file: string | null;
}

export interface CertificateOptions {
  readonly folder: string;
  /** The user that reads the key; root by default. */
  readonly owner?: string;
  readonly notify: Handler;
}

/** theapp.crt and theapp.key in a folder. */
export function certificate(given: Certificate, options: CertificateOptions): Resource[] {
  const { folder, owner = 'root', notify } = options;
  const crt = `${folder}/theapp.crt`;
  const key = `${folder}/theapp.key`;
  if (given.tls === 'files') {
    const content = local(given.certificate_file);
    const hidden = secret(local(given.key_file));
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

/** A file on this computer, which `certificateFiles` has checked. */
const local = (path: string | null): string => readFileSync(path ?? '', 'utf8');

/** Refines the variables of a role: `tls: files` needs two files that can be read, before any host is contacted. */
export function certificateFiles(
  given: Pick<Certificate, 'tls' | 'certificate_file' | 'key_file'>,
  context: z.core.$RefinementCtx,
): void {
  if (given.tls !== 'files') return;
  for (const name of ['certificate_file', 'key_file'] as const) {
    const message = problemOf(given[name]);
    if (message) context.addIssue({ code: 'custom', path: [name], message });
  }
}

function problemOf(path: string | null): string | undefined {
  if (path === null) return 'missing, expected a file on this computer because of tls: files';
  try {
    readFileSync(path);
    return undefined;
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    return `${path} cannot be read: ${reasons[code] ?? code}`;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
