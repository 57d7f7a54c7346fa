import { stringify } from 'yaml';
import type { Credentials } from './credentials.ts';
import { NAME } from './route.ts';

/** A kubeconfig with one cluster, named after its approach, and one user. */
export function kubeconfigOf(
  { ca, cert, key }: Credentials,
  { approach, user, server }: { readonly approach: string; readonly user: string; readonly server: string },
): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: approach,
          cluster: { server, 'tls-server-name': NAME, 'certificate-authority-data': data(ca) },
        },
      ],
      users: [{ name: user, user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) } }],
      contexts: [{ name: approach, context: { cluster: approach, user } }],
      'current-context': approach,
    },
    { lineWidth: 0 },
  );
}
