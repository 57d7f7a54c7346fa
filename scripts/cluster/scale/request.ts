import { type Cluster, countOf, type Service } from '../../../approaches/approach_2/services/swarm.ts';
import { didYouMean, inputError } from '../../../provision/index.ts';

/** The number of replicas that a service should have. */
export interface ScaleRequest {
  /** Only in an approach with environments. */
  readonly environment?: string;
  readonly service: string;
  readonly replicas: number;
}

/** More replicas than this are a typing error on such machines. */
const MOST = 100;

/** `app=4`, or `production/app=4` in an environment. @throws ProvisionError (input) */
export function parseRequest(text: string): ScaleRequest {
  const [, environment, service, digits] = /^(?:([a-z0-9-]+)\/)?([A-Za-z0-9][\w.-]*)=(\d+)$/.exec(text) ?? [];
  const replicas = Number(digits);
  if (service !== undefined && replicas >= 1 && replicas <= MOST)
    return { ...(environment === undefined ? {} : { environment }), service, replicas };
  throw inputError({
    place: text,
    what: `expected SERVICE=NUMBER or ENVIRONMENT/SERVICE=NUMBER, from 1 to ${MOST}`,
    todo: 'npm run scale -- approach_2 app=4, or npm run scale -- approach_4 staging/app=2',
  });
}

/**
 * The service named `app` or `theapp_app`, if it can be scaled.
 *
 * @throws ProvisionError (input) if there is no such service, or several tasks would damage its data
 */
export function findService({ services }: Cluster, { service: name }: ScaleRequest): Service {
  const short = (service: Service) => service.Spec.Name.replace(/^[^_]+_/, '');
  const exact = services.find(({ Spec }) => Spec.Name === name);
  const alike = services.filter((service) => short(service) === name);
  const found = exact ?? (alike.length === 1 ? alike[0] : undefined);
  const place = name;
  if (!found) {
    const known = services.filter(refusal(false)).map(short);
    const what =
      alike.length > 1
        ? 'several services have this name'
        : `there is no such service${didYouMean(name, known)}`;
    const todo =
      alike.length > 1
        ? `one of: ${alike.map(({ Spec }) => Spec.Name).join(', ')}`
        : `one of: ${known.join(', ')}`;
    throw inputError({ place, what, todo });
  }
  const why = whyNot(found);
  if (why) throw inputError({ place, what: 'this service cannot be scaled', why });
  return found;
}

const refusal = (refused: boolean) => (service: Service) => (whyNot(service) !== undefined) === refused;

/** Two tasks on one volume, or two primaries, would destroy the data. */
function whyNot({ Spec }: Service): string | undefined {
  if (!Spec.Mode.Replicated) return Spec.Mode.Global ? 'it runs one task on every node' : 'it is a job';
  const volume = Spec.TaskTemplate.ContainerSpec?.Mounts?.find(({ Type }) => Type === 'volume');
  return volume ? `it keeps data in the volume ${volume.Source ?? ''}`.trim() : undefined;
}

/** The progress of scaling; `done` once exactly the wanted tasks run and no other is stopping. */
export function progressOf(cluster: Cluster, service: Service, replicas: number) {
  const { running, wanted } = countOf(service, cluster);
  const own = cluster.tasks.filter(({ ServiceID }) => ServiceID === service.ID);
  const alive = own.filter(({ Status }) => ['preparing', 'starting', 'running'].includes(Status.State));
  const done = wanted === replicas && running === replicas && alive.length === replicas;
  const pending = own.find(({ DesiredState, Status }) => DesiredState === 'running' && Status.Err);
  const leaving = Math.max(0, alive.length - wanted);
  const words = [
    `${running} of ${replicas} replicas running`,
    ...(leaving > 0 ? [`${leaving} stopping`] : []),
    ...(pending?.Status.Err ? [pending.Status.Err] : []),
  ];
  return { done, words: words.join(', ') };
}
