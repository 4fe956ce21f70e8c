/** `runningMean` → `running_mean`: fields in camelCase, names in a state dict as PyTorch's. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
