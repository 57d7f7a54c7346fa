import { failure } from '../../../errors.ts';
import type { Change, Resource } from '../../../language/resource.ts';
import { isSecret, reveal, type Secret } from '../../../shell/secret.ts';
import { sh } from '../../../shell/sh.ts';
import { hash, NAMESPACE } from './document.ts';

/** A secret or config of a stack. */
export interface Versioned {
  /** Its name in the stack file. */
  readonly name: string;
  readonly content: Secret | string;
  /** Its name in the swarm. */
  readonly version: string;
}

/**
 * Adds a hash of the content to the name. The swarm cannot change a secret or config, so changed content gets a new name,
 * and services move to it in a rolling update.
 */
export const versioned = (stack: string, name: string, content: Secret | string): Versioned => ({
  name,
  content,
  version: `${stack}_${name}_${hash([stack, name, isSecret(content) ? reveal(content) : content])}`,
});

type Kind = 'secret' | 'config';

/** The swarm has these secrets or configs. They are labelled as parts of the stack: `docker stack rm` removes them. */
export function present(
  kind: Kind,
  stack: string,
  wanted: readonly Versioned[],
): Resource<readonly string[]> {
  for (const { version } of wanted) {
    if (version.length <= 64) continue;
    throw failure({
      place: `stack ${stack}`,
      what: `the name of the ${kind} ${version} is longer than 64 characters`,
    });
  }
  return {
    kind: `stack.${kind}s`,
    name: stack,
    probe: {
      script: sh`docker ${kind} ls --filter ${`label=${NAMESPACE}=${stack}`} --format '{{.Name}}' 2>/dev/null || :`,
      read: ({ stdout }) => words(stdout),
    },
    plan: (there) =>
      wanted
        .filter(({ version }) => !there.includes(version))
        .map(({ name, version, content }) => ({
          summary: `create ${name}`,
          script: sh`printf %s ${content} | docker ${kind} create --label ${`${NAMESPACE}=${stack}`} ${version} - >/dev/null`,
        })),
  };
}

/** The stack has no secret or config but these versions. Those that a service still uses are kept. */
export function pruned(stack: string, wanted: readonly string[]): Resource<readonly Old[]> {
  const list = (kind: Kind) =>
    sh`docker ${kind} ls --filter ${`label=${NAMESPACE}=${stack}`} --format ${`${kind} {{.Name}}`} 2>/dev/null || :`;
  const used =
    '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}used {{.SecretName}}\n{{end}}{{range .Spec.TaskTemplate.ContainerSpec.Configs}}used {{.ConfigName}}\n{{end}}';
  return {
    kind: 'docker.stack.versions',
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

/** The secrets and configs that no service uses. */
function old(stdout: string): Old[] {
  const rows = words(stdout).map((row) => row.split(' '));
  const used = new Set(rows.flatMap(([what, name]) => (what === 'used' && name ? [name] : [])));
  return rows.flatMap(([kind, name]) =>
    (kind === 'secret' || kind === 'config') && name && !used.has(name) ? [{ kind, name }] : [],
  );
}

const words = (stdout: string) => stdout.split('\n').filter(Boolean);
