import type { Change, Resource } from '../../provision/authoring.ts';
import { failure, isSecret, reveal, type Secret, sh } from '../../provision/index.ts';
import { hash, NAMESPACE } from './document.ts';

/** What a secret or config holds, by its short name. */
export interface Given {
  readonly name: string;
  readonly content: Secret | string;
  readonly version: string;
}

/** A changed content has another name: the swarm cannot change what is there, and services move over one by one. */
export const versioned = (stack: string, name: string, content: Secret | string): Given => ({
  name,
  content,
  version: `${stack}_${name}_${hash([stack, name, isSecret(content) ? reveal(content) : content])}`,
});

type Kind = 'secret' | 'config';

/** They are there, in this version; `docker stack rm` takes them with the rest of the stack. */
export function present(kind: Kind, stack: string, given: readonly Given[]): Resource<readonly string[]> {
  for (const { version } of given) {
    if (version.length <= 64) continue;
    throw failure({ place: `stack ${stack}`, what: `the ${kind} ${version} has a name of over 64 letters` });
  }
  return {
    kind: `stack.${kind}s`,
    name: stack,
    probe: {
      script: sh`docker ${kind} ls --filter ${`label=${NAMESPACE}=${stack}`} --format '{{.Name}}' 2>/dev/null || :`,
      read: ({ stdout }) => words(stdout),
    },
    plan: (there) =>
      given
        .filter(({ version }) => !there.includes(version))
        .map(({ name, version, content }) => ({
          summary: `create ${name}`,
          script: sh`printf %s ${content} | docker ${kind} create --label ${`${NAMESPACE}=${stack}`} ${version} - >/dev/null`,
        })),
  };
}

/** Versions of the stack that nothing names any more go. */
export function pruned(stack: string, wanted: readonly string[]): Resource<readonly Old[]> {
  const list = (kind: Kind) =>
    sh`docker ${kind} ls --filter ${`label=${NAMESPACE}=${stack}`} --format ${`${kind} {{.Name}}`} 2>/dev/null || :`;
  const used =
    '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}used {{.SecretName}}\n{{end}}{{range .Spec.TaskTemplate.ContainerSpec.Configs}}used {{.ConfigName}}\n{{end}}';
  return {
    kind: 'stack.versions',
    name: stack,
    probe: {
      script: sh`${list('secret')}
${list('config')}
services=$(docker service ls --quiet 2>/dev/null || :)
if [ -n "$services" ]; then docker service inspect --format ${used} $services 2>/dev/null || :; fi`,
      read: ({ stdout }) => old(stdout),
    },
    plan: (all) =>
      all
        .filter(({ name }) => !wanted.includes(name))
        .map(
          ({ kind, name }): Change => ({
            summary: `remove ${name}`,
            script: sh`docker ${kind} rm ${name} >/dev/null`,
          }),
        ),
  };
}

interface Old {
  readonly kind: Kind;
  readonly name: string;
}

/** Those that no service uses. */
function old(stdout: string): Old[] {
  const rows = words(stdout).map((row) => row.split(' '));
  const used = new Set(rows.flatMap(([what, name]) => (what === 'used' && name ? [name] : [])));
  return rows.flatMap(([kind, name]) =>
    (kind === 'secret' || kind === 'config') && name && !used.has(name) ? [{ kind, name }] : [],
  );
}

const words = (stdout: string) => stdout.split('\n').filter(Boolean);
