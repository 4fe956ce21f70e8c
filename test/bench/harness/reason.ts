/** Why somebody could not be measured, in one line that can be published: without the folders of this machine. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return withoutFolders(text.split('\n')[0]);
}

/** Of absolute paths only the last name. */
export function withoutFolders(text: string): string {
  return text.replace(
    /(?<![\w.:/\\])(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'"`,;()]+)+[/\\]([^\s/\\:'"`,;()]+)/g,
    '$1',
  );
}
