import type { Resource } from '../../language/resource.ts';
import type { Secret } from '../../shell/secret.ts';
import { sh } from '../../shell/sh.ts';

/** A private registry, as Docker reaches it over TLS, and an account on it. */
export interface Registry {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
}

const CONFIG = '/root/.docker/config.json';

/** Root is logged in to the registry: to push images, and to hand the login to the nodes that run a service. */
export function loggedIn({ host, port, user, password }: Registry): Resource<boolean> {
  const at = `${host}:${port}`;
  return {
    kind: 'docker.login',
    name: at,
    probe: {
      // The file holds user:password in base64. It is compared in the shell, so that no argv contains it.
      script: sh`auth=$(printf '%s:%s' ${user} ${password} | base64 -w 0)
case $(cat ${CONFIG} 2>/dev/null) in *${at}*"$auth"*) echo known ;; esac`,
      read: ({ stdout }) => stdout.trim() === 'known',
    },
    plan: (known) => {
      if (known) return [];
      const script = sh`umask 077
export HOME=/root
i=0
until said=$(printf %s ${password} | docker login --username ${user} --password-stdin ${at} 2>&1); do
i=$((i+1))
case $said in *unauthorized*|*'x509'*) i=99 ;; esac
if [ $i -gt 30 ]; then printf '%s\n' "$said" >&2; exit 1; fi
sleep 2
done`;
      return [{ summary: 'log in', script }];
    },
  };
}

/** Root is not logged in to the registry (`host:port`). */
export function loggedOut(at: string): Resource<boolean> {
  return {
    kind: 'docker.login.absent',
    name: at,
    probe: {
      script: sh`if grep -qsF ${at} ${CONFIG}; then echo known; fi`,
      read: ({ stdout }) => stdout.trim() === 'known',
    },
    plan: (known) =>
      known ? [{ summary: 'log out', script: sh`HOME=/root docker logout ${at} >/dev/null` }] : [],
  };
}
