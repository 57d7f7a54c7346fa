import type { Option } from 'commander';

/** The description of an option with its choices and its default, if any. For every command's --help. */
export function optionDescription({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Option): string {
  const value = defaultValueDescription ?? (Array.isArray(defaultValue) ? defaultValue.join() : defaultValue);
  const extra = [
    ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
    ...(value === undefined || value === false || value === '' ? [] : [`default: ${value}`]),
  ];
  return extra.length > 0 ? `${description} (${extra.join('; ')})` : description;
}
