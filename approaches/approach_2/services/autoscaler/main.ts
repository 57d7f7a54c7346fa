import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, openEngine } from '../engine.ts';
import { decide, type Sample } from './decide.ts';
import { askReplicas } from './replicas.ts';
import { type Configuration, readConfiguration } from './settings.ts';

/** What Docker keeps of a service: all of it goes back as it came, but for the number of replicas. */
interface Kept {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Mode: { readonly Replicated?: { readonly Replicas: number } } };
  readonly UpdateStatus?: { readonly State?: string } | null;
}

const now = () => performance.now() / 1000;
const tell = (words: object) => console.log(JSON.stringify(words));

const ends = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ends.abort());

/**
 * Keeps the requests in flight of each replica near a target by their number, until the signal. It forgets all
 * when it is restarted, and then waits as after a change.
 */
async function scaleFor(configuration: Configuration, signal: AbortSignal): Promise<void> {
  const engine = openEngine(configuration.socket);
  let samples: Sample[] = [];
  let changedAt = now();
  let said = '';
  const say = (words: string) => {
    if (words !== said) tell({ service: configuration.service, words });
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
      if (isChanging(service)) say('waits for an update to end');
      else if (wanted.replicas !== replicas) {
        await order(engine, service, wanted.replicas);
        changedAt = now();
        say(`${replicas} → ${wanted.replicas}: ${wanted.why}`);
      }
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    await sleep(configuration.interval * 1000, undefined, { signal }).catch(() => undefined);
  }
}

async function find(engine: Engine, name: string): Promise<Kept> {
  return await engine.get<Kept>(`/services/${encodeURIComponent(name)}`);
}

/** Another change now would take the place of the update, or of the rollback, that is under way. */
const isChanging = ({ UpdateStatus }: Kept) =>
  ['updating', 'rollback_started', 'paused', 'rollback_paused'].includes(UpdateStatus?.State ?? '');

/** Docker refuses it when somebody else has changed the service since it was read: then it is looked at again. */
async function order(engine: Engine, { ID, Version, Spec }: Kept, replicas: number): Promise<void> {
  const Mode = { ...Spec.Mode, Replicated: { ...Spec.Mode.Replicated, Replicas: replicas } };
  await engine.post(`/services/${ID}/update?version=${Version.Index}`, { ...Spec, Mode });
}

await scaleFor(readConfiguration(process.env), ends.signal);
