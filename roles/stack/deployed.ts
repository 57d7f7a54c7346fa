import { type Batch, batched, type Change, type Resource } from '../../provision/authoring.ts';
import { lines, sh } from '../../provision/index.ts';
import { DEFINITION, NAMESPACE, REPLICAS, type Service, type Stack } from './document.ts';
import { drift } from './drift.ts';

/** A stack, as the swarm is told of it. */
export interface Deployment {
  readonly name: string;
  readonly folder: string;
  readonly stack: Stack;
  readonly resolveImage: 'always' | 'changed' | 'never';
}

/** A service in the swarm. */
export interface Running {
  readonly spec: Spec;
  /** Where its last update stands, in Docker's words; empty when there was none. */
  readonly update: string;
  /** Its specification as it was right after the last deployment; undefined when this manager has not kept it. */
  readonly kept?: Spec;
}

/** What `docker service inspect` says of a service, as far as it is asked about here. */
export interface Spec {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Mode?: { readonly Replicated?: { readonly Replicas?: number } };
}

/**
 * These services are in the swarm as the file has them: those that are not are deployed, and no other is touched. How
 * many replicas a service was scaled to is kept, until the file asks for another number than before. Of the `whole`,
 * services that the file does not have are removed; what is `existing` only is not made. Nothing is waited for.
 */
export function deployed(
  deployment: Deployment,
  services: readonly Service[],
  which: 'whole' | 'part' | 'existing',
): Resource<ReadonlyMap<string, Running>> {
  const { name, folder, stack } = deployment;
  const whole = which === 'whole';
  return {
    kind: 'stack.deploy',
    name: `${name}${whole ? '' : services.length > 2 ? `: first ${services.length}` : `: ${services.map(({ name }) => name).join(', ')}`}`,
    probe: batched(looks, { name, folder }),
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

/** Why a service has to be deployed, in words; undefined when it is as the file has it. */
function difference({ definition, replicas }: Service, running: Running | undefined): string | undefined {
  if (!running) return 'create';
  const { spec, update, kept } = running;
  if (spec.Labels?.[DEFINITION] !== definition) return 'update';
  if (replicas !== undefined && spec.Labels?.[REPLICAS] !== `${replicas}`) return `${replicas} replicas`;
  if (update === 'paused' || update === 'rollback_paused') return `update again (it is ${update})`;
  // What was kept is of a definition that has been rolled back when it has another label.
  const changed = kept?.Labels?.[DEFINITION] === definition ? drift(kept, spec) : [];
  return changed.length > 0 ? `put back what was changed by hand: ${changed.join(', ')}` : undefined;
}

interface Wanted {
  readonly service: Service;
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
  return { summary: wanted.map(({ service, why }) => `${service.name}: ${why}`).join('; '), script };
}

/** The number that somebody scaled it to, where the file asks for the same as before. */
function scaled(service: Service, running: Running | undefined): [string, number][] {
  const now = running?.spec.Mode?.Replicated?.Replicas;
  if (now === undefined || service.replicas === undefined) return [];
  return running?.spec.Labels?.[REPLICAS] === `${service.replicas}` ? [[service.name, now]] : [];
}

interface Where {
  readonly name: string;
  readonly folder: string;
}

/** One look for all parts of a stack. */
const looks: Batch<Where, ReadonlyMap<string, Running>> = {
  name: 'stack.deploy',
  script: (args) => lines([...new Map(args.map((arg) => [arg.name, probeOne(arg)])).values()]),
  read: ({ stdout }, args) => args.map(({ name }) => read(name, stdout)),
};

/** A line for each service, and one for each that was kept. A host where no swarm answers has none. */
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
