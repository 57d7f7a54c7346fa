import { keyedHash, reveal, type Secret, secret } from '../../../provision/index.ts';
import type { Vars } from './vars.ts';

/** A keyed hash of each password. Helm stores these and not the passwords; pods are replaced when one changes. */
export const checksums = (
  data: Readonly<Record<string, Secret>>,
  key: Secret,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [name, keyedHash(key, { [name]: value })]));

/** The login with which nodes pull from the registry (kubernetes.io: "Pull an Image from a Private Registry"). */
export function loginOf({ host, port, user, password }: Vars['registry']) {
  const auth = Buffer.from(`${user}:${reveal(password)}`).toString('base64');
  const auths = { [`${host}:${port}`]: { username: user, password: reveal(password), auth } };
  return {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': secret(JSON.stringify({ auths })) },
  };
}
