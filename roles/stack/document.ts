import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { inputError } from '../../provision/index.ts';

/** Docker's label of what belongs to a stack. */
export const NAMESPACE = 'com.docker.stack.namespace';
/** The labels that tell of a service which definition it was made from, and how many replicas the file asked for. */
export const DEFINITION = 'provision.definition';
export const REPLICAS = 'provision.replicas';
/** The same of a task: what it takes a new container to change. */
export const TASK = 'provision.task';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Section = Readonly<Record<string, Json>>;

/** A service as the stack file has it, with the labels that make it known again. */
export interface Service {
  readonly name: string;
  /** Of all that is deployed, with the versions of its secrets and configs; `replicas` is left out. */
  readonly definition: string;
  readonly task: string;
  /** What the file asks for; undefined of a global service and of a job. */
  readonly replicas?: number;
  readonly content: Section;
}

/** A rendered stack file, checked. */
export interface Stack {
  readonly services: readonly Service[];
  /** The whole as `docker stack deploy` takes it; or only some services, with other numbers of replicas. */
  text(only?: readonly string[], replicas?: Readonly<Record<string, number>>): string;
}

/** The names under which the swarm has what the file calls by a short name. */
export interface Versions {
  readonly secrets: Readonly<Record<string, string>>;
  readonly configs: Readonly<Record<string, string>>;
}

/** @throws ProvisionError (input) where it is not a stack file, or names a secret or config that was not given */
export function stackDocument(place: string, rendered: string, versions: Versions): Stack {
  const { services, ...other } = sections(place, rendered);
  // what anchors were written for
  const rest = Object.fromEntries(Object.entries(other).filter(([key]) => !key.startsWith('x-')));
  if (!isSection(services)) throw inputError({ place, what: 'there are no services' });
  for (const key of ['secrets', 'configs'] as const) {
    if (rest[key] === undefined) continue;
    const todo = `give them to the role, under ${key}, and leave this section out`;
    throw inputError({ place: `${place}: ${key}`, what: 'the role makes and versions them', todo });
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
    throw inputError({ place, what: 'is not YAML once it is rendered', ...(why ? { why } : {}) }, error);
  }
  if (isSection(read)) return read;
  throw inputError({ place, what: 'is no stack file', why: 'expected services, networks and volumes' });
}

function service(place: string, name: string, content: Section, versions: Versions): Service {
  const used = (['secrets', 'configs'] as const).map((key) =>
    named(content[key]).map((short) => {
      const version = versions[key][short];
      if (version !== undefined) return version;
      const what = `there is no ${short} among the ${key} given to the role`;
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

/** Secrets and configs of a service are named by a word, or by an entry with a `source`. */
const named = (list: Json | undefined): string[] =>
  (Array.isArray(list) ? list : []).map((entry: Json) => `${isSection(entry) ? entry.source : entry}`);

function labelled({ content, definition, task, replicas }: Service, kept: number | undefined): Section {
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

/** Labels are a mapping or a list of `name=value`. */
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
