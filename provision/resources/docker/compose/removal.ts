import type { Resource } from '../../../language/resource.ts';
import { sh } from '../../../shell/sh.ts';

/** The project has no containers or networks; with `volumes`, it has no volumes either, and their data is lost. */
export function down(project: string, { volumes: all }: { volumes: boolean }): Resource<readonly string[]> {
  const label = `label=com.docker.compose.project=${project}`;
  return {
    kind: 'docker.compose.down',
    name: project,
    probe: {
      script: sh`command -v docker >/dev/null || exit 0
docker ps --all --filter ${label} --format 'container {{.Names}}' 2>/dev/null || :
docker network ls --filter ${label} --format 'network {{.Name}}' 2>/dev/null || :
docker volume ls --filter ${label} --format 'volume {{.Name}}' 2>/dev/null || :`,
      read: ({ stdout }) => stdout.split('\n').filter(Boolean),
    },
    plan: (found) => {
      const left = found.filter((one) => all || !one.startsWith('volume '));
      if (left.length === 0) return [];
      const names = (kind: string) =>
        left.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length));
      const [containers, networks, volumes] = [names('container '), names('network '), names('volume ')];
      const script = sh`${containers.length > 0 ? sh`docker stop ${containers} >/dev/null; docker rm ${containers} >/dev/null` : sh`:`}
${networks.length > 0 ? sh`docker network rm ${networks} >/dev/null` : sh`:`}
${volumes.length > 0 ? sh`docker volume rm ${volumes} >/dev/null` : sh`:`}`;
      return [{ summary: `remove ${left.join(', ')}`, script }];
    },
  };
}
