import { basename, join } from 'node:path';
import type { z } from 'zod';
import type { Host } from '../host.ts';
import { defaultsLayer, type Layer, resolve } from '../input/variables.ts';
import type { Facts } from './facts.ts';
import type { Resource } from './resource.ts';
import { checkTemplates, render, type Text } from './template.ts';

/** The input of a role's code: its variables, and what cannot change during a run. */
export interface TaskContext<V> {
  readonly vars: V;
  readonly facts: Facts;
  readonly host: Pick<Host, 'name' | 'groups' | 'privateAddress'>;
  /**
   * Renders a file from the role's `templates` folder, or from an absolute path, with the variables, `facts`, `host`
   * and the additional values in `more`.
   */
  template(file: string, more?: Readonly<Record<string, unknown>>): Text;
}

export interface RoleDefinition<S extends z.ZodObject> {
  /** The role's `import.meta.dirname`, which contains `defaults.yml` and `templates/`. Its base name names the role. */
  readonly folder: string;
  readonly vars: S;
  /** Checks files that the variables name, before any host is contacted. @throws ProvisionError (input) */
  check?(vars: z.output<S>): void;
  /** The desired state, in order. */
  tasks(context: TaskContext<z.output<S>>): readonly Resource[];
  /** The desired state after the role has been removed; `purge` also removes its data. */
  remove?(context: TaskContext<z.output<S>> & { readonly purge: boolean }): readonly Resource[];
}

/** A role applied with some variables; the others come from its defaults, the host and `-e`. */
export interface RoleCall<V = Readonly<Record<string, unknown>>> {
  readonly role: string;
  /** The names of all its variables. */
  readonly known: readonly string[];
  /** Combines and checks all variables, and checks the role's templates. @throws ProvisionError (input) */
  resolve(layers: readonly Layer[]): Resolved<V>;
}

/** A role whose variables have been checked; its resources depend on the host's facts. */
export interface Resolved<V = Readonly<Record<string, unknown>>> {
  readonly role: string;
  readonly vars: V;
  resources(facts: Facts, host: Host): readonly Resource[];
}

export interface Role<S extends z.ZodObject> {
  (given?: Partial<z.input<S>>): RoleCall<z.output<S>>;
  /** Removes the role from a host. */
  absent(given?: Partial<z.input<S>> & { purge?: boolean }): RoleCall<z.output<S>>;
}

export function role<S extends z.ZodObject>(definition: RoleDefinition<S>): Role<S> {
  const name = basename(definition.folder);
  let defaults: Layer | undefined;
  const call = (
    given: Readonly<Record<string, unknown>>,
    tasks: RoleDefinition<S>['tasks'],
  ): RoleCall<z.output<S>> => ({
    role: name,
    known: Object.keys(definition.vars.shape),
    resolve: (layers) => {
      if (!defaults) checkTemplates(definition.folder);
      defaults ??= defaultsLayer(definition.folder);
      const here: Layer = { values: given, where: () => `${name}() in the approach` };
      const vars = resolve(name, definition.vars, [defaults, here, ...layers]);
      definition.check?.(vars);
      return {
        role: name,
        vars,
        resources: (facts, host) => tasks(context(definition.folder, vars, facts, host)),
      };
    },
  });
  const made = (given = {}) => call(given, definition.tasks);
  return Object.assign(made, {
    absent: ({ purge = false, ...given }: Partial<z.input<S>> & { purge?: boolean } = {}) =>
      call(given, (context) => definition.remove?.({ ...context, purge }) ?? []),
  });
}

function context<V extends Readonly<Record<string, unknown>>>(
  folder: string,
  vars: V,
  facts: Facts,
  host: Host,
): TaskContext<V> {
  return {
    vars,
    facts,
    host,
    template: (file, more = {}) =>
      render(file.startsWith('/') ? file : join(folder, 'templates', file), {
        ...vars,
        facts,
        host,
        ...more,
      }),
  };
}
