import { valuesOf } from '../../../../approaches/approach_4/theapp/values.ts';
import { failure } from '../../../../provision/index.ts';

/** The port of an environment on every node, from the values of its chart. */
export function portOf(environment: string): number {
  const { edge } = valuesOf('chart', environment) as { edge?: { service?: { nodePort?: number } } };
  const port = edge?.service?.nodePort;
  if (port !== undefined) return port;
  throw failure({ place: environment, what: 'has no port that every node answers on' });
}
