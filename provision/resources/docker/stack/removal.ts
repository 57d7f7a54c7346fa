import type { Resource } from '../../../language/resource.ts';
import { sh } from '../../../shell/sh.ts';
import { NAMESPACE } from './document.ts';

const label = (stack: string) => `label=${NAMESPACE}=${stack}`;

/** The swarm that this host manages has no service, network, secret or config of the stack. Its volumes are kept. */
export function removed(stack: string): Resource<string> {
  return {
    kind: 'docker.stack.absent',
    name: stack,
    probe: {
      script: sh`docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null | grep -q true || exit 0
for what in service network secret config; do docker $what ls --quiet --filter ${label(stack)}; done`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (left) => (left === '' ? [] : [{ summary: 'remove', script: remove(stack) }]),
    timeout: 300,
  };
}

/** A network can only be removed after the last task on it has ended, and `docker stack rm` does not wait for that. */
const remove = (stack: string) => sh`end=$(($(date +%s) + 240)) said=
while :; do
docker stack rm ${stack} >/dev/null 2>&1 || :
left=$(for what in service network secret config; do docker $what ls --quiet --filter ${label(stack)}; done)
if [ -z "$left" ]; then exit 0; fi
if [ "$left" != "$said" ]; then echo "$(echo "$left" | wc -l) services, networks, secrets or configs are left" >&9; said=$left; fi
if [ "$(date +%s)" -gt "$end" ]; then
echo 'not removed after 240 s:' >&2
for what in service network secret config; do docker $what ls --filter ${label(stack)}; done >&2
exit 1
fi
sleep 2
done`;

/** This host has no volume of the stack. It waits until the stack's containers on the host have ended. */
export function volumesRemoved(stack: string): Resource<readonly string[]> {
  return {
    kind: 'docker.stack.volumes.absent',
    name: stack,
    probe: {
      script: sh`docker volume ls --quiet --filter ${label(stack)} 2>/dev/null || :`,
      read: ({ stdout }) => stdout.split('\n').filter(Boolean),
    },
    plan: (volumes) => {
      if (volumes.length === 0) return [];
      const script = sh`end=$(($(date +%s) + 120))
while [ -n "$(docker ps --quiet --filter ${label(stack)})" ] && [ "$(date +%s)" -lt "$end" ]; do sleep 1; done
docker ps --all --quiet --filter ${label(stack)} | xargs -r docker rm -f -v >/dev/null 2>&1 || :
docker volume rm ${volumes} >/dev/null`;
      return [{ summary: `remove ${volumes.join(', ')}, with all data`, script }];
    },
    timeout: 180,
  };
}
