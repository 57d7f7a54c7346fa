import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { inputError } from '../../../errors.ts';

/** Docker's label for everything that belongs to a stack. */
export const NAMESPACE = 'com.docker.stack.namespace';
/** Labels of a service: a hash of the definition it was deployed from, and the number of replicas in the file. */
export const DEFINITION = 'provision.definition';
export const REPLICAS = 'provision.replicas';
/** A label of a task: a hash of the part of the definition that only a new container can change. */
export const TASK = 'provision.task';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Section = Readonly<Record<string, Json>>;

/** A service of a stack file. */
export interface StackService {
  readonly name: string;
  /** A hash of everything that is deployed, including the versions of its secrets and configs, without `replicas`. */
  readonly definition: string;
  /** A hash of what only a new container can change. */
  readonly task: string;
  /** The number in the file; undefined for a global service and for a job. */
  readonly replicas?: number;
  readonly content: Section;
}

/** A stack file, rendered and checked. */
export interface StackDocument {
  readonly services: readonly StackService[];
  /** Input for `docker stack deploy`: the whole file, or only some services, with other numbers of replicas. */
  text(only?: readonly string[], replicas?: Readonly<Record<string, number>>): string;
}

/** The versioned names that the swarm knows secrets and configs by, for each short name in the file. */
export interface Versions {
  readonly secrets: Readonly<Record<string, string>>;
  readonly configs: Readonly<Record<string, string>>;
}

/**
 * Reads a rendered stack file. A `$` in it is a plain character: nothing is taken from the host's environment.
 *
 * @throws ProvisionError (input) if it is not a stack file, or names a secret or config that is not in `versions`
 */
export function stackDocument(place: string, rendered: string, versions: Versions): StackDocument {
  const { services, ...other } = sections(place, rendered);
  // extension fields only hold anchors
  const rest = Object.fromEntries(Object.entries(other).filter(([key]) => !key.startsWith('x-')));
  if (!isSection(services))
    throw inputError({
      place,
      what: 'there are no services',
      why: 'expected a section "services" with at least one service',
    });
  for (const key of ['secrets', 'configs'] as const) {
    if (rest[key] === undefined) continue;
    const todo = `remove it, and set the variable ${key} of the role stack, which versions them`;
    throw inputError({ place: `${place}: ${key}`, what: 'a stack file cannot have this section', todo });
  }
  const list = Object.entries(services).map(([name, content]) => {
    if (!isSection(content)) throw inputError({ place: `${place}: services.${name}`, what: 'is empty' });
    return service(place, name, content, versions);
  });
  const external = (names: Readonly<Record<string, string>>, used: ReadonlySet<string>) =>
    Object.fromEntries(
      Object.entries(names)
        .filter(([short]) => used.has(short))
        .map(([short, name]) => [short, { external: true, name }]),
    );
  return {
    services: list,
    text: (only, replicas = {}) => {
      const chosen = list.filter(({ name }) => only?.includes(name) ?? true);
      const used = (key: 'secrets' | 'configs') =>
        new Set(chosen.flatMap(({ content }) => named(content[key])));
      const whole = {
        version: '3.9',
        ...rest,
        services: Object.fromEntries(chosen.map((one) => [one.name, labelled(one, replicas[one.name])])),
        secrets: external(versions.secrets, used('secrets')),
        configs: external(versions.configs, used('configs')),
      };
      return stringify(whole, { lineWidth: 0, aliasDuplicateObjects: false }).replaceAll('$', '$$$$');
    },
  };
}

function sections(place: string, rendered: string): Section {
  let read: Json;
  try {
    read = parse(rendered, { merge: true }) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : undefined;
    throw inputError({ place, what: 'the rendered file is not YAML', ...(why ? { why } : {}) }, error);
  }
  if (isSection(read)) return read;
  throw inputError({ place, what: 'is not a stack file', why: 'expected services, networks and volumes' });
}

function service(place: string, name: string, content: Section, versions: Versions): StackService {
  const used = (['secrets', 'configs'] as const).map((key) =>
    named(content[key]).map((short) => {
      const version = versions[key][short];
      if (version !== undefined) return version;
      const what = `"${short}" is not one of the ${key} of this stack`;
      throw inputError({ place: `${place}: services.${name}.${key}`, what });
    }),
  );
  const { replicas, ...deploy } = isSection(content.deploy) ? content.deploy : {};
  const { mode = 'replicated', labels, update_config, rollback_config, endpoint_mode, ...placed } = deploy;
  return {
    name,
    content,
    definition: hash({ ...content, deploy, used }),
    task: hash({ ...content, deploy: placed, used }),
    ...(mode === 'replicated' ? { replicas: typeof replicas === 'number' ? replicas : 1 } : {}),
  };
}

/** A service names a secret or config by a string, or by a mapping with a `source`. */
const named = (list: Json | undefined): string[] =>
  (Array.isArray(list) ? list : []).map((entry: Json) => `${isSection(entry) ? entry.source : entry}`);

function labelled({ content, definition, task, replicas }: StackService, kept: number | undefined): Section {
  const deploy = isSection(content.deploy) ? content.deploy : {};
  const asked = replicas === undefined ? {} : { [REPLICAS]: `${replicas}` };
  return {
    ...content,
    labels: { ...labels(content.labels), [TASK]: task },
    deploy: {
      ...deploy,
      ...(replicas === undefined ? {} : { replicas: kept ?? replicas }),
      labels: { ...labels(deploy.labels), [DEFINITION]: definition, ...asked },
    },
  };
}

/** Labels are a mapping, or a list of `name=value`. */
const labels = (given: Json | undefined): Section =>
  isSection(given)
    ? given
    : Object.fromEntries(
        (Array.isArray(given) ? given : []).map((entry) => {
          const [name = '', ...value] = `${entry}`.split('=');
          return [name, value.join('=')];
        }),
      );

export const hash = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
