/** Fields that change when somebody scales or restarts a service: no reason to deploy it again. */
const ignored = new Set(['Mode.Replicated.Replicas', 'TaskTemplate.ForceUpdate']);

/** The paths at which two JSON values differ, such as `TaskTemplate.ContainerSpec.Env`. Lists are compared as a whole. */
export function drift(before: unknown, now: unknown, path = ''): string[] {
  if (ignored.has(path)) return [];
  if (!isRecord(before) || !isRecord(now)) {
    return JSON.stringify(before) === JSON.stringify(now) ? [] : [path];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => drift(before[key], now[key], path === '' ? key : `${path}.${key}`));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
