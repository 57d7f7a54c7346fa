import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a person needs for access to a cluster, in PEM. */
export interface Credentials {
  /** The certificate of the authority of the cluster. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const base64 = z.string().transform((text) => Buffer.from(text, 'base64').toString());
const printed = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': base64 }) })]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': base64, 'client-key-data': base64 }) }),
  ]),
});

/** The credentials in the kubeconfig that kubeadm prints. */
export function credentialsIn(kubeconfig: string): Credentials {
  const { clusters, users } = printed.parse(parse(kubeconfig));
  const { user } = users[0];
  return {
    ca: clusters[0].cluster['certificate-authority-data'],
    cert: user['client-certificate-data'],
    key: user['client-key-data'],
  };
}

/** When a certificate expires. */
export const expiryOf = ({ cert }: Credentials): Date => new Date(new X509Certificate(cert).validTo);
