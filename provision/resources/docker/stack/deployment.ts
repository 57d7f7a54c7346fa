import { type Batch, batched, type Change, type Resource } from '../../../language/resource.ts';
import { lines, sh } from '../../../shell/sh.ts';
import { DEFINITION, NAMESPACE, REPLICAS, type StackDocument, type StackService } from './document.ts';
import { drift } from './drift.ts';

/** A stack to be deployed. */
export interface Deployment {
  readonly name: string;
  /** Where the manager keeps what it deployed. */
  readonly folder: string;
  readonly stack: StackDocument;
  /** When to query the registry for an image's digest: always, when the image has changed, or never. */
  readonly resolveImage: 'always' | 'changed' | 'never';
}

/** A service that is in the swarm. */
export interface Running {
  readonly spec: Spec;
  /** The state of its last update, as Docker names it; empty when there was none. */
  readonly update: string;
  /** Its specification right after the last deployment; undefined when this manager has no record of it. */
  readonly kept?: Spec;
}

/** The part of `docker service inspect` that is used here. */
export interface Spec {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Mode?: { readonly Replicated?: { readonly Replicas?: number } };
}

/**
 * These services are in the swarm as the stack file defines them. Services that differ are deployed; no other service is
 * touched. If somebody has scaled a service, its number of replicas is kept until the number in the file changes. With
 * `whole`, services that are not in the file are removed; with `existing`, no service is created. It does not wait for
 * the services: `converged` does.
 */
export function deployed(
  deployment: Deployment,
  services: readonly StackService[],
  which: 'whole' | 'part' | 'existing',
): Resource<ReadonlyMap<string, Running>> {
  const { name, folder, stack } = deployment;
  const whole = which === 'whole';
  return {
    kind: 'docker.stack.deploy',
    name: `${name}${whole ? '' : services.length > 2 ? `: first ${services.length} services` : `: ${services.map(({ name }) => name).join(', ')}`}`,
    probe: batched(specifications, { name, folder }),
    plan: (state) => {
      const wanted = services.flatMap((service) => {
        const running = state.get(service.name);
        const why = which === 'existing' && !running ? undefined : difference(service, running);
        return why === undefined ? [] : [{ service, why }];
      });
      const known = new Set(stack.services.map(({ name }) => name));
      const strays = whole ? [...state.keys()].filter((name) => !known.has(name)) : [];
      return [
        ...(wanted.length === 0 ? [] : [deploy(deployment, wanted, state)]),
        ...strays.map(
          (stray): Change => ({
            summary: `remove ${stray}`,
            script: sh`docker service rm ${`${name}_${stray}`} >/dev/null
rm -f -- ${`${folder}/deployed/${name}_${stray}.json`}`,
          }),
        ),
      ];
    },
    timeout: 300,
  };
}

/** What deploying a service does; undefined when it matches the file. */
function difference(
  { name, definition, replicas }: StackService,
  running: Running | undefined,
): string | undefined {
  if (!running) return `create ${name}`;
  const { spec, update, kept } = running;
  if (spec.Labels?.[DEFINITION] !== definition) return `update ${name}`;
  if (replicas !== undefined && spec.Labels?.[REPLICAS] !== `${replicas}`)
    return `scale ${name} to ${replicas} replicas`;
  if (update === 'paused' || update === 'rollback_paused')
    return `update ${name} again (its last ${update === 'paused' ? 'update' : 'rollback'} is paused)`;
  // A record with a different label belongs to a definition that has been rolled back.
  const changed = kept?.Labels?.[DEFINITION] === definition ? drift(kept, spec) : [];
  return changed.length > 0 ? `undo manual changes to ${name}: ${changed.join(', ')}` : undefined;
}

interface Wanted {
  readonly service: StackService;
  readonly why: string;
}

function deploy(
  { name, folder, stack, resolveImage }: Deployment,
  wanted: readonly Wanted[],
  state: ReadonlyMap<string, Running>,
): Change {
  const names = wanted.map(({ service }) => service.name);
  const replicas = Object.fromEntries(
    wanted.flatMap(({ service }) => scaled(service, state.get(service.name))),
  );
  const kept = `${folder}/deployed`;
  const script = sh`detach=
if docker stack deploy --help | grep -q -e --detach; then detach=--detach=true; fi
printf %s ${stack.text(names, replicas)} | docker stack deploy $detach --with-registry-auth --resolve-image ${resolveImage} --compose-file - ${name} >&9
mkdir -p ${kept}
docker service inspect --format '{{.Spec.Name}} {{json .Spec}}' ${names.map((one) => `${name}_${one}`)} | while read -r one spec; do
printf '%s\n' "$spec" >${kept}/"$one".json
done`;
  return { summary: wanted.map(({ why }) => why).join('; '), script };
}

/** The current number of replicas, if the number in the file has not changed since the last deployment. */
function scaled(service: StackService, running: Running | undefined): [string, number][] {
  const now = running?.spec.Mode?.Replicated?.Replicas;
  if (now === undefined || service.replicas === undefined) return [];
  return running?.spec.Labels?.[REPLICAS] === `${service.replicas}` ? [[service.name, now]] : [];
}

interface Where {
  readonly name: string;
  readonly folder: string;
}

/** One script for all resources of the same stack. */
const specifications: Batch<Where, ReadonlyMap<string, Running>> = {
  name: 'docker.stack.deploy',
  script: (args) => lines([...new Map(args.map((arg) => [arg.name, probeOne(arg)])).values()]),
  read: ({ stdout }, args) => args.map(({ name }) => read(name, stdout)),
};

/** Prints a line for each service and for each record; nothing on a host that is not a manager. */
const probeOne = ({
  name,
  folder,
}: Where) => sh`ids=$(docker service ls --quiet --filter ${`label=${NAMESPACE}=${name}`} 2>/dev/null || :)
if [ -n "$ids" ]; then
docker service inspect --format 'now {{with .UpdateStatus}}{{.State}}{{else}}-{{end}} {{json .Spec}}' $ids
for file in ${`${folder}/deployed`}/*.json; do
if [ -e "$file" ]; then printf 'kept - '; cat "$file"; fi
done
fi`;

function read(stack: string, stdout: string): Map<string, Running> {
  const rows = stdout.split('\n').flatMap((line) => {
    const [, what, update = '', json] = /^(now|kept) (\S+) (.*)$/.exec(line) ?? [];
    const spec = json ? (JSON.parse(json) as Spec) : undefined;
    if (spec?.Labels?.[NAMESPACE] !== stack) return [];
    return [{ what, update: update === '-' ? '' : update, spec }];
  });
  const kept = new Map(
    rows.flatMap(({ what, spec }) => (what === 'kept' ? [[spec.Name, spec] as const] : [])),
  );
  return new Map(
    rows
      .filter(({ what }) => what === 'now')
      .map(({ spec, update }) => {
        const before = kept.get(spec.Name);
        return [
          spec.Name.slice(stack.length + 1),
          { spec, update, ...(before ? { kept: before } : {}) },
        ] as const;
      }),
  );
}
