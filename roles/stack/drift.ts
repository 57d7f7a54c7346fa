/** What scaling, restarting by hand and other stacks change: no reason to deploy again. */
const free = new Set(['Mode.Replicated.Replicas', 'TaskTemplate.ForceUpdate']);

/** Where two values of JSON differ, as paths: `TaskTemplate.ContainerSpec.Env`. A list differs as a whole. */
export function drift(before: unknown, now: unknown, path = ''): string[] {
  if (free.has(path)) return [];
  if (!isRecord(before) || !isRecord(now)) {
    return JSON.stringify(before) === JSON.stringify(now) ? [] : [path];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => drift(before[key], now[key], path === '' ? key : `${path}.${key}`));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
