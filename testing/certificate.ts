import { execFileSync } from 'node:child_process';

/** Where the key goes, and how many days the certificate is valid. */
interface Options {
  readonly key?: string;
  readonly days?: number;
}

/** Writes a self-signed certificate of a server on 127.0.0.1. Its key is lost unless it gets a file. */
export function selfSigned(certificate: string, { key = '/dev/null', days = 30 }: Options = {}): void {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', `${days}`];
  const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, ...files], { stdio: 'pipe' });
}
