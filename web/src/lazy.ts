/** Makes a value at its first use, because Intl takes milliseconds to set up and no page uses all of it. */
export function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
