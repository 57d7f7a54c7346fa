import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, openEngine } from '../engine.ts';
import { decide, type Sample } from './decision.ts';
import { askReplicas } from './replicas.ts';
import { type Configuration, readConfiguration } from './settings.ts';

/** A service, as Docker describes it. Everything but the number of replicas is sent back unchanged. */
interface Service {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Mode: { readonly Replicated?: { readonly Replicas: number } } };
  readonly UpdateStatus?: { readonly State?: string } | null;
}

const now = () => performance.now() / 1000;
const log = (entry: object) => console.log(JSON.stringify(entry));

const ends = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ends.abort());

/**
 * Adjusts the number of replicas until the signal, so that each has about the target number of requests in flight. A
 * restart loses the samples; it then waits as after a change.
 */
async function scaleFor(configuration: Configuration, signal: AbortSignal): Promise<void> {
  const engine = openEngine(configuration.socket);
  let samples: Sample[] = [];
  let changedAt = now();
  let said = '';
  const say = (words: string) => {
    if (words !== said) log({ service: configuration.service, words });
    said = words;
  };
  while (!signal.aborted) {
    try {
      const service = await find(engine, configuration.service);
      const replicas = service.Spec.Mode.Replicated?.Replicas ?? 0;
      const inFlight = await askReplicas(configuration);
      samples = [...samples, { at: now(), replicas, inFlight }].filter(
        ({ at }) => at > now() - configuration.window,
      );
      const wanted = decide(samples, configuration, changedAt);
      if (isChanging(service)) say('waiting for an update to end');
      else if (wanted.replicas !== replicas) {
        await scale(engine, service, wanted.replicas);
        changedAt = now();
        say(`${replicas} → ${wanted.replicas}: ${wanted.why}`);
      }
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    await sleep(configuration.interval * 1000, undefined, { signal }).catch(() => undefined);
  }
}

async function find(engine: Engine, name: string): Promise<Service> {
  return await engine.get<Service>(`/services/${encodeURIComponent(name)}`);
}

/** A change now would replace the update or rollback that is in progress. */
const isChanging = ({ UpdateStatus }: Service) =>
  ['updating', 'rollback_started', 'paused', 'rollback_paused'].includes(UpdateStatus?.State ?? '');

/** Docker rejects the update if the service has changed since it was read; the next round reads it again. */
async function scale(engine: Engine, { ID, Version, Spec }: Service, replicas: number): Promise<void> {
  const Mode = { ...Spec.Mode, Replicated: { ...Spec.Mode.Replicated, Replicas: replicas } };
  await engine.post(`/services/${ID}/update?version=${Version.Index}`, { ...Spec, Mode });
}

await scaleFor(readConfiguration(process.env), ends.signal);
