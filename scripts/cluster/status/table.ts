/** Columns, each as wide as its widest cell; nothing without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `table` without the columns that are empty in all rows. */
export function narrowTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = (_: string, at: number) => rows.some((row) => row[at]);
  return table(
    head.filter(used),
    rows.map((row) => row.filter(used)),
  );
}

/** `90 s`, `12 min`, `3 h` or `5 d`. */
export const ago = (seconds: number): string =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : seconds < 172_800
        ? `${Math.round(seconds / 3600)} h`
        : `${Math.round(seconds / 86_400)} d`;
