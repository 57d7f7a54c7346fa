/** Waits for all promises and returns their results. @throws the error, or an AggregateError if several fail */
export async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const errors = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'several machines failed');
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
