import type { Settings } from './decision.ts';

/** The autoscaler's configuration, from its environment. */
export interface Configuration extends Settings {
  readonly service: string;
  /** A DNS name with one address for each replica, and the port of their metrics. */
  readonly replicas: string;
  readonly port: number;
  /** Seconds between two samples. */
  readonly interval: number;
  readonly socket: string;
}

/** @throws Error that lists every invalid value */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const wrong: string[] = [];
  const number = (name: string, byDefault: number, least: number): number => {
    const value = Number(environment[name] ?? byDefault);
    if (!Number.isFinite(value) || value < least)
      wrong.push(`${name}: expected a number of ${least} or more`);
    return value;
  };
  const configuration: Configuration = {
    service: environment.SERVICE ?? 'theapp_app',
    replicas: environment.REPLICAS ?? 'tasks.app',
    port: number('PORT', 3000, 1),
    socket: environment.DOCKER_SOCKET ?? '/var/run/docker.sock',
    interval: number('INTERVAL_SECONDS', 5, 0.05),
    min: number('MIN', 2, 1),
    max: number('MAX', 6, 1),
    target: number('IN_FLIGHT', 8, 0.1),
    window: number('WINDOW_SECONDS', 30, 0.1),
    coolUp: number('COOL_UP_SECONDS', 60, 0),
    coolDown: number('COOL_DOWN_SECONDS', 300, 0),
  };
  if (configuration.min > configuration.max) wrong.push('MIN: expected no more than MAX');
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return configuration;
}
