/** What all works answer; when some fail, every failure is heard. @throws the one error, or an AggregateError */
export async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(works);
  const errors = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'several machines failed');
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
